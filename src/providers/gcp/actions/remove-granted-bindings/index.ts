import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { policyResource } from '../../left-behind.ts';
import { changePolicy, readPolicy } from '../../policies.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { example, EXAMPLE_ACCOUNT, read } from '../definition.ts';
import type { Grant } from '../remove-iam-bindings/grants.ts';
import { findIn, grantSchema, keyOf, policyCall, withAgain, without } from '../remove-iam-bindings/grants.ts';

const ID = 'remove-granted-bindings';
const PRIOR = `The prior state of ${ID}`;
const parametersSchema = z.strictObject({
  granted: z
    .array(grantSchema.omit({ resource: true }))
    .min(1)
    .max(1000),
});
const priorSchema = z.object({ grants: z.array(grantSchema), shared: z.array(z.string()) });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Remove roles that the identity gave to others',
  description:
    'Takes out of one policy, of a configured project or of one of its service accounts, exactly the members that the audit log ' +
    'shows the identity putting there, each under the same role and condition; everybody else and all conditions stay. If ' +
    'somebody had the role there before as well, it is gone too. Written with the etag that it was read with. A rollback puts ' +
    'them back.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The policy, read again, has none of these members under these roles and conditions.',
  survives:
    'The roles for the minutes that a policy takes to bind. Tokens and keys that were made with them meanwhile.',
  // Whether others hold a role as well is their affair: a restored target need not equal it.
  chosenInPrior: ['shared'],
  permissions: (['getIamPolicy', 'setIamPolicy'] as const).flatMap((verb) => {
    const purpose = verb === 'getIamPolicy' ? 'prior state, verification' : 'the change and its rollback';
    return [
      { name: `iam.serviceAccounts.${verb}`, resource: 'project', purpose },
      { name: `resourcemanager.projects.${verb}`, resource: 'project', purpose },
    ];
  }),
  example: {
    ...example(ID, EXAMPLE_ACCOUNT, {
      granted: [{ role: 'roles/owner', member: 'user:mallory@example.net', condition: null }],
    }),
    target: '//cloudresourcemanager.googleapis.com/projects/example-project',
  },
};

export const removeGrantedBindings: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      const { resource, grants } = wanted(request, projects);
      const found = findIn(resource, (await readPolicy(clients, resource)).bindings, grants);
      const present = found.map(({ grant }) => grant);
      return {
        prior: { grants: present, shared: found.filter(({ shared }) => shared).map(({ grant }) => keyOf(grant)) },
        alreadySo: present.length === 0,
        calls: present.length === 0 ? [] : [policyCall([resource, present], 'REMOVE')],
        mayBreak: present.map(({ member, role }) => `${member} loses ${role} on ${resource}.`),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { resource, grants } = wanted(request, projects);
      await changePolicy(clients, resource, (bindings) => without(bindings, grants));
      return { result: { removed: [...stood(prior)] } };
    },
    async verify(request) {
      const { resource, grants } = wanted(request, projects);
      const found = findIn(resource, (await readPolicy(clients, resource)).bindings, grants);
      const list = found.map(({ grant: { member, role } }) => `${role} of ${member}`).join(', ');
      return found.length === 0
        ? { status: 'holds', detail: `${resource} has none of these grants.` }
        : { status: 'drifted', detail: `${resource} has them again, or still: ${list}.` };
    },
    async revert(request, prior) {
      const { resource } = wanted(request, projects);
      const shared = new Set(read(priorSchema, prior, PRIOR).shared);
      const again = stood(prior).map((grant) => ({ grant, shared: shared.has(keyOf(grant)) }));
      await changePolicy(clients, resource, (bindings) => withAgain(bindings, again));
    },
    previewRevert(request, prior) {
      const { resource } = wanted(request, projects);
      const again = stood(prior);
      return again.length === 0 ? [] : [policyCall([resource, again], 'ADD')];
    },
  }),
};

const stood = (prior: JsonObject): readonly Grant[] => read(priorSchema, prior, PRIOR).grants;

function wanted(request: ActionRequest, projects: readonly string[]) {
  const { granted } = read(parametersSchema, request.parameters, `The parameters of ${ID}`);
  const resource = policyResource(request.target, projects);
  if (resource === null || request.principal.cloud !== 'gcp')
    throw new CordonFailure(
      'TargetRefused',
      `${ID} changes the policies of the configured projects and of their service accounts only.`,
    );
  return { resource, grants: granted.map((one): Grant => ({ resource, ...one })) };
}
