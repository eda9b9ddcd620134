import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { confirmAccount, findTarget, GONE } from '../../accounts.ts';
import type { GcpClients } from '../../clients.ts';
import type { Grant } from '../../grant.ts';
import { grantSchema } from '../../grant.ts';
import type { GrantsOfResource } from '../../grants.ts';
import { findGrants, keyOf, policyCall, withAgain, without } from '../../grants.ts';
import { memberOf, targetPrincipal } from '../../names.ts';
import { lossesForGood, withoutInvited } from '../../owners.ts';
import { changePolicy, readPolicy } from '../../policies.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'remove-iam-bindings';
const PRIOR = `The prior state of ${ID}`;
const parametersSchema = z.strictObject({});
/** `shared`: keys of the grants whose bindings others are in too. */
const priorSchema = z.object({ grants: z.array(grantSchema), shared: z.array(z.string()) });
const appliedSchema = z.object({ removed: z.array(grantSchema) });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Remove the identity from its roles',
  description:
    'Takes the identity, and nobody else, out of every role that it has on the configured projects, their folders and ' +
    'organisation, and on the service accounts of those projects; other members and all conditions stay. Each policy is written ' +
    'with the etag it was read with. It takes minutes to bind. Roles that come from a group, and those on single buckets, data ' +
    'sets or other resources, are not touched. A rollback puts the identity back into the same roles under the same conditions, but for ' +
    'roles/owner of a person on a project, which Google gives by invitation in the console only.',
  effect: 'declarative',
  reversibility: 'partial',
  proof: 'No policy of the configured projects, of what they lie in, or of their service accounts names the identity.',
  survives:
    'Roles through groups, and on single buckets, data sets or other resources, without an end. The removed ones ' +
    'for the minutes that a policy takes to bind.',
  // Whether others hold a role as well is their affair: a restored target need not equal it.
  chosenInPrior: ['shared'],
  permissions: [
    { name: 'iam.serviceAccounts.get', resource: 'project', purpose: 'is it still the account of the plan' },
    { name: 'iam.serviceAccounts.list', resource: 'project', purpose: 'on whose policies the identity may stand' },
    { name: 'resourcemanager.projects.get', resource: 'project', purpose: 'what the project lies in' },
    { name: 'resourcemanager.folders.get', resource: 'folder', purpose: 'what the folder lies in' },
    ...(['getIamPolicy', 'setIamPolicy'] as const).flatMap((verb) => {
      const purpose = verb === 'getIamPolicy' ? 'prior state, verification' : 'the change and its rollback';
      return [
        { name: `iam.serviceAccounts.${verb}`, resource: 'project', purpose },
        { name: `resourcemanager.projects.${verb}`, resource: 'project', purpose },
        { name: `resourcemanager.folders.${verb}`, resource: 'folder', purpose },
        { name: `resourcemanager.organizations.${verb}`, resource: 'organization', purpose },
      ];
    }),
  ],
  example: example(ID, EXAMPLE_ACCOUNT),
};

export const removeIamBindings: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${ID}`);
      if (request.principal.kind === 'service-account' && !(await findTarget(clients, request, projects))) return GONE;
      const member = memberOf(targetPrincipal(request, projects));
      const { found, kept } = await findRemovable(clients, projects, member);
      const grants = found.map(({ grant }) => grant);
      return {
        prior: { grants, shared: found.filter(({ shared }) => shared).map(({ grant }) => keyOf(grant)) },
        alreadySo: grants.length === 0,
        calls: byResource(grants).map((group) => policyCall(group, 'REMOVE')),
        mayBreak: [
          ...grants.map(({ role, resource }) => `${member} loses ${role} on ${resource}.`),
          ...lossesForGood(grants),
        ],
        obstacles: [],
        caveats: kept.map(keptBecause),
      };
    },
    async apply(request, prior) {
      const member = await confirm(clients, projects, request);
      const found = (await findRemovable(clients, projects, member)).found.map(({ grant }) => grant);
      await changeEach(byResource(found), 'policies were changed', async ([resource, grants]) => {
        await changePolicy(clients, resource, (bindings) => without(bindings, grants));
      });
      // A try that broke off half-way has taken some of `prior` out already: those are ours to put back as well.
      const all = new Map([...read(priorSchema, prior, PRIOR).grants, ...found].map((grant) => [keyOf(grant), grant]));
      return { result: { removed: [...all.values()] } };
    },
    async verify(request) {
      const member = memberOf(targetPrincipal(request, projects));
      if (request.principal.kind === 'service-account' && !(await findTarget(clients, request, projects)))
        return { status: 'holds', detail: `${member} is gone.` };
      const { found } = await findRemovable(clients, projects, member);
      if (found.length === 0)
        return {
          status: 'holds',
          detail: `${member} has no role of its own left to remove in ${projects.join(', ')} or above.`,
        };
      const list = found.map(({ grant: { role, resource } }) => `${role} on ${resource}`).join(', ');
      return { status: 'drifted', detail: `${member} has roles again: ${list}.` };
    },
    async revert(request, prior, applied) {
      await confirm(clients, projects, request);
      const shared = new Set(read(priorSchema, prior, PRIOR).shared);
      const groups = byResource(toRestore(prior, applied)).map(
        ([resource, grants]) =>
          [resource, grants.map((grant) => ({ grant, shared: shared.has(keyOf(grant)) }))] as const,
      );
      // All are looked at before one is written: a refusal must not come half-way.
      for (const [resource, grants] of groups) withAgain((await readPolicy(clients, resource)).bindings, grants);
      for (const [resource, grants] of groups)
        await changePolicy(clients, resource, (bindings) => withAgain(bindings, grants));
    },
    previewRevert(request, prior, applied) {
      targetPrincipal(request, projects);
      return byResource(toRestore(prior, applied)).map((group) => policyCall(group, 'ADD'));
    },
    restores: (prior) => withoutInvited(read(priorSchema, prior, PRIOR)),
  }),
};

async function findRemovable(clients: GcpClients, projects: readonly string[], member: string) {
  const all = await findGrants(clients, projects, member);
  return { found: all.filter(({ fixed }) => !fixed), kept: all.flatMap(({ fixed, grant }) => (fixed ? [grant] : [])) };
}

const keptBecause = ({ member, role, resource }: Grant) =>
  `${member} keeps ${role} on ${resource}: it is the only person who owns this project, which lies in no organisation, and Google ` +
  'takes that from nobody. Let another person accept the role, then take it away by hand.';

/** The member; a service account only if it is still the very one of the plan. */
async function confirm(clients: GcpClients, projects: readonly string[], request: ActionRequest): Promise<string> {
  const principal = targetPrincipal(request, projects);
  if (principal.kind === 'service-account') await confirmAccount(clients, request, projects);
  return memberOf(principal);
}

/** Of what was removed, only what stood there before the case (a role that came later was not ours to give) and can be given back. */
function toRestore(prior: JsonObject, applied: JsonObject): readonly Grant[] {
  const removed = new Set(read(appliedSchema, applied, `The result of ${ID}`).removed.map(keyOf));
  return withoutInvited(read(priorSchema, prior, PRIOR)).prior.grants.filter((grant) => removed.has(keyOf(grant)));
}

function byResource(grants: readonly Grant[]): readonly GrantsOfResource[] {
  return [...Map.groupBy(grants, ({ resource }) => resource)];
}
