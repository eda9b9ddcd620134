import type {
  RoleAssignmentSchedule,
  RoleAssignmentScheduleInstance,
  RoleAssignmentScheduleRequest,
  RoleEligibilitySchedule,
  RoleEligibilityScheduleInstance,
  RoleEligibilityScheduleRequest,
} from '@azure/arm-authorization';

import { CordonFailure } from '../../contracts/failures.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { PlannedCall } from '../../domain/plan.ts';
import type { AzureClients } from './clients.ts';
import { orNull } from './directory.ts';
import { LOCKED, refusedWith } from './failures.ts';

/** A role that Privileged Identity Management lets the principal activate (eligible), or has given it for a time (active). */
export interface Schedule {
  readonly of: 'eligible' | 'active';
  /** New whenever the schedule is made again. */
  readonly id: string;
  /** Of an active one: the role assignment that stands for it as long as it lasts. */
  readonly assignmentId: string | null;
  readonly scope: string;
  readonly roleDefinitionId: string;
  readonly roleName: string;
  readonly principalId: string;
  /** ISO 8601; null: it does not end. */
  readonly endDateTime: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
}

/** One that has not begun. */
export interface LaterSchedule extends Schedule {
  /** ISO 8601. */
  readonly startDateTime: string;
}

/** What a schedule gives, apart from the ids that Azure gave it. */
export type Role = Omit<Schedule, 'id' | 'assignmentId'>;

export interface FoundSchedules {
  readonly direct: readonly Schedule[];
  /** Through a group, or from above our subscriptions: left alone. */
  readonly elsewhere: readonly Schedule[];
}

/**
 * Active ones are only those that end by themselves or were activated: a lasting one is a role assignment like any other, and left
 * to the actions on those. Nothing where the directory has no Privileged Identity Management.
 */
export async function listSchedules(
  clients: AzureClients,
  subscriptions: readonly string[],
  principalId: string,
): Promise<FoundSchedules> {
  const all = await everywhere(subscriptions, principalId, (scope, filter) => [
    eligible(clients, scope, filter),
    active(clients, scope, filter),
  ]);
  const ours = subscriptions.map((id) => `/subscriptions/${id}`.toLowerCase());
  const isDirect = ({ principalId: holder, scope }: Schedule) =>
    holder.toLowerCase() === principalId && ours.some((own) => `${scope.toLowerCase()}/`.startsWith(`${own}/`));
  return { direct: all.filter(isDirect), elsewhere: all.filter((one) => !isDirect(one)) };
}

/** What begins after `now`, through groups too: no instance yet, so nothing that takes instances away meets it. */
export async function listLaterSchedules(
  { authorization }: AzureClients,
  subscriptions: readonly string[],
  principalId: string,
  now: Date,
): Promise<readonly LaterSchedule[]> {
  const later = async (of: Schedule['of'], list: AsyncIterable<RoleEligibilitySchedule | RoleAssignmentSchedule>) => {
    const found: LaterSchedule[] = [];
    for await (const one of list)
      if (one.startDateTime && one.startDateTime > now)
        found.push({ ...schedule(of, one, one.id), startDateTime: one.startDateTime.toISOString() });
    return found;
  };
  return everywhere(subscriptions, principalId, (scope, filter) => [
    later('eligible', authorization.roleEligibilitySchedules.listForScope(scope, { filter })),
    later('active', authorization.roleAssignmentSchedules.listForScope(scope, { filter })),
  ]);
}

