import type { Run } from './run.ts';
import { plain } from './run.ts';

/** A live run was about to touch something that is not its own. Nothing was sent. */
export class NotOurs extends Error {
  constructor(call: string, what: string) {
    super(`Refused ${call}: ${what} is not of this live run. Nothing was sent; this is a defect of the suite.`);
    this.name = 'NotOurs';
  }
}

/**
 * The one gate before everything that a live run changes, in its own clients and in Cordon's alike: a call passes only if all that
 * it changes is the run's. Whatever a call does not name is not the run's.
 */
export class Ownership {
  readonly #name: RegExp;
  readonly #ids = new Set<string>();
  readonly #refused: NotOurs[] = [];

  /** Of one run, or of any live run, for what was left over. */
  constructor(run: Run | 'any') {
    const prefix = run === 'any' ? 'cordon-live-[0-9a-f]{8}-' : run.prefix;
    // At the beginning of a name, or behind what Cordon itself puts before the id of a case.
    this.#name = new RegExp(`(?:^|[/:])(?:Cordon[A-Za-z]*-)?${prefix}[^/]*$`, 'u');
  }

  owns(what: string): boolean {
    return this.#name.test(plain(what)) || this.#ids.has(what.toLowerCase());
  }

  /** Where the cloud names by ids of its own: the id goes for the name that it was made with. */
  claim(id: string, name: string): void {
    if (!this.owns(name)) throw new NotOurs('to claim', `${id} (${name})`);
    this.#ids.add(id.toLowerCase());
  }

  require(call: string, changed: readonly (string | undefined)[]): void {
    if (changed.length === 0) this.refuse(call, 'something that the call does not name');
    for (const what of changed) if (!what || !this.owns(what)) this.refuse(call, what || 'nothing');
  }

  refuse(call: string, what: string): never {
    const refusal = new NotOurs(call, what);
    this.#refused.push(refusal);
    throw refusal;
  }

  /** Whoever called may have taken a refusal for a failure of the cloud, and gone on. */
  requireNothingRefused(): void {
    const [refusal] = this.#refused;
    if (refusal) throw refusal;
  }
}
