import type { Command } from 'commander';

import { PARTS, type Part } from '../config/role.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { QueueName } from '../contracts/queues.ts';
import { UsageError } from './failures.ts';

export interface PartOptions {
  readonly only?: string;
  readonly queues?: string;
}

const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

/** `--only` and `--queues`, as `partOf` reads them. */
export function withPartOptions(command: Command): Command {
  return command
    .option('--only <part>', `only one of ${PARTS.join(', ')}`)
    .option('--queues <names>', `only these queues of the worker, of ${QUEUE_NAMES.join(',')}`);
}

/** Throws `UsageError`. */
export function partOf(options: PartOptions): Part {
  const only = PARTS.find((part) => part === options.only);
  if (options.only !== undefined && only === undefined) throw new UsageError(`--only is one of ${PARTS.join(', ')}.`);
  const queues = options.queues === undefined ? undefined : queueNames(options.queues);
  if (queues !== undefined && only === 'server')
    throw new UsageError('--queues is for the worker; --only server has none.');
  return { ...(only === undefined ? {} : { only }), ...(queues === undefined ? {} : { queues }) };
}

function queueNames(text: string): readonly QueueName[] {
  return text.split(',').map((part) => {
    const name = QUEUE_NAMES.find((known) => known === part.trim());
    if (name === undefined)
      throw new UsageError(`There is no queue ${part.trim()}; the queues are ${QUEUE_NAMES.join(', ')}.`);
    return name;
  });
}
