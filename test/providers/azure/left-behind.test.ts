import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PipelinePolicy } from '@azure/core-rest-pipeline';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { removeGrantedAssignment } from '../../../src/providers/azure/actions/remove-granted-assignment/index.ts';
import { createAzureClients } from '../../../src/providers/azure/clients.ts';
import type { LogEvent } from '../../../src/providers/azure/log/event.ts';
import { identityChange } from '../../../src/providers/azure/log/summary.ts';
import type { Stage } from './stage.ts';
import { ALL, applied, buildStage, CASE, chosen, grant, grantToNeighbour, tries } from './stage.ts';

const ACTION = 'remove-granted-assignment';
let stage: Stage;
let granted: string;
beforeEach(async () => {
  stage = await buildStage();
  granted = await grantToNeighbour(stage);
  stage.azure.advance(60_000);
});
afterEach(() => stage.azure.stop());

/** As the logs tell it. */
async function activity(): Promise<ActivityFacts> {
  const now = stage.azure.clock().getTime();
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  return stage.provider.activity(stage.pipeline, { from: at(30), to: at(0) }, { from: at(60), to: at(30) });
}

const proposal = async (enabled = ALL) => stage.provider.propose(stage.pipeline, await activity(), CASE, enabled);
const ofNeighbour = () => stage.clients.credential(stage.neighbour);

describe('a role that the suspect gave to another', () => {
  it('has its own line in the plan, found in the log, and none of its own roles has', async () => {
    const { requests, caveats } = await proposal();
    expect(requests.filter(({ action }) => action === ACTION).map(({ target }) => target)).toEqual([granted]);
    expect(caveats.join()).not.toContain(granted);
  });

  it('is said to stay where the action is not enabled', async () => {
    const { caveats } = await proposal(ALL.filter((id) => id !== ACTION));
    expect(caveats.join()).toContain(`not enabled: ${granted}`);
  });

  it('is gone, while whatever else the other may do stays', async () => {
    await applied(stage, ACTION);
    expect(JSON.stringify(stage.azure.snapshot())).not.toContain(granted.split('/').at(-1));
    expect(await tries(stage, ofNeighbour())).toBe(200);
  });

  it('names who loses it, so that nobody protected does', async () => {
    const { action, request } = chosen(stage, ACTION);
    const affected = async () => (await action.preflight(request)).affected;
    const name = (id: string, collection = 'servicePrincipals') => `/tenants/${request.accountId}/${collection}/${id}`;
    expect(await affected()).toEqual([name(stage.neighbour.servicePrincipal.id)]);
    const selves = await stage.provider.selves();
    for (const [members, expected] of [
      [[stage.cordon.servicePrincipal], selves.map(resourceOf)],
      [[{ id: stage.alice.uniqueId }], [resourceOf(stage.alice)]],
      [[], []],
    ] as const) {
      const inner = stage.azure.build.addGroup('inner', members);
      await grant(stage, stage.azure.build.addGroup('outer', [inner]).id);
      expect(await affected()).toEqual(expected);
    }
    await applied(stage, ACTION);
    expect(await affected()).toEqual([]);
  });

  it('is not taken from someone whom the suspect gave it to after it was read', async () => {
    const { action, request } = chosen(stage, ACTION);
    const { prior } = await action.preflight(request);
    await grant(stage, stage.cordon.servicePrincipal.id);
    const snapshot = stage.azure.snapshot();
    const { result } = await action.apply(request, prior);
    expect(stage.azure.snapshot()).toEqual(snapshot);
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('names it as whatever it may be, where Azure says only an id', async () => {
    const untyped: PipelinePolicy = {
      name: 'untyped',
      async sendRequest(request, next) {
        const response = await next(request);
        return {
          ...response,
          bodyAsText: response.bodyAsText?.replace('"principalType":"ServicePrincipal",', '') ?? null,
        };
      },
    };
    const { request } = chosen(stage, ACTION);
    const clients = createAzureClients(stage.settings, [untyped]);
    const { affected } = await removeGrantedAssignment.create(clients, stage.settings).preflight(request);
    const { id } = stage.neighbour.servicePrincipal;
    const tenant = `/tenants/${stage.settings.tenantId}`;
    expect(affected).toEqual([`${tenant}/users/${id}`, `${tenant}/servicePrincipals/${id}`]);
  });

  it('is left, and said, where someone else made it anew under that id', async () => {
    await applied(stage, ACTION);
    const again = stage.azure.build.assignRole(stage.neighbour.servicePrincipal.id, 'Reader', stage.group);
    const { action, request } = chosen(stage, ACTION);
    const snapshot = stage.azure.snapshot();
    const { alreadySo, caveats = [] } = await action.preflight({ ...request, target: again.id });
    expect(alreadySo).toBe(true);
    expect(caveats.join()).toMatch(/made it: look at it/u);
    const { prior } = await action.preflight({ ...request, target: again.id });
    await action.apply({ ...request, target: again.id }, prior);
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });
});

describe('what nothing takes back is said', () => {
  const change = (eventName: string, target: string, denied = false) => ({ eventName, target, at: '', denied });
  const caveatsOf = (...changes: ReturnType<typeof change>[]) => {
    const facts = { changesByPrincipal: changes, changesOfPrincipal: [], around: {} } as unknown as ActivityFacts;
    return stage.provider.propose(stage.pipeline, facts, CASE, ALL).caveats.join('\n');
  };
  const other = 'eeeeeeee-0000-4000-8000-000000000001';

  it.each([
    'entra/update-application-certificates-and-secrets-management',
    'entra/add-member-to-role',
    'entra/consent-to-application',
    'entra/add-user',
    'entra/something-that-nobody-here-knows',
    'microsoft.authorization/roleassignmentschedulerequests/write',
    'microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write',
  ])('%s', (eventName) => {
    expect(caveatsOf(change(eventName, other))).toContain(`${eventName} on ${other} stands`);
    expect(caveatsOf(change(eventName, other, true))).not.toContain(other);
  });

  it('a role given outside of our subscriptions', () => {
    const outside = `/subscriptions/${crypto.randomUUID()}/providers/Microsoft.Authorization/roleAssignments/${other}`;
    expect(caveatsOf(change('microsoft.authorization/roleassignments/write', outside))).toContain(`${outside} stands`);
  });

  it('but not what only takes away, nor what was done to the principal itself', () => {
    const silent = caveatsOf(change('entra/delete-user', other), change('entra/add-owner', stage.pipeline.uniqueId));
    expect(silent).not.toMatch(/stands/u);
  });

  it('keys of a resource, which the log tells of as of a change', () => {
    const account = `${stage.group}/providers/Microsoft.Storage/storageAccounts/loot`;
    const event = { target: account, at: '', outcome: 'succeeded', write: true } as LogEvent;
    const listed = identityChange({ ...event, api: 'microsoft.storage:storageaccounts/listkeys/action' });
    expect(caveatsOf(listed as ReturnType<typeof change>)).toContain(`keys of ${account}`);
    expect(identityChange({ ...event, api: 'microsoft.compute:virtualmachines/restart/action' })).toBeNull();
  });
});
