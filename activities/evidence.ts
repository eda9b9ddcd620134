import type { Config } from '../src/config/schema.ts';
import type { AlertContext, EvidenceActivities } from '../src/contracts/activities.ts';
import { CordonFailure } from '../src/contracts/failures.ts';
import type { Alert } from '../src/domain/alert.ts';
import type { Gathered, HistoryFacts, TimeWindow } from '../src/domain/evidence.ts';
import type { Resolution } from '../src/domain/principal.ts';
import { principalKey } from '../src/domain/principal.ts';
import type { AssessmentPolicy } from '../src/policy/policy.ts';
import { protectedBecause } from '../src/policy/protection.ts';
import type { Provider, Providers } from '../src/providers/port.ts';
import { providerOf } from '../src/providers/port.ts';
import type { AlertStore, CaseStore } from '../src/store/port.ts';
import { atBoundary, attempt, beating } from './boundary.ts';

export interface EvidenceDependencies {
  readonly config: Pick<Config, 'assessment' | 'allowlist' | 'protected'>;
  readonly store: { readonly alerts: AlertStore; readonly cases: CaseStore };
  readonly providers: Providers;
  readonly now: () => Date;
}

/** After this many failed tries a principal counts as unresolved: a person is called instead of waiting for ever. */
const TRIES_TO_IDENTIFY = 3;
const MINUTE_MS = 60_000;

export function createEvidenceActivities(dependencies: EvidenceDependencies): EvidenceActivities {
  const { store, providers } = dependencies;
  return atBoundary({
    async identifyPrincipal({ alertId }) {
      const stored = await store.alerts.get(alertId);
      if (!stored) throw new CordonFailure('NotFound', `Alert ${alertId} is not in the store.`);
      const { alert } = stored;
      const identified = await orUnresolved(() => identify(alert, dependencies));
      return {
        alert,
        ...identified,
        ...windows(alert, dependencies.config.assessment),
        policy: assessmentPolicy(dependencies),
        history: await historyOf(alert, identified.resolution, store),
      } satisfies AlertContext;
    },
    async gatherActivity({ principal, around, before }) {
      const provider = providerOf(providers, principal.cloud);
      const facts = await beating(() => provider.activity(principal, around, before));
      return { status: 'known', facts, source: provider.sources.activity };
    },
    async gatherCredentials({ principal }) {
      const provider = providerOf(providers, principal.cloud);
      const facts = await beating(() => provider.credentials(principal));
      return { status: 'known', facts, source: provider.sources.credentials };
    },
  } satisfies EvidenceActivities);
}

interface Identified {
  readonly resolution: Resolution;
  readonly protectedBecause?: string;
}

async function identify(alert: Alert, { config, providers }: EvidenceDependencies): Promise<Identified> {
  const provider: Provider | undefined = alert.cloud === 'unknown' ? undefined : providers[alert.cloud];
  if (!provider) {
    return {
      resolution: { status: 'unresolved', reason: 'The alert is about a cloud that Cordon has no provider for.' },
    };
  }
  const resolution = await provider.resolve(alert.clues, alert.accountId);
  if (resolution.status !== 'resolved') return { resolution };
  const because = protectedBecause(resolution.principal, await provider.selves(), config.protected);
  return { resolution, ...(because === null ? {} : { protectedBecause: because }) };
}

/** A cloud that does not answer, or forbids the question, must not keep an alert from people. */
async function orUnresolved(identification: () => Promise<Identified>): Promise<Identified> {
  try {
    return await identification();
  } catch (error) {
    if (!(error instanceof CordonFailure) || (!error.final && attempt() < TRIES_TO_IDENTIFY)) throw error;
    return { resolution: { status: 'unresolved', reason: `The cloud could not be asked who it is: ${error.message}` } };
  }
}

function windows(
  alert: Alert,
  { windowMinutes, baselineHours }: Config['assessment'],
): { around: TimeWindow; before: TimeWindow } {
  const half = windowMinutes * MINUTE_MS;
  const from = Date.parse(alert.firstSeen) - half;
  const at = (time: number) => new Date(time).toISOString();
  return {
    around: { from: at(from), to: at(Date.parse(alert.lastSeen) + half) },
    before: { from: at(from - baselineHours * 60 * MINUTE_MS), to: at(from) },
  };
}

function assessmentPolicy({ config, now }: EvidenceDependencies): AssessmentPolicy {
  const { businessHours, containFromRisk } = config.assessment;
  return { allowlist: config.allowlist, businessHours, containFromRisk, asOf: now().toISOString() };
}

const HISTORY_DAYS = 30;

async function historyOf(
  alert: Alert,
  resolution: Resolution,
  store: EvidenceDependencies['store'],
): Promise<Gathered<HistoryFacts>> {
  const source = 'Cordon';
  if (resolution.status !== 'resolved') return { status: 'unknown', source, reason: 'It is not known who it is.' };
  const key = principalKey(resolution.principal);
  const since = new Date(Date.parse(alert.firstSeen) - HISTORY_DAYS * 24 * 60 * MINUTE_MS).toISOString();
  const [related, open] = await Promise.all([
    store.alerts.related(alert.alertId, key, alert.sourceAddresses, since),
    store.cases.openFor(key),
  ]);
  const relatedAlerts = related.map(({ alert: { alertId, title }, receivedAt }) => ({
    alertId,
    title,
    at: receivedAt,
  }));
  return { status: 'known', source, facts: { relatedAlerts, ...(open ? { openCaseId: open.caseId } : {}) } };
}
