import { CancellationScope } from '@temporalio/workflow';

/** Messages that nobody waits for: a channel that is away must not hold up a containment. The case awaits them before it ends. */
export class Asides {
  readonly #running: Promise<void>[] = [];

  /** A case that is cancelled tells them all the same. */
  start(tell: () => Promise<void>): void {
    const telling = CancellationScope.nonCancellable(tell);
    // Failures come out in `settled`; until then they are nobody's, which Temporal would take for a defect.
    telling.catch(() => undefined);
    this.#running.push(telling);
  }

  async settled(): Promise<void> {
    while (this.#running.length > 0) await this.#running.shift();
  }
}
