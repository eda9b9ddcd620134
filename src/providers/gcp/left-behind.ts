import type { ActivityFacts, GrantedRole, IdentityChange } from '../../domain/evidence.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import { changesThatStand } from '../standing-changes.ts';
import { isSinkChange } from './log/sink-history.ts';
import { memberTarget } from './members.ts';
import { EMAIL, memberOf } from './names.ts';

export interface LeftBehind {
  /** Of other accounts in our projects. `target`: the account's full resource name. */
  readonly keys: readonly { readonly target: string; readonly keyIds: readonly string[] }[];
  /** Given to others, each of them apart. `target`: see `memberTarget`; the resource is a project of ours, or an account in one. */
  readonly grants: readonly { readonly target: string; readonly granted: readonly GrantedRole[] }[];
  /** What has no counter-measure that can be undone, or is not told whole. */
  readonly caveats: readonly string[];
}

const PROJECTS = '//cloudresourcemanager.googleapis.com/projects/';
const ACCOUNT = /^\/\/iam\.googleapis\.com\/projects\/([^/]+)\/serviceAccounts\/([^/]+)$/u;
const MAKES_A_KEY = /^(?:Create|Upload|Enable)ServiceAccountKey$/u;
const SETS_A_POLICY = /^setIam(?:Policy|Permissions)$/iu;
/** They take away, and what they took is no way back in. */
const HARMLESS = /^(?:(?:Delete|Disable)ServiceAccount(?:Key)?|DeleteRole|DeleteWorkloadIdentityPool(?:Provider)?)$/u;

/** The project or service account of ours whose policy Cordon changes, as calls name it; null for any other resource. */
export function policyResource(target: string, projects: readonly string[]): string | null {
  const [, projectId = '', email = ''] = ACCOUNT.exec(target) ?? [];
  if (projects.includes(projectId) && EMAIL.test(email)) return `projects/${projectId}/serviceAccounts/${email}`;
  const project = target.startsWith(PROJECTS) ? target.slice(PROJECTS.length) : '';
  return projects.includes(project) ? `projects/${project}` : null;
}

/**
 * Persistence: what the principal made that outlives its own containment. A change that nothing here knows is a caveat: it is never
 * taken for harmless. What it did to its own account is covered by what is done to that.
 */
export function leftBehind(
  principal: GcpPrincipal,
  projects: readonly string[],
  activity: ActivityFacts | null,
): LeftBehind {
  const open = (activity?.changesByPrincipal ?? []).filter(
    (change) =>
      !change.denied &&
      !change.failed &&
      !HARMLESS.test(change.eventName) &&
      !isSinkChange(change) &&
      change.target !== resourceOf(principal),
  );
  const own = memberOf(principal).toLowerCase();
  const others = (granted: readonly GrantedRole[]) => granted.filter(({ member }) => member.toLowerCase() !== own);
  const keys = open.filter(
    ({ eventName, details, target }) =>
      MAKES_A_KEY.test(eventName) && details?.keyId && ACCOUNT.test(target) && policyResource(target, projects),
  );
  const policies = open.filter(({ eventName, details }) => SETS_A_POLICY.test(eventName) && details?.granted);
  const grants = policies.filter(({ target }) => policyResource(target, projects) !== null);
  // Roles of its own are taken away where Cordon serves the place; elsewhere they are as much a way back as others'.
  const known = new Set<IdentityChange>([...keys, ...grants]);
  return {
    keys: byTarget(keys.map(({ target, details }) => [target, details?.keyId ?? ''])).map(([target, ids]) => ({
      target,
      keyIds: [...new Set(ids)].toSorted(),
    })),
    grants: byTarget(
      grants.flatMap(({ target, details }) =>
        others(details?.granted ?? []).map((one) => [memberTarget(target, one.member), one] as const),
      ),
    ).map(([target, granted]) => ({ target, granted: unique(granted) })),
    caveats: changesThatStand(open.filter((change) => !known.has(change) && !onlyTakesAway(change))),
  };
}

const onlyTakesAway = ({ details }: IdentityChange) => details?.granted?.length === 0;

function byTarget<Item>(
  all: readonly (readonly [target: string, item: Item])[],
): readonly (readonly [string, readonly Item[]])[] {
  const groups = [...Map.groupBy(all, ([target]) => target)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([target, group]) => [target, group.map(([, item]) => item)]);
}

/** Each once, sorted: the same facts in another order make the same plan. */
function unique(granted: readonly GrantedRole[]): readonly GrantedRole[] {
  const byText = new Map(granted.map((one) => [JSON.stringify(one), one]));
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
