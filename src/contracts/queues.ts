/** One task queue a set of rights: a worker that may change AWS needs no Slack token, and the other way round. */
export const QUEUES = {
  decide: 'cordon-decide',
  evidence: 'cordon-evidence',
  notify: 'cordon-notify',
  'contain-aws': 'cordon-contain-aws',
} as const;
export type QueueName = keyof typeof QUEUES;
