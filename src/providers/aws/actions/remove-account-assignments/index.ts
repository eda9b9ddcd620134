import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { centerOf, confirmPerson, targetPerson } from '../../identity-center/people.ts';
import type { Assignment } from '../../identity-center/permission-sets.ts';
import { listAssignments } from '../../identity-center/permission-sets.ts';
import { HOLDING_PERMISSIONS, writing } from '../../identity-center/permissions.ts';
import type { Running } from '../../identity-center/requests.ts';
import { assign, assignmentInput, finished, notNothing, unassign } from '../../identity-center/requests.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_PERSON, read } from '../definition.ts';

const parametersSchema = z.strictObject({});
const assignmentsSchema = z.object({
  assignments: z.array(
    z.object({
      accountId: z.string().regex(/^\d{12}$/u),
      permissionSetArn: z.string().min(1),
      /** Given after the plan was made: it goes, and does not come back. */
      late: z.literal(true).optional(),
    }),
  ),
});
type Direct = z.output<typeof assignmentsSchema>['assignments'][number];

const facts: ActionFacts = {
  id: 'remove-account-assignments',
  cloud: 'aws',
  title: "Remove the user's own account assignments",
  description:
    'Ends what the Identity Center user itself is assigned in AWS accounts, so that the access portal gives out no new session of ' +
    'it. Live sessions go on: deny-permission-set-user stops them. What a group is assigned stays, and is told. Where nobody else ' +
    'has the permission set in the account, AWS deletes its role, and the role that a rollback brings back has another name and id.',
  effect: 'declarative',
  reversibility: 'partial',
  proof: 'Identity Center lists no assignment of the user itself any more.',
  survives:
    'Sessions that were given out before: up to 12 hours. What the user holds through groups, until it leaves them.',
  permissions: [
    ...HOLDING_PERMISSIONS,
    { name: 'sso:DescribeAccountAssignmentDeletionStatus', resource: '*', purpose: 'is the removal done' },
    { name: 'sso:DescribeAccountAssignmentCreationStatus', resource: '*', purpose: 'is the rollback done' },
    ...writing('sso:DeleteAccountAssignment', 'the removal'),
    ...writing('sso:CreateAccountAssignment', 'rollback of the removal'),
  ],
  example: {
    ...example('remove-account-assignments', EXAMPLE_PERSON),
    target: `arn:aws:identitystore:::user/${EXAMPLE_PERSON.uniqueId}`,
  },
};

export const removeAccountAssignments: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request, planned) => preflight(clients, request, planned),
    async apply(request, prior) {
      const before = inState(prior, 'prior state');
      const { userId, own } = await standing(clients, request);
      const open = before.filter((one) => own.some((found) => isSame(one, found)));
      const assignments = before.flatMap(({ late, ...one }) => (late ? [] : [one]));
      await changeAll(open, 'assignments were removed', (one) => unassign(centerOf(clients), userId, one));
      return { result: { assignments } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, _prior, applied) {
      const { userId, own } = await standing(clients, request);
      const gone = inState(applied, 'result').filter((one) => !own.some((found) => isSame(one, found)));
      await changeAll(gone, 'assignments were brought back', (one) => assign(centerOf(clients), userId, one));
    },
    previewRevert: (request, _prior, applied) =>
      calls('CreateAccountAssignment', clients, request, inState(applied, 'result')),
    restores,
  }),
};

async function preflight(
  clients: AwsClients,
  request: ActionRequest,
  planned: readonly PlannedCall[] | undefined,
): Promise<Preflight> {
  const { userName, own, byGroup } = await standing(clients, request);
  const assignments = own.map(({ accountId, permissionSetArn }) => ({ accountId, permissionSetArn }));
  const isLate = (one: Direct) =>
    planned !== undefined &&
    !planned.some(
      ({ parameters }) =>
        parameters['TargetId'] === one.accountId && parameters['PermissionSetArn'] === one.permissionSetArn,
    );
  const groups = [...new Set(byGroup.map(({ group }) => group))];
  return {
    prior: { assignments: assignments.map((one) => ({ ...one, ...(isLate(one) ? { late: true } : {}) })) },
    alreadySo: assignments.length === 0,
    calls: calls('DeleteAccountAssignment', clients, request, assignments),
    mayBreak: [
      `User ${userName} gets no new session of ${assignments.length} assignments in AWS accounts. A role that nobody else has ` +
        'the permission set of is deleted, and what trusts it by its name does not trust the one that comes back.',
    ],
    obstacles: [],
    caveats:
      groups.length === 0
        ? []
        : [`User ${userName} holds permission sets through groups, which stay as they are: ${groups.join(', ')}.`],
  };
}

/** Only what was assigned when the plan was made comes back. */
function restores(prior: JsonObject, applied: JsonObject) {
  const ours = inState(applied, 'result');
  const back = inState(prior, 'prior state').filter((one) => ours.some((other) => isSame(one, other)));
  const assignments = back.map(({ accountId, permissionSetArn }) => ({ accountId, permissionSetArn }));
  return { prior: { assignments }, left: [] };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const { userName, own } = await standing(clients, request);
  if (own.length === 0) return { status: 'holds', detail: `User ${userName} itself has no account assignment.` };
  const where = own.map(({ accountId, permissionSetArn }) => `${permissionSetArn} in ${accountId}`);
  return { status: 'drifted', detail: `User ${userName} is assigned ${where.join(', ')}.` };
}

async function standing(clients: AwsClients, request: ActionRequest) {
  read(parametersSchema, request.parameters, 'The parameters of remove-account-assignments');
  const center = centerOf(clients);
  const { userId, userName } = await confirmPerson(center, request);
  const all = await listAssignments(center, userId);
  const own = all.filter(({ group }) => group === null);
  return { userId, userName, own, byGroup: all.filter(({ group }) => group !== null) };
}

/** Begun one after the other, then waited for together. */
async function changeAll(
  all: readonly Direct[],
  what: string,
  begin: (assignment: Assignment) => Promise<Running>,
): Promise<void> {
  const running: Running[] = [];
  await changeEach(all, what, async (one) => void running.push(await begin({ ...one, group: null })));
  await finished(running).catch((error: unknown) => {
    throw running.length > 0 ? notNothing(error) : error;
  });
}

function calls(
  operation: string,
  clients: AwsClients,
  request: ActionRequest,
  assignments: readonly Direct[],
): readonly PlannedCall[] {
  const center = centerOf(clients);
  const userId = targetPerson(request);
  return assignments.map((one) => ({
    service: 'sso-admin',
    operation,
    parameters: assignmentInput(center, userId, { ...one, group: null }),
  }));
}

function isSame(one: Direct, other: Direct): boolean {
  return one.accountId === other.accountId && one.permissionSetArn === other.permissionSetArn;
}

function inState(state: JsonObject, what: string): readonly Direct[] {
  return read(assignmentsSchema, state, `The ${what} of remove-account-assignments`).assignments;
}
