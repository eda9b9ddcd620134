import { createContainActivities } from '../activities/contain.ts';
import { createDecideActivities } from '../activities/decide.ts';
import { createEvidenceActivities } from '../activities/evidence.ts';
import { createNotifyActivities } from '../activities/notify.ts';
import { createMarkActivities, createOrphanActivities } from '../activities/sweep.ts';
import type { ApprovalVerifier } from '../src/approval/port.ts';
import type { Config } from '../src/config/schema.ts';
import type { QueueName } from '../src/contracts/queues.ts';
import { createNotifiers } from '../src/notify/index.ts';
import type { Cloud } from '../src/domain/cloud.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import type { Providers } from '../src/providers/port.ts';
import type { Logger } from '../src/runtime/logger.ts';
import type { Store } from '../src/store/port.ts';
import type { CaseStarter } from '../activities/decide.ts';
import type { SweepDependencies } from '../src/containment/sweep.ts';
import type { Secrets } from './secrets.ts';

type Notifiers = ReturnType<typeof createNotifiers>;

export interface Foundation {
  readonly config: Config;
  readonly store: Store;
  readonly providers: Providers;
  readonly verifier: ApprovalVerifier;
  readonly cases: CaseStarter;
  readonly pulseOf: SweepDependencies['pulseOf'];
  readonly logger: Logger;
}

/** The activities of each queue with what they need, and nothing else: the only place that joins ports and adapters. */
export function activitiesOf(queue: QueueName, foundation: Foundation & { readonly notifiers: Notifiers }): object {
  const { config, store, providers, verifier, cases, pulseOf, notifiers } = foundation;
  const now = () => new Date();
  const contain = () => createContainActivities({ config, store, providers, verifier, now });
  const make: Readonly<Record<QueueName, () => object>> = {
    decide: () => ({
      ...createDecideActivities({ policyFor: (cloud) => responsePolicy(config, cloud), store, verifier, cases }),
      ...createOrphanActivities({ store, pulseOf, now }),
    }),
    evidence: () => ({
      ...createEvidenceActivities({ config, store, providers, now }),
      ...createMarkActivities({ store, providers, now }),
    }),
    notify: () => createNotifyActivities({ notifiers, store }),
    'contain-aws': contain,
    'contain-azure': contain,
    'contain-gcp': contain,
  };
  return make[queue]();
}

export function configuredNotifiers({ slack }: Config, secrets: Pick<Secrets, 'slack'>, logger: Logger): Notifiers {
  if (!slack || !secrets.slack) return createNotifiers({ log: logger });
  const { channel, apiUrl } = slack;
  const settings = { botToken: secrets.slack.botToken, channel, ...(apiUrl === undefined ? {} : { apiUrl }) };
  return createNotifiers({ slack: settings, log: logger });
}

const MINUTE_MS = 60_000;

/** The times of a cloud that is not configured don't count: its plans fail before anything waits. */
function responsePolicy(config: Config, cloud: Cloud): ResponsePolicy {
  const { mode, approval, watch } = config;
  const { propagationSeconds, quietSeconds, logDelaySeconds } = config[cloud] ?? config.aws;
  return {
    mode,
    approvalDeadlineMs: approval.deadlineMinutes * MINUTE_MS,
    reminderEveryMs: approval.reminderMinutes * MINUTE_MS,
    fallbackAfterMs: approval.fallbackMinutes * MINUTE_MS,
    propagationMs: propagationSeconds * 1000,
    quietMs: quietSeconds * 1000,
    logDelayMs: logDelaySeconds * 1000,
    watchMs: watch.hours * 60 * MINUTE_MS,
    watchEveryMs: watch.everyMinutes * MINUTE_MS,
  };
}
