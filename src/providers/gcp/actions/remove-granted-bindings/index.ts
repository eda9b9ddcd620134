import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { orNull } from '../../accounts.ts';
import type { GcpClients } from '../../clients.ts';
import type { Grant } from '../../grant.ts';
import { grantSchema } from '../../grant.ts';
import type { FoundGrant } from '../../grants.ts';
import { findIn, keyOf, policyCall, withAgain, without } from '../../grants.ts';
import { policyResource } from '../../left-behind.ts';
import { memberTarget, resourcesOfMember } from '../../members.ts';
import { lossesForGood, withoutInvited } from '../../owners.ts';
import { changePolicy, readPolicy } from '../../policies.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { example, EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'remove-granted-bindings';
const PRIOR = `The prior state of ${ID}`;
const parametersSchema = z.strictObject({ granted: z.array(grantSchema.omit({ resource: true })).min(1) });
const priorSchema = z.object({ grants: z.array(grantSchema), shared: z.array(z.string()) });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Remove roles that the identity gave to others',
  description:
    'Takes one member out of one policy, of a configured project or of one of its service accounts: exactly the roles that the ' +
    'audit log shows the identity giving, each under the same condition; everybody else and all conditions stay. If the member ' +
    'had the role there before as well, it is gone too. Written with the etag that it was read with. A rollback gives them ' +
    'back, but for roles/owner of a person on a project, which Google gives by invitation in the console only.',
  effect: 'declarative',
  reversibility: 'partial',
  proof: 'The policy, read again, has the member under none of these roles and conditions.',
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
    target: memberTarget('//cloudresourcemanager.googleapis.com/projects/example-project', 'user:mallory@example.net'),
  },
};

export const removeGrantedBindings: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      const { resource, grants, affected } = wanted(request, projects);
      const found = await findStanding(clients, resource, grants);
      const present = found.map(({ grant }) => grant);
      return {
        prior: { grants: present, shared: found.filter(({ shared }) => shared).map(({ grant }) => keyOf(grant)) },
        alreadySo: present.length === 0,
        calls: present.length === 0 ? [] : [policyCall([resource, present], 'REMOVE')],
        mayBreak: [
          ...present.map(({ member, role }) => `${member} loses ${role} on ${resource}.`),
          ...lossesForGood(present),
        ],
        obstacles: [],
        affected,
      };
    },
    async apply(request, prior) {
      const { resource, grants } = wanted(request, projects);
      await changePolicy(clients, resource, (bindings) => without(bindings, grants));
      return { result: { removed: [...stood(prior)] } };
    },
    async verify(request) {
      const { resource, grants } = wanted(request, projects);
      const found = await findStanding(clients, resource, grants);
      const list = found.map(({ grant: { member, role } }) => `${role} of ${member}`).join(', ');
      return found.length === 0
        ? { status: 'holds', detail: `${resource} has none of these grants.` }
        : { status: 'drifted', detail: `${resource} has them again, or still: ${list}.` };
    },
    async revert(request, prior) {
      const { resource } = wanted(request, projects);
      const shared = new Set(read(priorSchema, prior, PRIOR).shared);
      const again = back(prior).map((grant) => ({ grant, shared: shared.has(keyOf(grant)) }));
      await changePolicy(clients, resource, (bindings) => withAgain(bindings, again));
    },
    previewRevert(request, prior) {
      const { resource } = wanted(request, projects);
      const again = back(prior);
      return again.length === 0 ? [] : [policyCall([resource, again], 'ADD')];
    },
    restores: (prior) => withoutInvited(read(priorSchema, prior, PRIOR)),
  }),
};

const stood = (prior: JsonObject): readonly Grant[] => read(priorSchema, prior, PRIOR).grants;
const back = (prior: JsonObject) => withoutInvited(read(priorSchema, prior, PRIOR)).prior.grants;

/** None where the account is gone: its policy went with it. */
async function findStanding(
  clients: GcpClients,
  resource: string,
  grants: readonly Grant[],
): Promise<readonly FoundGrant[]> {
  const policy = await orNull(readPolicy(clients, resource));
  return findIn(resource, policy?.bindings ?? [], grants);
}

function wanted({ parameters, target, principal }: ActionRequest, projects: readonly string[]) {
  const { granted } = read(parametersSchema, parameters, `The parameters of ${ID}`);
  const [place = ''] = target.split('#');
  const resource = policyResource(place, projects);
  const member = granted[0]?.member ?? '';
  if (
    resource === null ||
    principal.cloud !== 'gcp' ||
    granted.some((one) => memberTarget(place, one.member) !== target)
  )
    throw new CordonFailure(
      'TargetRefused',
      `${ID} changes one member in the policies of the configured projects and of their service accounts only.`,
    );
  return {
    resource,
    grants: granted.map((one): Grant => ({ resource, ...one })),
    // An account whose policy it is loses nothing, but a protected one is left as it is in all.
    affected: [...(resource.includes('/serviceAccounts/') ? [place] : []), ...resourcesOfMember(member, projects)],
  };
}
