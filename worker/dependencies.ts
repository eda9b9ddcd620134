import { createContainActivities } from '../activities/contain.ts';
import { createDecideActivities } from '../activities/decide.ts';
import { createEvidenceActivities } from '../activities/evidence.ts';
import { createNotifyActivities } from '../activities/notify.ts';
import type { VerifyingKey } from '../src/approval/keys.ts';
import { approvalVerifier } from '../src/approval/verifier.ts';
import type { Config } from '../src/config/schema.ts';
import { resolveSecret } from '../src/config/secrets.ts';
import type { QueueName } from '../src/contracts/queues.ts';
import { createNotifiers } from '../src/notify/index.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import type { Providers } from '../src/providers/port.ts';
import type { Logger } from '../src/runtime/logger.ts';
import type { Store } from '../src/store/port.ts';
import type { CaseStarter } from '../activities/decide.ts';

export interface Foundation {
  readonly config: Config;
  readonly store: Store;
  readonly providers: Providers;
  readonly verifyingKey: VerifyingKey;
  readonly cases: CaseStarter;
  readonly logger: Logger;
}

/** The activities of each queue with what they need, and nothing else: the only place that joins ports and adapters. */
export function activitiesOf(
  queue: QueueName,
  foundation: Foundation & { readonly notifiers: ReturnType<typeof createNotifiers> },
): object {
  const { config, store, providers, verifyingKey, cases, notifiers } = foundation;
  const now = () => new Date();
  const verifier = approvalVerifier({ keys: [verifyingKey], approvers: config.approvers });
  const make: Readonly<Record<QueueName, () => object>> = {
    decide: () => createDecideActivities({ policy: responsePolicy(config), store, verifier, cases }),
    evidence: () => createEvidenceActivities({ config, store, providers, now }),
    notify: () => createNotifyActivities({ notifiers, store }),
    'contain-aws': () => createContainActivities({ config, store, providers, verifier, now }),
  };
  return make[queue]();
}

export async function configuredNotifiers(
  { slack }: Config,
  logger: Logger,
): Promise<ReturnType<typeof createNotifiers>> {
  if (!slack) return createNotifiers({ log: logger });
  const { botToken, channel, apiUrl } = slack;
  const settings = { botToken: await resolveSecret(botToken), channel, ...(apiUrl === undefined ? {} : { apiUrl }) };
  return createNotifiers({ slack: settings, log: logger });
}

const MINUTE_MS = 60_000;

function responsePolicy({ mode, approval, aws }: Config): ResponsePolicy {
  return {
    mode,
    approvalDeadlineMs: approval.deadlineMinutes * MINUTE_MS,
    reminderEveryMs: approval.reminderMinutes * MINUTE_MS,
    fallbackAfterMs: approval.fallbackMinutes * MINUTE_MS,
    propagationMs: aws.propagationSeconds * 1000,
    quietMs: aws.quietSeconds * 1000,
    logDelayMs: aws.logDelaySeconds * 1000,
  };
}
