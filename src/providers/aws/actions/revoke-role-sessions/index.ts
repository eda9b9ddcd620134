import type { Role } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { findRole } from '../../confirm.ts';
import { nameInArn } from '../../names.ts';
import type { InlinePolicy } from '../../policies.ts';
import { putCall, putPolicy, readPolicy, restoreCalls, restorePolicy, sameDocument } from '../../policies.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_USER, read } from '../definition.ts';
import { REVOKE_POLICY_NAME, revokeDocument, revokedUpTo } from './document.ts';

const parametersSchema = z
  .strictObject({
    policyName: z.literal(REVOKE_POLICY_NAME),
    olderThan: z.iso.datetime(),
    policyDocument: z.string(),
  })
  .refine(({ olderThan, policyDocument }) => revokedUpTo(policyDocument) === Date.parse(olderThan), {
    path: ['policyDocument'],
  });
const priorSchema = z.object({ policyDocument: z.string().nullable() });

const EXAMPLE_TIME = '2026-01-01T12:00:00.000Z';

const facts: ActionFacts = {
  id: 'revoke-role-sessions',
  cloud: 'aws',
  title: 'Revoke older sessions of the role',
  description:
    'Puts the inline policy AWSRevokeOlderSessions on the role: sessions issued before a stated time are denied everything, ' +
    'whoever holds them. Sessions issued later work, so whoever may still assume the role comes back, and workloads of EC2, ' +
    'Lambda or ECS fetch fresh credentials at once. Roles of services and of Identity Center cannot be edited and are refused.',
  effect: 'declarative',
  reversibility: 'exact',
  permissions: [
    { name: 'iam:GetRole', resource: 'arn:aws:iam::<account>:role/*', purpose: 'what kind of role it is, who uses it' },
    { name: 'iam:GetRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'prior state, verification' },
    { name: 'iam:PutRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'the revocation' },
    { name: 'iam:DeleteRolePolicy', resource: 'arn:aws:iam::<account>:role/*', purpose: 'rollback of the revocation' },
  ],
  example: {
    action: 'revoke-role-sessions',
    cloud: 'aws',
    accountId: EXAMPLE_USER.accountId,
    principal: EXAMPLE_USER,
    target: 'arn:aws:iam::123456789012:role/deploy',
    parameters: {
      policyName: REVOKE_POLICY_NAME,
      olderThan: EXAMPLE_TIME,
      policyDocument: revokeDocument('ca_0123456789abcdef', EXAMPLE_TIME),
    },
  },
};

export const revokeRoleSessions: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request) {
      const { policy, document } = wanted(request);
      const [obstacle] = obstaclesOf(request, await findRole(clients, policy.ownerName));
      if (obstacle) throw new CordonFailure('TargetRefused', obstacle);
      await putPolicy(clients, policy, document);
      return { result: { roleName: policy.ownerName, policyName: policy.policyName } };
    },
    async verify(request) {
      const { policy, document, olderThan } = wanted(request);
      const current = await readPolicy(clients, policy);
      // A later revocation by someone else covers ours.
      if (sameDocument(current, document) || (revokedUpTo(current) ?? 0) >= Date.parse(olderThan)) {
        return { status: 'holds', detail: `Sessions of role ${policy.ownerName} from before ${olderThan} are denied.` };
      }
      const how = current === null ? 'is gone' : 'says something else';
      return { status: 'drifted', detail: `Policy ${policy.policyName} of role ${policy.ownerName} ${how}.` };
    },
    async revert(request, prior) {
      const { policy, document } = wanted(request);
      await restorePolicy(clients, policy, document, documentOf(prior));
    },
    previewRevert(request, prior) {
      const { policy, document } = wanted(request);
      return restoreCalls(policy, document, documentOf(prior));
    },
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { policy, document, olderThan } = wanted(request);
  const [role, current] = await Promise.all([findRole(clients, policy.ownerName), readPolicy(clients, policy)]);
  const obstacles = obstaclesOf(request, role);
  const alreadySo = (revokedUpTo(current) ?? 0) >= Date.parse(olderThan);
  return {
    prior: { policyDocument: current },
    alreadySo,
    calls: alreadySo || obstacles.length > 0 ? [] : [putCall(policy, document)],
    mayBreak: role ? mayBreak(policy.ownerName, olderThan, role) : [],
    obstacles,
  };
}

function obstaclesOf(request: ActionRequest, role: Role | null): string[] {
  const { principal, target } = request;
  if (!role) return [`IAM has no role ${target} (any more). Check who deleted it, then plan again.`];
  if (role.Arn !== target) return [`The role is now ${role.Arn}, not ${target}. Plan again.`];
  if (principal.arn === target && principal.uniqueId && principal.uniqueId !== role.RoleId) {
    return [`Role ${target} was created anew since the case began. Plan again.`];
  }
  if (role.Path?.startsWith('/aws-service-role/')) {
    return [`${target} is a service-linked role: its sessions cannot be revoked. A person must act in that service.`];
  }
  if (role.Path?.startsWith('/aws-reserved/') || role.RoleName?.startsWith('AWSReservedSSO_')) {
    return [
      `${target} belongs to Identity Center and cannot be edited in IAM. Disable the user there and end its sessions.`,
    ];
  }
  return [];
}

function mayBreak(name: string, olderThan: string, role: Role): string[] {
  const lines = [`Every user of role ${name}, not only the suspect, loses sessions issued before ${olderThan}.`];
  const services = decodeURIComponent(role.AssumeRolePolicyDocument ?? '').match(/[a-z0-9-]+\.amazonaws\.com/gu) ?? [];
  if (services.length > 0) {
    const list = [...new Set(services)].slice(0, 5).join(', ');
    lines.push(`Workloads of ${list} use the role: they fetch fresh sessions at once, which this does not stop.`);
  }
  const used = role.RoleLastUsed?.LastUsedDate;
  if (used) lines.push(`Role ${name} was last used ${used.toISOString()}.`);
  return lines;
}

function wanted(request: ActionRequest): { policy: InlinePolicy; document: string; olderThan: string } {
  const { policyName, policyDocument, olderThan } = read(
    parametersSchema,
    request.parameters,
    'The parameters of revoke-role-sessions',
  );
  const ownerName = nameInArn('role', request.target, request.accountId);
  return { policy: { owner: 'role', ownerName, policyName }, document: policyDocument, olderThan };
}

function documentOf(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of revoke-role-sessions').policyDocument;
}
