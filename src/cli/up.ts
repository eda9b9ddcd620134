import type { Command } from 'commander';

import { QUEUES } from '../contracts/queues.ts';
import type { QueueName } from '../contracts/queues.ts';
import { configOf, contextOf, print } from './context.ts';
import { UsageError } from './failures.ts';
import { withProgress } from './progress.ts';
import { inert, note } from './terminal.ts';

interface Options {
  readonly only?: string;
  readonly queues?: string;
}

const PARTS = ['server', 'worker'] as const;
const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('Run the server, the worker and, without TEMPORAL_ADDRESS, a Temporal server; until Ctrl-C')
    .option('--only <part>', `only one of ${PARTS.join(', ')}`)
    .option('--queues <names>', `only these queues of the worker, of ${QUEUE_NAMES.join(',')}`)
    .addHelpText('after', '\nExamples:\n  cordon up\n  cordon up --only worker --queues contain-aws')
    .action(async (options: Options, command: Command) => {
      const context = contextOf(command);
      const only = PARTS.find((part) => part === options.only);
      if (options.only !== undefined && only === undefined)
        throw new UsageError(`--only is one of ${PARTS.join(', ')}.`);
      const queues = options.queues === undefined ? undefined : queueNames(options.queues);
      if (queues !== undefined && only === 'server')
        throw new UsageError('--queues is for the worker; --only server has none.');
      const { config } = await configOf(context);
      const stopped = stopSignal();
      // The composition brings every adapter with it; the other commands start without them.
      const { up } = await import('../../worker/up.ts');
      const running = await withProgress(
        'Starting',
        up(config, { ...(only === undefined ? {} : { only }), ...(queues === undefined ? {} : { queues }) }),
      );
      print(context, { url: running.url }, () =>
        running.url ? `Cordon is ready at ${inert(running.url)}` : 'Cordon is ready.',
      );
      await Promise.race([stopped, running.failed]);
      note('Stopping …');
      await withProgress('Stopping', running.stop());
    });
}

function queueNames(text: string): readonly QueueName[] {
  return text.split(',').map((part) => {
    const name = QUEUE_NAMES.find((known) => known === part.trim());
    if (name === undefined)
      throw new UsageError(`There is no queue ${part.trim()}; the queues are ${QUEUE_NAMES.join(', ')}.`);
    return name;
  });
}

/** The first signal asks to stop in order; a second one ends the process at once, as the system would. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
