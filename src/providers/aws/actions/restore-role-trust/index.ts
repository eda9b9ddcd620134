import type { Role } from '@aws-sdk/client-iam';
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { findRole } from '../../confirm.ts';
import { documentDigest, meaningOf, statementDiff } from '../../documents.ts';
import { leftToAPerson, refuseForAPerson } from '../../hunt/by-hand.ts';
import { DIGEST } from '../../hunt/details.ts';
import type { Owner } from '../../hunt/owner.ts';
import { callOn, confirmOwner, EXAMPLE_LEFT, findOwner } from '../../hunt/owner.ts';
import { nameInArn, UNIQUE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_USER, read } from '../definition.ts';
import { roleObstacles } from '../revoke-role-sessions/index.ts';

const ROLES = 'arn:aws:iam::<account>:role/*';
const document = z.string().max(10_000);
const parametersSchema = z.strictObject({
  /** What stood there before the suspect. */
  trustPolicy: document,
  /** Digests of what the suspect put there. */
  putBySuspect: z.array(z.string().regex(DIGEST)).min(1).max(50),
  uniqueId: z.string().regex(UNIQUE_ID),
});
const priorSchema = z.object({ trustPolicy: document.nullable() });

const facts: ActionFacts = {
  id: 'restore-role-trust',
  cloud: 'aws',
  title: 'Restore the trust policy of a role that the suspect changed',
  description:
    'Puts back the trust policy that the role had before the suspect changed it, to the letter, as an older event of the log has ' +
    "it: whom the suspect let in can not assume the role any more. Only while what stands there is the suspect's; where somebody " +
    'else has edited it since, nothing is changed. Sessions that are out live on.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The trust policy, read again, says what it said before the suspect, or IAM does not know the role any more.',
  survives:
    'Sessions of the role that are out: up to 12 hours; revoke-role-sessions stops those of a role in the plan.',
  permissions: [
    { name: 'iam:GetRole', resource: ROLES, purpose: 'the trust policy: prior state, verification' },
    { name: 'iam:UpdateAssumeRolePolicy', resource: ROLES, purpose: 'the change and its rollback' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'restore-role-trust',
    target: 'arn:aws:iam::123456789012:role/deploy',
    parameters: {
      trustPolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: EXAMPLE_USER.arn }, Action: 'sts:AssumeRole' }],
      }),
      putBySuspect: ['8df2f073ea33e7d41beb837ea66d13c97381b1fd95146229b0f7bd4c9ceb25e5'],
      uniqueId: 'AROAEXAMPLEDEPLOY',
    },
  },
};

export const restoreRoleTrust: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request, prior) {
      const { owner, trustPolicy, uniqueId } = wanted(request);
      trustIn(prior);
      await confirmOwner(clients, request, uniqueId);
      const { current } = await readTrust(clients, request);
      const standing = judge(request, current);
      if (standing === 'other') throw changedByOthers(owner);
      if (standing === 'suspect') await update(clients, owner, trustPolicy);
      return { result: { roleName: owner.name, trustPolicy } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      const { owner, uniqueId } = wanted(request);
      const before = trustIn(prior);
      await confirmOwner(clients, request, uniqueId);
      const { current } = await readTrust(clients, request);
      if (before === null || meaningOf(current) === meaningOf(before)) return;
      if (judge(request, current) !== 'former') throw changedByOthers(owner);
      await update(clients, owner, before);
    },
    previewRevert(request, prior) {
      const before = trustIn(prior);
      const { owner } = wanted(request);
      return before === null ? [] : [callOn(owner, 'UpdateAssumeRolePolicy', { PolicyDocument: before })];
    },
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { owner, trustPolicy, uniqueId } = wanted(request);
  const nothing = { alreadySo: true, calls: [], mayBreak: [], obstacles: [] };
  if (!(await findOwner(clients, request, uniqueId))) return { ...nothing, prior: { trustPolicy: null } };
  const { role, current } = await readTrust(clients, request);
  const [obstacle] = roleObstacles(request, role);
  const standing = judge(request, current);
  if (standing === 'former') return { ...nothing, prior: { trustPolicy: current } };
  if (obstacle) return leftToAPerson(obstacle);
  if (standing === 'other') return leftToAPerson(`${neither(owner)} Somebody else has edited it since.`);
  return {
    prior: { trustPolicy: current },
    alreadySo: false,
    calls: [callOn(owner, 'UpdateAssumeRolePolicy', { PolicyDocument: trustPolicy })],
    mayBreak: [
      `Whom only the suspect's trust policy lets into role ${owner.name} can no longer assume it.`,
      ...statementDiff(current, trustPolicy).map((line) => `Trust policy of ${owner.name}: ${line}`),
    ],
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const { owner, uniqueId } = wanted(request);
  if (!(await findOwner(clients, request, uniqueId))) {
    return { status: 'holds', detail: `IAM does not know role ${owner.name} any more.` };
  }
  const { current } = await readTrust(clients, request);
  const standing = judge(request, current);
  if (standing === 'other') return { status: 'unknown', detail: `${neither(owner)} Look at whom it lets in.` };
  return standing === 'former'
    ? { status: 'holds', detail: `The trust policy of role ${owner.name} says what it said before the suspect.` }
    : { status: 'drifted', detail: `The trust policy of role ${owner.name} is (again) as the suspect put it.` };
}

function judge(request: ActionRequest, current: string): 'former' | 'suspect' | 'other' {
  const { trustPolicy, putBySuspect } = wanted(request);
  if (meaningOf(current) === meaningOf(trustPolicy)) return 'former';
  return putBySuspect.includes(documentDigest(current) ?? '') ? 'suspect' : 'other';
}

async function readTrust(clients: AwsClients, request: ActionRequest): Promise<{ role: Role; current: string }> {
  const { owner } = wanted(request);
  const role = await findRole(clients, owner.name);
  if (!role) throw refuseForAPerson(`IAM does not know role ${owner.name} (any more).`);
  return { role, current: decodeURIComponent(role.AssumeRolePolicyDocument ?? '') };
}

async function update({ iam }: AwsClients, { name: RoleName }: Owner, PolicyDocument: string): Promise<void> {
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
}

function neither({ name }: Owner): string {
  return `The trust policy of role ${name} is neither what the suspect put nor what stood there before.`;
}

function changedByOthers({ name }: Owner): CordonFailure {
  return new CordonFailure(
    'Conflict',
    `The trust policy of role ${name} was changed by someone else since; it is left as it is.`,
  );
}

function trustIn(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of restore-role-trust').trustPolicy;
}

function wanted(request: ActionRequest) {
  const parameters = read(parametersSchema, request.parameters, 'The parameters of restore-role-trust');
  const owner: Owner = { kind: 'role', name: nameInArn('role', request.target, request.accountId) };
  return { owner, ...parameters };
}
