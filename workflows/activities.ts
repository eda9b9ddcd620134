import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

import type {
  ContainActivities,
  DecideActivities,
  EvidenceActivities,
  MarkActivities,
  NotifyActivities,
  OrphanActivities,
} from '../src/contracts/activities.ts';
import { QUEUES } from '../src/contracts/queues.ts';
import type { Cloud } from '../src/domain/cloud.ts';

/**
 * One stub a class of design.md's table: queue, time limits and attempts are properties of the class, never of a call site.
 * Final failures carry `nonRetryable` from the activity boundary, so no list of types is repeated here.
 */

/** Identification must end in an answer: after the third failed read the activity itself answers `unresolved`. */
export const identify = proxyActivities<Pick<EvidenceActivities, 'identifyPrincipal'>>({
  taskQueue: QUEUES.evidence,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', maximumInterval: '10s' },
});

/** A read of a cloud's log takes pages at two requests a second, so its limit is wider than that of a plain read. */
export const evidence = proxyActivities<Omit<EvidenceActivities, 'identifyPrincipal'>>({
  taskQueue: QUEUES.evidence,
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '500ms', maximumAttempts: 3 },
});

/** Store and ledger: without them nothing may go on, so they are asked until they answer. */
const untilDone = { startToCloseTimeout: '5s', retry: { initialInterval: '200ms', maximumInterval: '10s' } } as const;

/** Reads and idempotent writes of our own store may run twice, which is all that a local activity promises; it saves a round trip. */
export const records =
  proxyLocalActivities<
    Pick<DecideActivities, 'recordVerdict' | 'recordCase' | 'responsePolicy' | 'loadCase' | 'otherOpenCase'>
  >(untilDone);

export const decisions = proxyActivities<Pick<DecideActivities, 'joinCase' | 'recordDecision' | 'tellCase'>>({
  taskQueue: QUEUES.decide,
  ...untilDone,
});

const slackCall = {
  taskQueue: QUEUES.notify,
  startToCloseTimeout: '10s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', maximumInterval: '30s' },
} as const;
/** How long a request may be retried is the caller's: the deadline of the approval. */
export const asking = proxyActivities<Pick<NotifyActivities, 'requestApproval'>>(slackCall);
export const telling = proxyActivities<Pick<NotifyActivities, 'notifyPeople' | 'closeApproval'>>({
  ...slackCall,
  scheduleToCloseTimeout: '15 minutes',
});
/** The log: it needs no network, so it only waits for a worker. */
export const fallback = proxyActivities<Pick<NotifyActivities, 'notifyByFallback'>>(slackCall);

/** A call that is under way when its case is cancelled is waited for: what it came to is known then. Not the SDK's default. */
const waitedFor = { cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED } as const;

const sweeping = {
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '30 minutes',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '5s', maximumAttempts: 3 },
} as const;
/** Listings of whole accounts. Where no worker takes them in time, that is a finding. */
export const marks = proxyActivities<MarkActivities>({ taskQueue: QUEUES.evidence, ...sweeping });
export const comparing = proxyActivities<Pick<OrphanActivities, 'findOrphans'>>({
  taskQueue: QUEUES.decide,
  ...sweeping,
});
export const told = proxyActivities<Pick<OrphanActivities, 'recordOrphans'>>({
  taskQueue: QUEUES.decide,
  ...untilDone,
});

/** What may change one cloud runs on its own queue, by workers with the rights for that cloud alone. */
export const CONTAIN = {
  aws: containStubs(QUEUES['contain-aws']),
  azure: containStubs(QUEUES['contain-azure']),
  gcp: containStubs(QUEUES['contain-gcp']),
} satisfies Record<Cloud, unknown>;

function containStubs(taskQueue: string) {
  return {
    planning: proxyActivities<Pick<ContainActivities, 'planContainment' | 'planRollback' | 'planDeletion'>>({
      taskQueue,
      startToCloseTimeout: '2 minutes',
      scheduleToCloseTimeout: '15 minutes',
      heartbeatTimeout: '20s',
      retry: { initialInterval: '1s', maximumInterval: '30s' },
    }),
    /** The heartbeat only shortens the wait for a worker that died: repeating a declarative change is harmless. */
    changing: proxyActivities<Pick<ContainActivities, 'applyAction' | 'revertAction'>>({
      taskQueue,
      ...waitedFor,
      startToCloseTimeout: '30s',
      scheduleToCloseTimeout: '10 minutes',
      heartbeatTimeout: '10s',
      retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 8 },
    }),
    /** One attempt: a lost answer is reconciled, never repeated. */
    creating: proxyActivities<Pick<ContainActivities, 'createByAction'>>({
      taskQueue,
      ...waitedFor,
      startToCloseTimeout: '30s',
      scheduleToCloseTimeout: '60s',
      retry: { maximumAttempts: 1 },
    }),
    reconciling: proxyActivities<Pick<ContainActivities, 'reconcileAction'>>({
      taskQueue,
      ...waitedFor,
      startToCloseTimeout: '30s',
      scheduleToCloseTimeout: '10 minutes',
      heartbeatTimeout: '10s',
      retry: { initialInterval: '2s', maximumInterval: '30s' },
    }),
    verifying: proxyActivities<Pick<ContainActivities, 'verifyContainment' | 'verifyRollback' | 'verifyDeletion'>>({
      taskQueue,
      startToCloseTimeout: '60s',
      scheduleToCloseTimeout: '15 minutes',
      heartbeatTimeout: '15s',
      retry: { initialInterval: '2s', maximumInterval: '60s', maximumAttempts: 10 },
    }),
  };
}
