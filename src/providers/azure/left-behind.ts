import type { ActivityFacts, IdentityChange } from '../../domain/evidence.ts';
import type { AzurePrincipal } from '../../domain/principal.ts';
import { changesThatStand } from '../standing-changes.ts';
import { DIAGNOSTIC_SETTING, ROLE_ASSIGNMENT } from './names.ts';

export interface LeftBehind {
  /** Role assignments that the principal wrote, at or below our subscriptions. */
  readonly assignments: readonly string[];
  /** What has no counter-measure that can be undone. */
  readonly caveats: readonly string[];
}

/** Calls that hand out keys of a resource: whoever has them needs no identity any more. */
export const KEYS_OF_RESOURCES =
  /^microsoft\.[\w.]+\/(?:.*\/)?(?:list\w*keys?|regenerate\w*keys?|list\w*sas|list\w*credentials?|listsecrets|listconnectionstrings)\/action$/u;

/** They take away, and what they took is no way back in. */
const HARMLESS =
  /^(?:microsoft\.authorization\/\w+\/delete|microsoft\.managedidentity\/.*\/delete|entra\/(?:delete|hard-delete)-(?:user|group|application|service-principal)|entra\/remove-(?:member|owner|app-role-assignment)-from-[\w-]+|entra\/disable-account)$/u;

/**
 * Persistence: what the principal made that outlives its own containment. A change that nothing here knows is a caveat: it is never
 * taken for harmless. Changes on the principal itself are covered by what is done to it.
 */
export function leftBehind(
  { uniqueId }: AzurePrincipal,
  subscriptions: readonly string[],
  activity: ActivityFacts | null,
): LeftBehind {
  const done = (activity?.changesByPrincipal ?? []).filter(({ denied, failed }) => !denied && !failed);
  const own = new Set([uniqueId, ...(activity?.changesOfPrincipal ?? []).map(({ target }) => target.toLowerCase())]);
  const open = done.filter(({ eventName, target }) => !HARMLESS.test(eventName) && !own.has(target.toLowerCase()));
  const isOurs = ({ eventName, target }: IdentityChange) =>
    eventName === 'microsoft.authorization/roleassignments/write' &&
    subscriptions.includes(ROLE_ASSIGNMENT.exec(target)?.[1]?.toLowerCase() ?? '');
  const assignments = new Map(open.filter(isOurs).map(({ target }) => [target.toLowerCase(), target]));
  const rest = open.filter((one) => !isOurs(one) && !DIAGNOSTIC_SETTING.test(one.target));
  const [keys, changes] = [rest.filter(readsKeys), rest.filter((one) => !readsKeys(one))];
  return {
    assignments: [...assignments.values()].toSorted(),
    caveats: [...changesThatStand(changes), ...keysThatAreOut(keys)],
  };
}

const readsKeys = ({ eventName }: IdentityChange) => KEYS_OF_RESOURCES.test(eventName);

function keysThatAreOut(reads: readonly IdentityChange[]): readonly string[] {
  const resources = [...new Set(reads.map(({ target }) => target.slice(0, 256)))].toSorted();
  if (resources.length === 0) return [];
  const more = resources.length > 5 ? ` and ${resources.length - 5} more` : '';
  return [
    `It was given keys of ${resources.slice(0, 5).join(', ')}${more}, which work without any identity: renew them by hand.`,
  ];
}
