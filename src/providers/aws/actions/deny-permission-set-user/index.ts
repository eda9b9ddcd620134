import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AwsClients, IdentityCenter } from '../../clients.ts';
import { denyOf, standing, withDeny, withoutDeny } from '../../identity-center/deny-statement.ts';
import { centerOf, confirmPerson, targetPerson } from '../../identity-center/people.ts';
import { inTurns, outdatedAccounts, readInline, writeInline } from '../../identity-center/permission-sets.ts';
import { HOLDING_PERMISSIONS, writing } from '../../identity-center/permissions.ts';
import type { Running } from '../../identity-center/requests.ts';
import { finished, notNothing, provision } from '../../identity-center/requests.ts';
import { CASE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_PERSON, read } from '../definition.ts';
import { preflight } from './preflight.ts';
import { verify } from './verify.ts';

const parametersSchema = z.strictObject({ caseId: z.string().regex(CASE_ID) });
const setSchema = z.object({ arn: z.string().min(1), inlinePolicy: z.string().nullable() });
/** Of the prior state and of the result alike. */
const stateSchema = z.object({ permissionSets: z.array(setSchema) });
type SetBefore = z.output<typeof setSchema>;

const facts: ActionFacts = {
  id: 'deny-permission-set-user',
  cloud: 'aws',
  title: "Deny everything to the user in its permission sets' roles",
  description:
    'Adds to the inline policy of every permission set that the Identity Center user holds, itself or through a group, a statement ' +
    'that denies everything to the user id (identitystore:userId), and provisions the permission sets to all their accounts. It ' +
    'stops live sessions and later ones of this person in every account; others with the same permission set go on. The ' +
    "SDK has no call that disables a user or ends sessions of the access portal: a person does that, by SCIM's PatchUser where " +
    'automatic provisioning is on (active: false), or in the console. It stays until it is rolled back; a tool that manages the inline ' +
    'policy may remove it.',
  effect: 'declarative',
  reversibility: 'exact',
  proof:
    'The inline policy of each permission set reads back with the statement, no account has an older version of the permission ' +
    'set, and the role of the session has the statement in IAM.',
  survives:
    'The sign-in to the access portal and to applications there, until a person disables the user and deletes its sessions. ' +
    'Sessions of other roles that it assumed: up to 12 hours, unless revoke-role-sessions stops them. sts:GetCallerIdentity, always.',
  permissions: [
    ...HOLDING_PERMISSIONS,
    { name: 'sso:DescribePermissionSet', resource: '*', purpose: 'the names of permission sets' },
    {
      name: 'sso:ListPermissionSetsProvisionedToAccount',
      resource: '*',
      purpose: 'the permission set behind a session',
    },
    { name: 'sso:GetInlinePolicyForPermissionSet', resource: '*', purpose: 'prior state, verification' },
    { name: 'sso:ListAccountsForProvisionedPermissionSet', resource: '*', purpose: 'is it in force everywhere' },
    { name: 'sso:DescribePermissionSetProvisioningStatus', resource: '*', purpose: 'is the provisioning done' },
    { name: 'iam:ListRolePolicies', resource: 'arn:aws:iam::<account>:role/*', purpose: 'verification in the account' },
    { name: 'iam:GetRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'verification in the account' },
    ...writing('sso:PutInlinePolicyToPermissionSet', 'the deny'),
    ...writing('sso:DeleteInlinePolicyFromPermissionSet', 'rollback of the deny'),
    ...writing('sso:ProvisionPermissionSet', 'the deny in every account'),
  ],
  example: {
    ...example('deny-permission-set-user', EXAMPLE_PERSON, { caseId: 'ca_0123456789abcdef' }),
    target: `arn:aws:identitystore:::user/${EXAMPLE_PERSON.uniqueId}`,
  },
};

export const denyPermissionSetUser: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: async (request) => preflight(clients, request, denyFor(request)),
    async apply(request, prior) {
      const permissionSets = setsIn(prior);
      await deny(
        clients,
        request,
        permissionSets.map(({ arn }) => arn),
      );
      return { result: { permissionSets: permissionSets.map((set) => ({ ...set })) } };
    },
    verify: async (request, applied) => verify(clients, request, denyFor(request), arnsIn(applied)),
    revert: async (request, _prior, applied) => revert(clients, request, applied),
    previewRevert: (_request, _prior, applied) => beforeUs(applied).flatMap((set) => revertCalls(clients, set)),
    restores,
  }),
};

