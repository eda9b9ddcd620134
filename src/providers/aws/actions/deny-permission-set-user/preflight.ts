import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Preflight } from '../../../port.ts';
import type { AwsClients, IdentityCenter } from '../../clients.ts';
import { fits, INLINE_QUOTA, standing, withDeny } from '../../identity-center/deny-statement.ts';
import type { Person } from '../../identity-center/people.ts';
import { centerOf, confirmPerson, roleNameOf } from '../../identity-center/people.ts';
import type { Assignment, PermissionSet } from '../../identity-center/permission-sets.ts';
import {
  accountsOf,
  inTurns,
  listAssignments,
  outdatedAccounts,
  permissionSetsOf,
  readInline,
} from '../../identity-center/permission-sets.ts';

interface Found extends PermissionSet {
  readonly inlinePolicy: string | null;
  readonly stands: ReturnType<typeof standing>;
  /** What the inline policy becomes. */
  readonly wanted: string;
  readonly upToDate: readonly string[];
  readonly outdated: readonly string[];
}

export async function preflight(
  clients: AwsClients,
  request: ActionRequest,
  deny: { readonly Sid: string },
): Promise<Preflight> {
  const center = centerOf(clients);
  const person = await confirmPerson(center, request);
  const assignments = await listAssignments(center, person.userId);
  const { principal, accountId } = request;
  const roleName = principal.cloud === 'aws' ? roleNameOf(principal) : '';
  const { sets, missing } = await permissionSetsOf(center, assignments, { roleName, accountId });
  const found = await inTurns(sets, (set) => look(center, set, deny));
  return {
    prior: { permissionSets: found.map(({ arn, inlinePolicy }) => ({ arn, inlinePolicy })) },
    alreadySo: found.every(({ stands, outdated }) => stands === 'ours' && outdated.length === 0),
    calls: found.flatMap((set) => callsFor(center, set)),
    mayBreak: [
      `Everything that user ${person.userName} does in AWS accounts stops: ${found.map(({ name }) => name).join(', ') || 'nothing is held'}.`,
      ...found.flatMap(mayBreak),
    ],
    obstacles: found.flatMap(obstacles),
    caveats: [...caveats(person, { roleName, missing }), ...elsewhere(assignments, accountId)],
  };
}

async function look(center: IdentityCenter, set: PermissionSet, deny: { readonly Sid: string }): Promise<Found> {
  const [inlinePolicy, upToDate, outdated] = await Promise.all([
    readInline(center, set.arn),
    accountsOf(center, set.arn, 'LATEST_PERMISSION_SET_PROVISIONED'),
    outdatedAccounts(center, set.arn),
  ]);
  const stands = standing(inlinePolicy, deny);
  return { ...set, inlinePolicy, stands, wanted: withDeny(inlinePolicy, deny), upToDate, outdated };
}

function callsFor({ instanceArn }: IdentityCenter, { arn, stands, wanted, outdated }: Found): readonly PlannedCall[] {
  const names = { InstanceArn: instanceArn, PermissionSetArn: arn };
  const call = (operation: string, rest: Record<string, string>): PlannedCall => ({
    service: 'sso-admin',
    operation,
    parameters: { ...names, ...rest },
  });
  const put = stands === 'absent' ? [call('PutInlinePolicyToPermissionSet', { InlinePolicy: wanted })] : [];
  if (put.length === 0 && outdated.length === 0) return [];
  return [...put, call('ProvisionPermissionSet', { TargetType: 'ALL_PROVISIONED_ACCOUNTS' })];
}

function mayBreak({ name, stands, upToDate, outdated }: Found): readonly string[] {
  if (stands === 'ours' && outdated.length === 0) return [];
  const accounts = [...upToDate, ...outdated].toSorted();
  const pending =
    outdated.length === 0
      ? ''
      : ` Changes of it that were not provisioned yet come into force with it in ${outdated.join(', ')}; a rollback does not take those back.`;
  return [`Permission set ${name} is written anew to its roles in ${accounts.join(', ')}.${pending}`];
}

function obstacles({ name, stands, wanted }: Found): readonly string[] {
  if (stands === 'changed') {
    return [
      `The inline policy of permission set ${name} has a changed statement of this case. Remove it, then plan again.`,
    ];
  }
  if (stands === 'ours' || fits(wanted)) return [];
  return [
    `The inline policy of permission set ${name} leaves no room for the deny (${INLINE_QUOTA} characters). Move a part of it to a ` +
      'customer managed policy, then plan again.',
  ];
}

/** The deny binds there too; what was done there before is another case's. One line each: an assignment that goes changes no other. */
function elsewhere(assignments: readonly Assignment[], home: string): readonly string[] {
  const accounts = new Set(assignments.map(({ accountId }) => accountId).filter((accountId) => accountId !== home));
  return [...accounts]
    .toSorted()
    .map(
      (accountId) =>
        `The user holds permission sets in account ${accountId} too, whose log this case does not read: for what was done there, and ` +
        'for roles that were assumed from there, send an alert about its session in that account.',
    );
}

function caveats(person: Person, { roleName, missing }: { roleName: string; missing: boolean }): readonly string[] {
  return [
    ...(person.disabled
      ? []
      : [
          `Nothing that Cordon calls disables user ${person.userName} or ends its sessions in the access portal, through which it reaches ` +
            'applications. Disable the user in Identity Center, by hand or, where automatic provisioning is on, from the identity provider ' +
            'or by SCIM (PatchUser, active: false); then delete its active sessions in the console.',
        ]),
    ...(missing
      ? [`No permission set in the account is behind role ${roleName}: a session of it lives on for up to 12 hours.`]
      : []),
  ];
}
