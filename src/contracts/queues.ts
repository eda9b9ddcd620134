import type { Cloud } from '../domain/cloud.ts';

/** One task queue a set of rights: a worker that may change AWS needs no Slack token, and the other way round. */
export const QUEUES = {
  decide: 'cordon-decide',
  evidence: 'cordon-evidence',
  notify: 'cordon-notify',
  'contain-aws': 'cordon-contain-aws',
  'contain-azure': 'cordon-contain-azure',
  'contain-gcp': 'cordon-contain-gcp',
} as const satisfies Record<'decide' | 'evidence' | 'notify' | `contain-${Cloud}`, string>;
export type QueueName = keyof typeof QUEUES;
