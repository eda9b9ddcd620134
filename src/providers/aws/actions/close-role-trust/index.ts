import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { leftToAPerson, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import { CLOSED_TRUST } from '../../mark-names.ts';
import { CASE_ID, nameInArn } from '../../names.ts';
import { putTrust, standingOf, trustCall, trustChangedByOthers } from '../../roles.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';
import type { TrustCaller } from './trust.ts';
import { callerSchema, closeTrust, sameTrust } from './trust.ts';

/** IAM's quota for a trust policy, in characters without white space; an account may have it raised to the second. */
const QUOTAS = [2048, 4096] as const;

const ROLES = 'arn:aws:iam::<account>:role/*';
const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  callers: z.array(callerSchema).min(1).max(20),
});
const priorSchema = z.object({ trustPolicy: z.string() });
const DEPLOY = 'arn:aws:iam::123456789012:role/deploy';

const facts: ActionFacts = {
  id: 'close-role-trust',
  cloud: 'aws',
  title: 'Close the way back into the role',
  description:
    "Edits the trust policy of the role so that the caller who was given the suspect's session can not assume it again: the " +
    'caller is taken out of the statement that names it, and where a statement lets it in under a wider name (everyone, an ' +
    'account, an identity provider) a Deny of exactly that caller is added. Everybody else may assume the role as before. ' +
    'Sessions that are out live on: revoke-role-sessions stops those. The caller itself is not contained; services are never ' +
    'taken out, because their compute has to be isolated.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The trust policy, read again, lets none of the callers in, whoever edited it since.',
  survives:
    'Sessions that are out: up to 12 hours, unless revoke-role-sessions stops them. Other callers of the role, ' +
    'the caller itself in its own right, and services.',
  permissions: [
    { name: 'iam:GetRole', resource: ROLES, purpose: 'the trust policy: prior state, verification' },
    { name: 'iam:UpdateAssumeRolePolicy', resource: ROLES, purpose: 'the change of the trust policy and its rollback' },
  ],
  example: example(
    'close-role-trust',
    { cloud: 'aws', kind: 'role-session', accountId: EXAMPLE_USER.accountId, name: 'deploy', arn: DEPLOY },
    { caseId: 'ca_0123456789abcdef', callers: [{ kind: 'principal', id: EXAMPLE_USER.arn }] },
  ),
};

export const closeRoleTrust: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request, prior) {
      const { roleName } = wanted(request);
      const standing = await standingOf(clients, request);
      if (standing.kind === 'fixed') throw refuseForAPerson(standing.why);
      const before = trustIn(prior);
      const document = edited(request, before).document;
      if (standing.kind === 'there' && !sameTrust(standing.trustPolicy, document)) {
        if (!sameTrust(standing.trustPolicy, before)) throw trustChangedByOthers(roleName);
        await putTrust(clients, roleName, document);
      }
      return { result: { roleName, trustPolicy: document } };
    },
    // Not whether the document is ours: whether the callers are still shut out, whoever edited it since.
    async verify(request) {
      const { roleName, callers } = wanted(request);
      const standing = await standingOf(clients, request);
      if (standing.kind === 'gone') return { status: 'holds', detail: standing.detail };
      if (standing.kind === 'fixed') return { status: 'unknown', detail: standing.why };
      const { diff } = edited(request, standing.trustPolicy);
      const who = callers.map(named).join(', ');
      return diff.length === 0
        ? { status: 'holds', detail: `The trust policy of role ${roleName} does not let in ${who}.` }
        : { status: 'drifted', detail: `The trust policy of role ${roleName} lets in ${who} (again).` };
    },
    async revert(request, prior) {
      const { roleName } = wanted(request);
      const before = trustIn(prior);
      const standing = await standingOf(clients, request);
      if (standing.kind !== 'there') throw trustChangedByOthers(roleName);
      if (sameTrust(standing.trustPolicy, before)) return;
      if (!sameTrust(standing.trustPolicy, edited(request, before).document)) throw trustChangedByOthers(roleName);
      await putTrust(clients, roleName, before);
    },
    previewRevert: (request, prior) => [trustCall(wanted(request).roleName, trustIn(prior))],
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { roleName, callers } = wanted(request);
  const standing = await standingOf(clients, request);
  if (standing.kind === 'gone') return nothingToDo({}, standing.caveats);
  if (standing.kind === 'fixed') return leftToAPerson(standing.why);
  const before = standing.trustPolicy;
  const { document, diff } = edited(request, before);
  const alreadySo = diff.length === 0;
  const who = callers.map(named).join(', ');
  return {
    prior: { trustPolicy: before },
    alreadySo,
    calls: alreadySo ? [] : [trustCall(roleName, document)],
    mayBreak: [
      `${who} can no longer assume role ${roleName}, for whatever purpose; that identity itself is not contained by this.`,
      ...diff.map((line) => `Trust policy of ${roleName}: ${line}`),
    ],
    obstacles: alreadySo ? [] : quotaObstacles(roleName, before, document),
  };
}

function quotaObstacles(roleName: string, before: string, after: string): string[] {
  const size = (text: string) => text.replaceAll(/\s/gu, '').length;
  const quota = size(before) > QUOTAS[0] ? QUOTAS[1] : QUOTAS[0];
  if (size(after) <= quota || size(after) <= size(before)) return [];
  return [
    `The trust policy of role ${roleName} leaves no room for the deny (${size(after)} of ${quota} characters). ` +
      'Shorten it, then plan again.',
  ];
}

function edited(request: ActionRequest, document: string) {
  const { caseId, callers } = wanted(request);
  return closeTrust(document, callers, CLOSED_TRUST.of(caseId));
}

function named(caller: TrustCaller): string {
  return caller.kind === 'federated' ? `${caller.subject} of ${caller.id}` : caller.id;
}

function trustIn(prior: JsonObject): string {
  return read(priorSchema, prior, 'The prior state of close-role-trust').trustPolicy;
}

function wanted(request: ActionRequest) {
  const { caseId, callers } = read(parametersSchema, request.parameters, 'The parameters of close-role-trust');
  return { caseId, callers, roleName: nameInArn('role', request.target, request.accountId) };
}
