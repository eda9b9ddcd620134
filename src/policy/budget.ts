import type { Principal, PrincipalKind } from '../domain/principal.ts';
import { KIND_TITLES } from '../domain/principal.ts';

/** The `budget` section. Principals in any hour. */
export interface ContainmentBudget {
  readonly containmentsPerHour: number;
  readonly perAccount: number;
  readonly perKind: Readonly<Record<PrincipalKind, number>>;
}

export interface ContainmentLimit {
  /** The key of the configuration that raises it. */
  readonly name: string;
  /** What is counted apart under the one key. */
  readonly scope?: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /** Where it counts, in a person's words. */
  readonly where: string;
}

const HOUR_SECONDS = 3600;

/** Every limit that a containment of this principal counts in, the widest first. */
export function containmentLimits(principal: Principal, budget: ContainmentBudget): readonly ContainmentLimit[] {
  const { cloud, accountId, kind } = principal;
  const windowSeconds = HOUR_SECONDS;
  return [
    { name: 'budget.containmentsPerHour', limit: budget.containmentsPerHour, windowSeconds, where: 'in all' },
    {
      name: 'budget.perAccount',
      scope: `${cloud}:${accountId}`,
      limit: budget.perAccount,
      windowSeconds,
      where: `in ${accountOf(principal)}`,
    },
    {
      name: `budget.perKind.${kind}`,
      limit: budget.perKind[kind],
      windowSeconds,
      where: `of the kind ${KIND_TITLES[kind]}`,
    },
  ];
}

function accountOf({ cloud, kind, accountId }: Principal): string {
  if (kind === 'google-user') return 'the directory of Google users';
  return `${{ aws: 'AWS account', azure: 'Azure tenant', gcp: 'GCP project' }[cloud]} ${accountId}`;
}
