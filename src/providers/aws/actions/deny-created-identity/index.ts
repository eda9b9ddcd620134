import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { DENY_ALL } from '../../deny.ts';
import { confirmOwner, isGone, ownerOf, permissionsOn, preflightElsewhere } from '../../owner.ts';
import { DENY_POLICY } from '../../mark-names.ts';
import { CASE_ID, UNIQUE_ID } from '../../names.ts';
import type { InlinePolicy } from '../../policies.ts';
import { putCall, putPolicy, readPolicy, restoreCalls, restorePolicy, sameDocument } from '../../policies.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, read } from '../definition.ts';

const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  policyName: z.string().refine(DENY_POLICY.isMade),
  uniqueId: z.string().regex(UNIQUE_ID),
});
const priorSchema = z.object({ policyDocument: z.string().nullable() });

const facts: ActionFacts = {
  id: 'deny-created-identity',
  cloud: 'aws',
  title: 'Deny everything to an identity that the suspect created',
  description:
    'Puts an inline policy that denies every action, without a condition, on a user or role that the suspect created: its keys, ' +
    'password and sessions are of no use, whoever holds them, and a role may be assumed but can do nothing. The identity is ' +
    'not deleted. Sessions of other roles that it assumed meanwhile live on.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The policy reads back to the letter, or IAM does not know the identity any more.',
  survives:
    'Sessions of other roles that the identity assumed: up to 12 hours. The identity itself, denied everything, ' +
    'until a person deletes it.',
  permissions: [
    ...permissionsOn('Get', '', 'is it still the identity that the suspect created'),
    ...permissionsOn('Get', 'Policy', 'prior state, verification'),
    ...permissionsOn('Put', 'Policy', 'the deny'),
    ...permissionsOn('Delete', 'Policy', 'rollback of the deny'),
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'deny-created-identity',
    parameters: {
      caseId: 'ca_0123456789abcdef',
      policyName: 'CordonDeny-ca_0123456789abcdef',
      uniqueId: 'AIDAEXAMPLEBACKDOOR',
    },
  },
};

export const denyCreatedIdentity: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      const { policy, uniqueId } = wanted(request);
      const elsewhere = await preflightElsewhere(clients, request, { policyDocument: null }, uniqueId);
      if (elsewhere) return elsewhere;
      const current = await readPolicy(clients, policy);
      const alreadySo = sameDocument(current, DENY_ALL);
      return {
        prior: { policyDocument: current },
        alreadySo,
        calls: alreadySo ? [] : [putCall(policy, DENY_ALL)],
        mayBreak: [`Everything that runs as ${policy.owner} ${policy.ownerName}, which the suspect created, stops.`],
        obstacles: [],
      };
    },
    async apply(request) {
      const { policy, uniqueId } = wanted(request);
      await confirmOwner(clients, request, uniqueId);
      await putPolicy(clients, policy, DENY_ALL);
      return { result: { owner: policy.owner, ownerName: policy.ownerName, policyName: policy.policyName } };
    },
    async verify(request) {
      const { policy, uniqueId } = wanted(request);
      const who = `${policy.owner} ${policy.ownerName}`;
      if (await isGone(clients, request, uniqueId)) {
        return { status: 'holds', detail: `IAM does not know ${who} any more.` };
      }
      const current = await readPolicy(clients, policy);
      if (sameDocument(current, DENY_ALL)) return { status: 'holds', detail: `Everything is denied to ${who}.` };
      const how = current === null ? 'is gone' : 'says something else';
      return { status: 'drifted', detail: `Policy ${policy.policyName} of ${who} ${how}.` };
    },
    async revert(request, prior) {
      const { policy, uniqueId } = wanted(request);
      await confirmOwner(clients, request, uniqueId);
      await restorePolicy(clients, policy, DENY_ALL, documentOf(prior));
    },
    previewRevert: (request, prior) => restoreCalls(wanted(request).policy, DENY_ALL, documentOf(prior)),
  }),
};

function wanted(request: ActionRequest): { readonly policy: InlinePolicy; readonly uniqueId: string } {
  const { policyName, uniqueId } = read(
    parametersSchema,
    request.parameters,
    'The parameters of deny-created-identity',
  );
  const { kind, name } = ownerOf(request);
  return { policy: { owner: kind, ownerName: name, policyName }, uniqueId };
}

function documentOf(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of deny-created-identity').policyDocument;
}
