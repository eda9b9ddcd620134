import type { Command } from 'commander';

import { rejectionOf } from '../runtime/abort.ts';
import { configOf, contextOf, print } from './context.ts';
import { EXIT, UsageError } from './failures.ts';
import { partOf, withPartOptions, type PartOptions } from './part.ts';
import { withProgress } from './progress.ts';
import { inert, note } from './terminal.ts';

export function registerUp(program: Command): void {
  const command = program
    .command('up')
    .description('Run the server, the worker and, without TEMPORAL_ADDRESS, a Temporal server; until Ctrl-C');
  withPartOptions(command)
    .addHelpText('after', '\nExamples:\n  cordon up\n  cordon up --only worker --queues contain-aws')
    .action(async (options: PartOptions, given: Command) => {
      const context = contextOf(given);
      const part = partOf(options);
      const { config } = await configOf(context);
      if (part.only !== undefined && config.temporal.address === undefined) {
        throw new UsageError(
          `--only ${part.only} needs TEMPORAL_ADDRESS, or \`temporal.address\`: server and worker meet in one Temporal.`,
        );
      }
      const stop = stopSignal();
      // The composition brings every adapter with it; the other commands start without them.
      const { up } = await import('../../worker/up.ts');
      try {
        const running = await withProgress('Starting', up(config, { ...part, signal: stop }));
        try {
          print(context, { url: running.url }, () =>
            running.url ? `Cordon is ready at ${inert(running.url)}` : 'Cordon is ready.',
          );
          await Promise.race([rejectionOf(stop), running.failed]);
        } finally {
          // Whatever has died: what is left would take alerts in for nobody, and keep the system from starting all again.
          note('Stopping …');
          await withProgress('Stopping', running.stop());
        }
      } catch (error) {
        if (error !== stop.reason) throw error;
        // All is stopped. A connection to Temporal that is still being made can't be called off, and would hold the process.
        process.exit(EXIT.done);
      }
    });
}

/** The first signal asks to stop in order; a second one, whichever, ends the process at once, as the system would. */
function stopSignal(): AbortSignal {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const asked = new AbortController();
  const ask = () => {
    for (const signal of signals) process.removeListener(signal, ask);
    asked.abort();
  };
  for (const signal of signals) process.on(signal, ask);
  return asked.signal;
}