/** Of the principal itself and through groups, at every subscription; each once, sorted, so that the same state reads the same. */
async function everywhere<One extends Schedule>(
  subscriptions: readonly string[],
  principalId: string,
  list: (scope: string, filter: string) => readonly Promise<readonly One[]>[],
): Promise<readonly One[]> {
  const filters = [`principalId eq '${principalId}'`, `assignedTo('${principalId}')`];
  const lists = subscriptions.flatMap((id) => filters.flatMap((filter) => list(`subscriptions/${id}`, filter)));
  const found = (await Promise.all(lists.map(noneWithoutLicence))).flat();
  return [...new Map(found.map((one) => [`${one.of} ${one.id.toLowerCase()}`, one])).values()].toSorted((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : 1,
  );
}

/** A directory without Privileged Identity Management has no schedules. Whatever else is not found, nobody has looked at. */
async function noneWithoutLicence<One>(listing: Promise<readonly One[]>): Promise<readonly One[]> {
  try {
    return await listing;
  } catch (error) {
    if (refusedWith(error, 'AadPremiumLicenseRequired')) return [];
    throw error;
  }
}

async function eligible({ authorization }: AzureClients, scope: string, filter: string): Promise<Schedule[]> {
  const found: Schedule[] = [];
  for await (const one of authorization.roleEligibilityScheduleInstances.listForScope(scope, { filter })) {
    found.push(schedule('eligible', one, one.roleEligibilityScheduleId));
  }
  return found;
}

async function active({ authorization }: AzureClients, scope: string, filter: string): Promise<Schedule[]> {
  const found: Schedule[] = [];
  for await (const one of authorization.roleAssignmentScheduleInstances.listForScope(scope, { filter })) {
    if (one.endDateTime || one.assignmentType === 'Activated') {
      found.push({
        ...schedule('active', one, one.roleAssignmentScheduleId),
        assignmentId: one.originRoleAssignmentId ?? null,
      });
    }
  }
  return found;
}

type Described =
  | RoleEligibilityScheduleInstance
  | RoleAssignmentScheduleInstance
  | RoleEligibilitySchedule
  | RoleAssignmentSchedule;

function schedule(of: Schedule['of'], found: Described, id: string | undefined): Schedule {
  return {
    of,
    id: id ?? found.id ?? '',
    assignmentId: null,
    scope: found.scope ?? '',
    roleDefinitionId: found.roleDefinitionId ?? '',
    roleName: found.expandedProperties?.roleDefinition?.displayName ?? found.roleDefinitionId?.split('/').at(-1) ?? '',
    principalId: found.principalId ?? '',
    endDateTime: found.endDateTime?.toISOString() ?? null,
    condition: found.condition ?? null,
    conditionVersion: found.conditionVersion ?? null,
  };
}

/** What a schedule gives; a schedule that is made again gives the same under another id. */
export function keyOf({ of, scope, roleDefinitionId, endDateTime }: Role): string {
  return [of, scope, roleDefinitionId, endDateTime ?? ''].join(' ').toLowerCase();
}

export interface ScheduleRequest {
  readonly type: 'AdminRemove' | 'AdminAssign';
  readonly schedule: Role;
  /** GUID of our choosing, taken once: the same request again is refused, and reads what became of the first. */
  readonly name: string;
  readonly justification: string;
}

/** What a request comes to that is carried out, or will be without anyone's doing; that it was, only the read back of the lists tells. */
const UNDERWAY = new Set([
  'Accepted',
  'Granted',
  'AdminApproved',
  'PendingEvaluation',
  'PendingProvisioning',
  'PendingScheduleCreation',
  'PendingExternalProvisioning',
  'ProvisioningStarted',
  'ScheduleCreated',
  'Provisioned',
  'PendingRevocation',
  'Revoked',
]);

/**
 * Azure takes each name once. After a lost answer, or where its lists still show what an earlier try took away, the request that
 * stands under the name says what became of it.
 */
export async function putRequest({ authorization }: AzureClients, request: ScheduleRequest): Promise<void> {
  const { schedule: wanted, name } = request;
  const scope = wanted.scope.replace(/^\//u, '');
  const body: RoleEligibilityScheduleRequest & RoleAssignmentScheduleRequest = withDates(propertiesOf(request));
  const requests =
    wanted.of === 'eligible'
      ? authorization.roleEligibilityScheduleRequests
      : authorization.roleAssignmentScheduleRequests;
  const made = await requests.create(scope, name, body).catch(async (refused: unknown) => {
    if (!(refused instanceof CordonFailure) || !['ValidationFailed', 'Conflict'].includes(refused.type)) throw refused;
    const standing = await orNull(requests.get(scope, name));
    if (standing === null) throw refused;
    return standing;
  });
  if (UNDERWAY.has(made.status ?? '')) return;
  const locked = made.status === 'FailedAsResourceIsLocked';
  const why = locked
    ? 'a lock forbids it: remove the lock, then change the role by hand.'
    : `it is "${made.status ?? 'without a status'}": look at it in Privileged Identity Management.`;
  throw new CordonFailure('ValidationFailed', `Request ${name} on ${wanted.scope} was not carried out: ${why}`, {
    cause: new Error(locked ? LOCKED : (made.status ?? '')),
  });
}

export function requestCall(request: ScheduleRequest): PlannedCall {
  const { schedule: wanted, name } = request;
  const collection = wanted.of === 'eligible' ? 'roleEligibilityScheduleRequests' : 'roleAssignmentScheduleRequests';
  const path = `${wanted.scope}/providers/Microsoft.Authorization/${collection}/${name}`;
  return { service: 'arm', operation: `PUT ${path}`, parameters: { properties: propertiesOf(request) } };
}

interface Properties extends JsonObject {
  readonly principalId: string;
  readonly roleDefinitionId: string;
  readonly requestType: string;
  readonly justification: string;
}

function propertiesOf({ type, schedule: wanted, justification }: ScheduleRequest): Properties {
  const { principalId, roleDefinitionId, condition, conditionVersion, endDateTime } = wanted;
  const common = { principalId, roleDefinitionId, requestType: type, justification };
  if (type === 'AdminRemove') return common;
  const expiration = endDateTime === null ? { type: 'NoExpiration' } : { type: 'AfterDateTime', endDateTime };
  return {
    ...common,
    scheduleInfo: { expiration },
    ...(condition === null ? {} : { condition }),
    ...(conditionVersion === null ? {} : { conditionVersion }),
  };
}

/** The SDK takes a `Date` where the plan shows a text. */
function withDates({ scheduleInfo, ...common }: Properties): RoleEligibilityScheduleRequest {
  const expiration = (scheduleInfo as { expiration?: { type: string; endDateTime?: string } } | undefined)?.expiration;
  if (!expiration) return common;
  const { type, endDateTime } = expiration;
  return {
    ...common,
    scheduleInfo: { expiration: { type, ...(endDateTime ? { endDateTime: new Date(endDateTime) } : {}) } },
  };
}