/** All are put first, then waited for: the first that is in force must not wait for the last. */
async function deny(clients: AwsClients, request: ActionRequest, arns: readonly string[]): Promise<void> {
  const statement = denyFor(request);
  const center = centerOf(clients);
  await confirmPerson(center, request);
  const running: Running[] = [];
  let isWritten = false;
  try {
    for (const arn of arns) {
      const current = await readInline(center, arn);
      const stands = standing(current, statement);
      if (stands === 'changed') throw changed(arn);
      if (stands === 'absent') await writeInline(center, arn, withDeny(current, statement));
      isWritten ||= stands === 'absent';
      running.push(...(await provisionWhere(center, arn, stands === 'absent')));
    }
    await finished(running);
  } catch (error) {
    throw isWritten ? notNothing(error) : error;
  }
}

/** A permission set that was given later, in another round, has no place in the first prior state: what was before it stands in the result. */
async function revert(clients: AwsClients, request: ActionRequest, applied: JsonObject): Promise<void> {
  const statement = denyFor(request);
  const center = centerOf(clients);
  const sets = beforeUs(applied);
  const running: Running[] = [];
  for (const { arn, inlinePolicy } of sets) {
    const current = await readInline(center, arn);
    const stands = standing(current, statement);
    if (stands === 'changed') throw changed(arn);
    if (current !== null && stands === 'ours') {
      await writeInline(center, arn, withoutDeny(current, statement, inlinePolicy));
    }
    running.push(...(await provisionWhere(center, arn, stands === 'ours')));
  }
  await finished(running);
  // The user may not hold all of them any more, and then nothing else reads them.
  const left = await inTurns(sets, async ({ arn }) => ({
    arn,
    stands: standing(await readInline(center, arn), statement),
  }));
  const open = left.find(({ stands }) => stands !== 'absent');
  if (open) throw changed(open.arn);
}

/** An earlier try may have changed the policy and then not come to this. */
async function provisionWhere(center: IdentityCenter, arn: string, written: boolean): Promise<readonly Running[]> {
  const needed = written || (await outdatedAccounts(center, arn)).length > 0;
  return needed ? [await provision(center, arn)] : [];
}

/** Of each permission set what the first round found, in which our statement was not there yet. */
function beforeUs(applied: JsonObject): readonly SetBefore[] {
  const { permissionSets } = read(stateSchema, applied, 'The result of deny-permission-set-user');
  return [...new Map(permissionSets.toReversed().map((set) => [set.arn, set])).values()].toReversed();
}

/** As it was read for each permission set that was changed; one that the user does not hold any more, the revert itself has read. */
function restores(prior: JsonObject, applied: JsonObject) {
  const known = new Map(setsIn(prior).map((set) => [set.arn, set]));
  const sets = beforeUs(applied).map((set) => known.get(set.arn) ?? set);
  const permissionSets = sets.toSorted((a, b) => (a.arn < b.arn ? -1 : 1)).map((set) => ({ ...set }));
  return { prior: { permissionSets }, left: [] };
}

function revertCalls(clients: AwsClients, { arn, inlinePolicy }: SetBefore): readonly PlannedCall[] {
  const names = { InstanceArn: centerOf(clients).instanceArn, PermissionSetArn: arn };
  const service = 'sso-admin';
  const back =
    inlinePolicy === null
      ? { service, operation: 'DeleteInlinePolicyFromPermissionSet', parameters: names }
      : { service, operation: 'PutInlinePolicyToPermissionSet', parameters: { ...names, InlinePolicy: inlinePolicy } };
  const parameters = { ...names, TargetType: 'ALL_PROVISIONED_ACCOUNTS' };
  return [back, { service, operation: 'ProvisionPermissionSet', parameters }];
}

function changed(arn: string): CordonFailure {
  const message = `Cordon's statement in the inline policy of ${arn} was changed by someone else; it is left as it is.`;
  return new CordonFailure('Conflict', message);
}

function denyFor(request: ActionRequest) {
  const { caseId } = read(parametersSchema, request.parameters, 'The parameters of deny-permission-set-user');
  return denyOf(caseId, targetPerson(request));
}

function setsIn(prior: JsonObject): readonly SetBefore[] {
  return read(stateSchema, prior, 'The prior state of deny-permission-set-user').permissionSets;
}

function arnsIn(applied: JsonObject): readonly string[] {
  const { permissionSets } = read(stateSchema, applied, 'The result of deny-permission-set-user');
  return [...new Set(permissionSets.map(({ arn }) => arn))];
}
