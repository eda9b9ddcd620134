import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import {
  ALL_OWNERS,
  callOn,
  confirmOwner,
  isGone,
  ownerOf,
  permissionsOn,
  preflightElsewhere,
  RESERVED_POLICY,
} from '../../owner.ts';
import type { InlinePolicy } from '../../policies.ts';
import { putCall, putPolicy, readPolicy, removePolicy, sameDocument } from '../../policies.ts';
import { CordonFailure } from '../../../../contracts/failures.ts';
import { POLICY_NAME, UNIQUE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, changeEach, read } from '../definition.ts';

const nameSchema = z
  .string()
  .regex(POLICY_NAME)
  .refine((name) => !RESERVED_POLICY.test(name), 'a policy of Cordon itself');
const parametersSchema = z.strictObject({
  policyNames: z.array(nameSchema).min(1).max(50),
  uniqueId: z.string().regex(UNIQUE_ID),
});
const priorSchema = z.object({ policies: z.array(z.object({ policyName: nameSchema, policyDocument: z.string() })) });
type Prior = z.output<typeof priorSchema>['policies'];

const facts: ActionFacts = {
  id: 'remove-inline-policies',
  cloud: 'aws',
  title: 'Remove inline policies that the suspect put',
  description:
    'Deletes from a user, role or group exactly the inline policies that the log shows the suspect putting on it; what they said is kept ' +
    'in the ledger, and a rollback puts it back to the letter. If a policy of the same name was there before the suspect, ' +
    'what that one allowed is not restored: IAM keeps no older versions of inline policies.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'None of these policies can be read on the identity any more.',
  survives: 'Whatever the identity may do by other policies. What was done meanwhile.',
  permissions: [
    ...permissionsOn('Get', '', 'is it still the identity on which they were put', ALL_OWNERS),
    ...permissionsOn('Get', 'Policy', 'prior state, verification', ALL_OWNERS),
    ...permissionsOn('Delete', 'Policy', 'the change', ALL_OWNERS),
    ...permissionsOn('Put', 'Policy', 'its rollback', ALL_OWNERS),
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'remove-inline-policies',
    parameters: { policyNames: ['admin'], uniqueId: 'AIDAEXAMPLEBACKDOOR' },
  },
};

export const removeInlinePolicies: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      const { owner, uniqueId } = wanted(request);
      const elsewhere = await preflightElsewhere(clients, request, { policies: [] }, uniqueId);
      if (elsewhere) return elsewhere;
      const policies = await present(clients, request);
      return {
        prior: { policies },
        alreadySo: policies.length === 0,
        calls: policies.map(({ policyName }) => callOn(owner, 'DeleteOwnerPolicy', { PolicyName: policyName })),
        mayBreak: policies.map(
          ({ policyName }) => `What inline policy ${policyName} says of ${owner.kind} ${owner.name} no longer counts.`,
        ),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const owner = await confirmOwner(clients, request, wanted(request).uniqueId);
      const before = policiesIn(prior);
      const found = await present(clients, request);
      // Only what the ledger holds can be put back.
      const unknown = found.find(
        ({ policyName, policyDocument }) =>
          !before.some((one) => one.policyName === policyName && sameDocument(one.policyDocument, policyDocument)),
      );
      if (unknown) throw changed(request, unknown.policyName);
      const names = found.map(({ policyName }) => policyName);
      await changeEach(names, 'inline policies were removed', (name) => removePolicy(clients, policyOf(request, name)));
      return { result: { ...owner, removed: before.map(({ policyName }) => policyName) } };
    },
    async verify(request) {
      const { owner, uniqueId } = wanted(request);
      const found = (await isGone(clients, request, uniqueId)) ? [] : await present(clients, request);
      const there = found.map(({ policyName }) => policyName);
      const who = `${owner.kind} ${owner.name}`;
      if (there.length > 0)
        return { status: 'drifted', detail: `There again on ${who}: inline policies ${there.join(', ')}.` };
      return { status: 'holds', detail: `No inline policy that the suspect put on ${who} is left.` };
    },
    async revert(request, prior) {
      const before = policiesIn(prior);
      await confirmOwner(clients, request, wanted(request).uniqueId);
      const now = new Map((await present(clients, request)).map((one) => [one.policyName, one.policyDocument]));
      const other = before.find(
        ({ policyName, policyDocument }) => !sameDocument(now.get(policyName) ?? policyDocument, policyDocument),
      );
      if (other) throw changed(request, other.policyName);
      for (const { policyName, policyDocument } of before) {
        if (!now.has(policyName)) await putPolicy(clients, policyOf(request, policyName), policyDocument);
      }
    },
    previewRevert: (request, prior) =>
      policiesIn(prior).map(({ policyName, policyDocument }) => putCall(policyOf(request, policyName), policyDocument)),
  }),
};

async function present(clients: AwsClients, request: ActionRequest): Promise<Prior> {
  const found = wanted(request).policyNames.map(async (policyName) => {
    const policyDocument = await readPolicy(clients, policyOf(request, policyName));
    return policyDocument === null ? [] : [{ policyName, policyDocument }];
  });
  return (await Promise.all(found)).flat();
}

function changed({ target }: ActionRequest, policyName: string): CordonFailure {
  return new CordonFailure(
    'Conflict',
    `Inline policy ${policyName} of ${target} was changed by someone else since; it is left as it is.`,
  );
}

function policyOf(request: ActionRequest, policyName: string): InlinePolicy {
  const { kind, name } = ownerOf(request);
  return { owner: kind, ownerName: name, policyName };
}

function policiesIn(prior: JsonObject): Prior {
  return read(priorSchema, prior, 'The prior state of remove-inline-policies').policies;
}

function wanted(request: ActionRequest) {
  const { policyNames, uniqueId } = read(
    parametersSchema,
    request.parameters,
    'The parameters of remove-inline-policies',
  );
  return { owner: ownerOf(request), policyNames, uniqueId };
}
