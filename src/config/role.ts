import type { QueueName } from '../contracts/queues.ts';
import { QUEUES } from '../contracts/queues.ts';
import { CLOUDS } from '../domain/cloud.ts';
import { configuredClouds } from './clouds.ts';
import type { Config } from './schema.ts';

export const PARTS = ['server', 'worker'] as const;

/** What was asked for: `cordon up --only PART --queues NAMES`. */
export interface Part {
  readonly only?: (typeof PARTS)[number];
  readonly queues?: readonly QueueName[];
}

/** What one process does, and so what it may know. */
export interface Role {
  readonly serves: boolean;
  /** Of its worker; none where it has no worker. */
  readonly queues: readonly QueueName[];
}

export function roleOf(config: Config, { only, queues }: Part): Role {
  return { serves: only !== 'worker', queues: only === 'server' ? [] : (queues ?? configuredQueues(config)) };
}

/** Every queue but those of clouds that the configuration doesn't have: nobody may call them from here. */
function configuredQueues(config: Config): readonly QueueName[] {
  const clouds = configuredClouds(config);
  const idle = CLOUDS.filter((cloud) => !clouds.includes(cloud)).map((cloud) => `contain-${cloud}`);
  return (Object.keys(QUEUES) as QueueName[]).filter((queue) => !idle.includes(queue));
}

/**
 * The sections that name secrets, with those alone that this role reads, at their places. What authenticates people and sources
 * is the server's: a worker that knew the tokens of two approvers could approve what it carries out.
 */
export function secretsOfRole({ sources, approvers, slack, store, temporal, encryption }: Config, role: Role) {
  const { serves } = role;
  return {
    sources: serves ? sources : {},
    approvers: serves ? approvers : [],
    slack: slack && {
      ...(speaksInSlack(role) ? { botToken: slack.botToken } : {}),
      ...(serves ? { receiver: slack.receiver } : {}),
    },
    store,
    temporal,
    encryption,
  } satisfies Record<string, unknown>;
}

/** The worker asks and tells, the server opens the form for a reason. */
export function speaksInSlack({ serves, queues }: Role): boolean {
  return serves || queues.includes('notify');
}
