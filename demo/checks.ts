import type { Terminal } from './terminal.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What was promised does not hold: the demo ends with status 1. */
export class DemoFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DemoFailed';
  }
}

/** The person at the terminal said no. */
export class NotApproved extends Error {
  constructor() {
    super('You did not approve, so Cordon did nothing more.');
    this.name = 'NotApproved';
  }
}

/** Every expectation of the demo, as it was met or not. Checks of one step are all made before the step fails. */
export class Checks {
  readonly made: Check[] = [];
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  that(ok: boolean, name: string, detail = ''): void {
    this.made.push({ name, ok, detail });
    this.#terminal.say(`   ${ok ? '✓' : '✗'} ${name}${detail ? `: ${detail}` : ''}`, ok ? 'green' : 'red');
  }

  /** Ends the demo when a check so far did not hold. */
  demand(): void {
    const broken = this.made.filter(({ ok }) => !ok);
    if (broken.length > 0) throw new DemoFailed(`It does not hold: ${broken.map(({ name }) => name).join('; ')}.`);
  }
}

/** Asks until there is an answer. Rejects after `withinMs` with what was waited for. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined>,
  withinMs = 60_000,
  everyMs = 150,
): Promise<Answer> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new DemoFailed(`${what}: not within ${withinMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
