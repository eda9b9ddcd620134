import type { SweepDependencies } from '../src/containment/sweep.ts';
import { findOrphans, heldIn } from '../src/containment/sweep.ts';
import type { MarkActivities, OrphanActivities } from '../src/contracts/activities.ts';
import { CordonFailure } from '../src/contracts/failures.ts';
import type { MarkReading } from '../src/domain/orphan.ts';
import type { Principal } from '../src/domain/principal.ts';
import type { Provider, Providers } from '../src/providers/port.ts';
import type { CaseStore, Ledger } from '../src/store/port.ts';
import { atBoundary, beating } from './boundary.ts';

interface MarkDependencies {
  readonly providers: Providers;
  readonly store: { readonly cases: Pick<CaseStore, 'list'> };
  readonly now: () => Date;
}

/** What one activity may answer is bounded by Temporal; so many marks in an account are no containment any more. */
const MOST_FOUND = 1000;

export function createMarkActivities({ providers, store, now }: MarkDependencies): MarkActivities {
  return atBoundary({
    readMarks: ({ cloud }) =>
      beating(async () => {
        const provider = providers[cloud];
        if (!provider) return [];
        const { held, isTruncated } = await heldIn(cloud, store.cases);
        const readings: MarkReading[] = [];
        for (const accountId of await provider.accounts())
          readings.push(await readAccount(provider, accountId, held, now));
        const [first, ...others] = readings;
        if (!isTruncated || !first) return readings;
        return [{ ...first, unread: [...first.unread, 'Credentials of the identities of older cases.'] }, ...others];
      }),
  } satisfies MarkActivities);
}

/** One account that can't be read must not hide what stands in the others. */
async function readAccount(
  provider: Provider,
  accountId: string,
  held: readonly Principal[],
  now: () => Date,
): Promise<MarkReading> {
  const place = { cloud: provider.cloud, accountId, readAt: now().toISOString() };
  try {
    const mine = held.filter((one) => one.accountId === accountId);
    const { marks, credentials, unread } = await provider.marked(accountId, mine);
    const tooMany = marks.length > MOST_FOUND || credentials.length > MOST_FOUND;
    return {
      ...place,
      marks: marks.slice(0, MOST_FOUND),
      credentials: credentials.slice(0, MOST_FOUND),
      unread: tooMany
        ? [...unread, `More than ${MOST_FOUND} things carry the mark of Cordon; the first were looked at.`]
        : unread,
    };
  } catch (error) {
    if (!(error instanceof CordonFailure)) throw error;
    return { ...place, marks: [], credentials: [], unread: [error.message] };
  }
}

export function createOrphanActivities(
  dependencies: SweepDependencies & { readonly store: { readonly ledger: Pick<Ledger, 'append'> } },
): OrphanActivities {
  return atBoundary({
    findOrphans: ({ readings, unread }) => beating(() => findOrphans(readings, unread, dependencies)),
    async recordOrphans({ orphans }) {
      for (const { key, caseId = '', ...body } of orphans)
        await dependencies.store.ledger.append({ type: 'orphan', caseId, key, body });
    },
  } satisfies OrphanActivities);
}
