import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { documentDigest, meaningOf, statementDiff } from '../../documents.ts';
import { leftToAPerson, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import { DIGEST, UNIQUE_ID, nameInArn } from '../../names.ts';
import { putTrust, standingOf, trustCall, trustChangedByOthers } from '../../roles.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, EXAMPLE_USER, read } from '../definition.ts';

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
      const { roleName, trustPolicy, uniqueId } = wanted(request);
      const standing = await standingOf(clients, request, uniqueId);
      if (standing.kind === 'fixed') throw refuseForAPerson(standing.why);
      const says = standing.kind === 'there' && judge(request, standing.trustPolicy);
      if (says === 'other') throw refuseForAPerson(neither(roleName));
      trustIn(prior);
      if (says === 'suspect') await putTrust(clients, roleName, trustPolicy);
      return { result: { roleName, trustPolicy } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      const { roleName, uniqueId } = wanted(request);
      const before = trustIn(prior);
      const standing = await standingOf(clients, request, uniqueId);
      if (standing.kind !== 'there') throw trustChangedByOthers(roleName);
      const current = standing.trustPolicy;
      if (before === null || meaningOf(current) === meaningOf(before)) return;
      if (judge(request, current) !== 'former') throw trustChangedByOthers(roleName);
      await putTrust(clients, roleName, before);
    },
    previewRevert(request, prior) {
      const before = trustIn(prior);
      return before === null ? [] : [trustCall(wanted(request).roleName, before)];
    },
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { roleName, trustPolicy, uniqueId } = wanted(request);
  const standing = await standingOf(clients, request, uniqueId);
  if (standing.kind === 'gone') return nothingToDo({ trustPolicy: null }, standing.caveats);
  if (standing.kind === 'fixed') return leftToAPerson(standing.why);
  const current = standing.trustPolicy;
  const says = judge(request, current);
  if (says === 'former') return nothingToDo({ trustPolicy: current });
  if (says === 'other') return leftToAPerson(`${neither(roleName)} Somebody else has edited it since.`);
  return {
    prior: { trustPolicy: current },
    alreadySo: false,
    calls: [trustCall(roleName, trustPolicy)],
    mayBreak: [
      `Whom only the suspect's trust policy lets into role ${roleName} can no longer assume it.`,
      ...statementDiff(current, trustPolicy).map((line) => `Trust policy of ${roleName}: ${line}`),
    ],
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const { roleName, uniqueId } = wanted(request);
  const standing = await standingOf(clients, request, uniqueId);
  if (standing.kind === 'gone') return { status: 'holds', detail: standing.detail };
  if (standing.kind === 'fixed') return { status: 'unknown', detail: standing.why };
  const says = judge(request, standing.trustPolicy);
  if (says === 'other') return { status: 'unknown', detail: `${neither(roleName)} Look at whom it lets in.` };
  return says === 'former'
    ? { status: 'holds', detail: `The trust policy of role ${roleName} says what it said before the suspect.` }
    : { status: 'drifted', detail: `The trust policy of role ${roleName} is (again) as the suspect put it.` };
}

function judge(request: ActionRequest, current: string): 'former' | 'suspect' | 'other' {
  const { trustPolicy, putBySuspect } = wanted(request);
  if (meaningOf(current) === meaningOf(trustPolicy)) return 'former';
  return putBySuspect.includes(documentDigest(current) ?? '') ? 'suspect' : 'other';
}

function neither(roleName: string): string {
  return `The trust policy of role ${roleName} is neither what the suspect put nor what stood there before.`;
}

function trustIn(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of restore-role-trust').trustPolicy;
}

function wanted(request: ActionRequest) {
  const parameters = read(parametersSchema, request.parameters, 'The parameters of restore-role-trust');
  return { roleName: nameInArn('role', request.target, request.accountId), ...parameters };
}
