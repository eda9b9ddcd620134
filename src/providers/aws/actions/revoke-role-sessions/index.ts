import type { Role } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import type { AwsClients, AwsSettings } from '../../clients.ts';
import { leftToAPerson, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import { CASE_ID, nameInArn } from '../../names.ts';
import type { InlinePolicy } from '../../policies.ts';
import { putCall, putPolicy, readPolicy, restoreCalls, restorePolicy } from '../../policies.ts';
import { standingOf } from '../../roles.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';
import { REVOKE_POLICY_NAME, revokeDocument, revokedUpTo } from './document.ts';

const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  policyName: z.literal(REVOKE_POLICY_NAME),
});
const PRIOR = 'The prior state of revoke-role-sessions';
const appliedSchema = z.object({ olderThan: z.iso.datetime() });
const priorSchema = appliedSchema.extend({ policyDocument: z.string().nullable() });

const facts: ActionFacts = {
  id: 'revoke-role-sessions',
  cloud: 'aws',
  title: 'Revoke older sessions of the role',
  description:
    'Puts the inline policy AWSRevokeOlderSessions on the role: sessions issued before the moment of the change, or within the ' +
    'seconds after it that IAM needs to propagate, are denied everything, whoever holds them. Sessions issued later work, so ' +
    'whoever may still assume the role comes back, and so do workloads of EC2, Lambda or ECS once they fetch fresh ' +
    'credentials. Roles of services and of Identity Center cannot be edited and are refused.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The policy, read again, denies every session issued before the moment of the change, or before a later one.',
  survives:
    'Sessions issued after that moment, for as long as someone may assume the role: close-role-trust closes the ' +
    'way back; compute has to be isolated by hand.',
  chosenInPrior: ['olderThan'],
  permissions: [
    { name: 'iam:GetRole', resource: 'arn:aws:iam::<account>:role/*', purpose: 'what kind of role it is, who uses it' },
    { name: 'iam:GetRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'prior state, verification' },
    { name: 'iam:PutRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'the revocation' },
    { name: 'iam:DeleteRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'rollback of the revocation' },
  ],
  example: {
    ...example('revoke-role-sessions', EXAMPLE_USER, {
      caseId: 'ca_0123456789abcdef',
      policyName: REVOKE_POLICY_NAME,
    }),
    target: 'arn:aws:iam::123456789012:role/deploy',
  },
};

export const revokeRoleSessions: AwsActionDefinition = {
  facts,
  create: (clients, settings): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, settings, request),
    async apply(request, prior) {
      const { caseId, policy } = wanted(request);
      const { olderThan } = read(priorSchema, prior, PRIOR);
      const standing = await standingOf(clients, request);
      if (standing.kind === 'fixed') throw refuseForAPerson(standing.why);
      const policyDocument = revokeDocument(caseId, olderThan);
      // A retry finds its own document, or a later revocation by someone else, which ours would weaken.
      if (standing.kind === 'there' && !covers(await readPolicy(clients, policy), olderThan))
        await putPolicy(clients, policy, policyDocument);
      return { result: { roleName: policy.ownerName, policyName: policy.policyName, olderThan, policyDocument } };
    },
    async verify(request, applied) {
      const { policy } = wanted(request);
      const { olderThan } = read(appliedSchema, applied, 'The result of revoke-role-sessions');
      const [standing, current] = await Promise.all([standingOf(clients, request), readPolicy(clients, policy)]);
      if (standing.kind === 'gone') return { status: 'holds', detail: standing.detail };
      if (covers(current, olderThan)) {
        return { status: 'holds', detail: `Sessions of role ${policy.ownerName} from before ${olderThan} are denied.` };
      }
      const how = current === null ? 'is gone' : 'says something else';
      return { status: 'drifted', detail: `Policy ${policy.policyName} of role ${policy.ownerName} ${how}.` };
    },
    // What we put is known from the prior state alone: it can be taken back even where the result of apply was lost.
    async revert(request, prior) {
      const { caseId, policy } = wanted(request);
      const { olderThan, policyDocument } = read(priorSchema, prior, PRIOR);
      await restorePolicy(clients, policy, revokeDocument(caseId, olderThan), policyDocument);
    },
    previewRevert(request, prior) {
      const { caseId, policy } = wanted(request);
      const { olderThan, policyDocument } = read(priorSchema, prior, PRIOR);
      return restoreCalls(policy, revokeDocument(caseId, olderThan), policyDocument);
    },
  }),
};

/**
 * The time of revocation is fixed here and kept with the prior state, so that retries put the same document. It is the moment
 * of the change and not of the plan: until the approval the suspect may mint more sessions. It lies ahead by the time that
 * the deny on the suspect needs to bind everywhere, because until then it may mint still.
 *
 * The calls and `mayBreak` have that time in words: the approver reads them long before.
 */
async function preflight(clients: AwsClients, settings: AwsSettings, request: ActionRequest): Promise<Preflight> {
  const { caseId, policy } = wanted(request);
  const marginSeconds = settings.propagationSeconds ?? 15;
  const [standing, current] = await Promise.all([standingOf(clients, request), readPolicy(clients, policy)]);
  if (standing.kind === 'fixed') return leftToAPerson(standing.why);
  const now = settings.now?.() ?? new Date();
  const olderThan = new Date(now.getTime() + marginSeconds * 1000).toISOString();
  if (standing.kind === 'gone') return nothingToDo({ policyDocument: null, olderThan }, standing.caveats);
  // In practice never: a revocation of the past, even of a minute ago, says nothing of sessions that were minted since.
  const alreadySo = covers(current, olderThan);
  const preview = putCall(policy, revokeDocument(caseId, `<the moment of the change + ${marginSeconds} s>`));
  return {
    prior: { policyDocument: current, olderThan },
    alreadySo,
    calls: alreadySo ? [] : [preview],
    mayBreak: mayBreak(policy.ownerName, marginSeconds, standing.role),
    obstacles: [],
  };
}

/** Whether the document denies every session from before `olderThan`; a later revocation by someone else does so as well. */
function covers(document: string | null, olderThan: string): boolean {
  return (revokedUpTo(document) ?? 0) >= Date.parse(olderThan);
}

function mayBreak(name: string, marginSeconds: number, role: Role): string[] {
  const lines = [
    `Every user of role ${name}, not only the suspect, loses the sessions issued before the change and up to ${marginSeconds} s ` +
      'after it. How many those are is not counted: AWS lists no sessions. Whoever may assume the role gets fresh ones that work ' +
      'after those seconds.',
  ];
  const services = decodeURIComponent(role.AssumeRolePolicyDocument ?? '').match(/[a-z0-9-]+\.amazonaws\.com/gu) ?? [];
  if (services.length > 0) {
    const list = [...new Set(services)].slice(0, 5).join(', ');
    lines.push(`Workloads of ${list} use the role: they fetch fresh sessions, and those from after that work.`);
  }
  const used = role.RoleLastUsed?.LastUsedDate;
  if (used) lines.push(`Role ${name} was last used ${used.toISOString()}.`);
  return lines;
}

function wanted(request: ActionRequest): { readonly caseId: string; readonly policy: InlinePolicy } {
  const { caseId, policyName } = read(parametersSchema, request.parameters, 'The parameters of revoke-role-sessions');
  const ownerName = nameInArn('role', request.target, request.accountId);
  return { caseId, policy: { owner: 'role', ownerName, policyName } };
}
