import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import type { Stage } from './stage.ts';
import { applied, buildStage, CASE, chosen, writes } from './stage.ts';

let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const MANAGEMENT_GROUP = '/providers/Microsoft.Management/managementGroups/contoso';
const TIGHTEN = 'tighten-role-assignments';

async function held(objectId: string): Promise<string[]> {
  const authorization = stage.clients.authorization(
    stage.clients.credential(stage.cordon),
    stage.settings.subscriptions[0] ?? '',
  );
  const found: string[] = [];
  const filter = `principalId eq '${objectId}'`;
  for await (const { roleDefinitionId = '', scope = '', description } of authorization.roleAssignments.listForScope(
    stage.subscription,
    { filter },
  )) {
    const { roleName } = await authorization.roleDefinitions.getById(roleDefinitionId);
    found.push(`${roleName} at ${scope.split('/').at(-2)}${description ? ` (${description})` : ''}`);
  }
  return found.toSorted();
}

describe('tightening', () => {
  it('puts the narrower role in the place of a broad one, under the mark of the case, and removes the rest', async () => {
    await applied(stage, TIGHTEN);
    expect(await held(stage.pipeline.uniqueId)).toEqual([
      `Reader at subscriptions (Cordon ${CASE}: in place of Contributor)`,
    ]);
  });

  it('assigns the narrower role before it takes the broad one', async () => {
    const from = stage.azure.requests.length;
    await applied(stage, TIGHTEN);
    const methods = writes(stage, from).map(({ operation }) => operation.split(' ')[0]);
    expect(methods).toEqual(['PUT', 'DELETE', 'DELETE']);
  });

  it('makes one of two broad roles at one scope, and none where the principal has the narrow one already', async () => {
    const snapshot = () => stage.azure.snapshot();
    stage.azure.build.assignRole(stage.pipeline.uniqueId, 'Owner', stage.subscription);
    stage.azure.build.assignRole(stage.identity.uniqueId, 'Reader', stage.group);
    const before = snapshot();
    const tightened = [await applied(stage, TIGHTEN), await applied(stage, TIGHTEN, stage.identity)];
    expect(await held(stage.pipeline.uniqueId)).toHaveLength(1);
    expect(await held(stage.identity.uniqueId)).toEqual(['Reader at resourceGroups']);
    for (const { action, request, prior, result } of tightened) await action.revert(request, prior, result);
    expect(snapshot()).toEqual(before);
  });

  it('says before it what it says afterwards of what is left', async () => {
    stage.azure.build.assignRole(stage.identity.uniqueId, 'Reader', stage.subscription);
    const { action, request } = chosen(stage, TIGHTEN, stage.identity);
    const { prior, caveats } = await action.preflight(request);
    await action.apply(request, prior);
    expect(caveats?.join()).toMatch(/Reader at .*Reader at /u);
    expect((await action.preflight(request)).caveats).toEqual(caveats);
  });

  it('says which role of the configuration does not exist, and changes nothing', async () => {
    const { action, request } = chosen(stage, TIGHTEN);
    const wrong = { ...request, parameters: { caseId: CASE, tightenTo: { Contributor: 'Raeder' } } };
    const snapshot = stage.azure.snapshot();
    const { obstacles, prior } = await action.preflight(wrong);
    expect(obstacles.join()).toContain('"Raeder"');
    await expect(action.apply(wrong, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });
});

describe.each([TIGHTEN, 'remove-role-assignments'])('%s', (id) => {
  it('leaves roles through groups and from above, and says so', async () => {
    const { build } = stage.azure;
    const team = build.addGroup('team', [{ id: stage.pipeline.uniqueId }]);
    build.assignRole(team.id, 'Contributor', stage.subscription);
    build.assignRole(stage.pipeline.uniqueId, 'Owner', MANAGEMENT_GROUP);
    const { action, request } = chosen(stage, id);
    const { caveats = [] } = await action.preflight(request);
    expect(caveats.join('\n')).toContain(`through group ${team.id}`);
    expect(caveats.join('\n')).toContain(`Owner at ${MANAGEMENT_GROUP} from above`);
    await applied(stage, id);
    expect(await held(stage.pipeline.uniqueId)).toContain('Owner at managementGroups');
  });

  it('leaves what was given for a time to the action on that, so that no rollback makes it last', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const { id: assignment } = stage.azure.build.addActiveSchedule(stage.pipeline.uniqueId, 'Owner', stage.group, end);
    const { action, request, prior, result } = await applied(stage, id);
    expect(JSON.stringify(prior)).not.toContain(assignment);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    const timed = await applied(stage, 'remove-eligible-roles', stage.pipeline);
    expect(timed.prior).toMatchObject({ roles: [{ of: 'active', roleName: 'Owner', endDateTime: end }] });
    await timed.action.revert(timed.request, timed.prior, timed.result);
    const { prior: again } = await timed.action.preflight(timed.request);
    expect(again['roles']).toEqual(timed.prior['roles']);
  });

  it.each([
    [
      'gave the principal another role',
      () => stage.azure.build.assignRole(stage.pipeline.uniqueId, 'User Access Administrator', stage.group),
    ],
    [
      'gave it the same role anew',
      () => stage.azure.build.assignRole(stage.pipeline.uniqueId, 'Contributor', stage.subscription),
    ],
  ])('does not roll back where someone %s since', async (_, change) => {
    const { action, request, prior, result } = await applied(stage, id);
    change();
    const snapshot = stage.azure.snapshot();
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(stage.azure.snapshot()).toEqual(snapshot);
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('rolls back what a rollback that broke off left', async () => {
    const snapshot = stage.azure.snapshot();
    const { action, request, prior, result } = await applied(stage, id);
    stage.azure.faults.add({ match: /^PUT/u, kind: 'drop-after' });
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ final: false });
    await action.revert(request, prior, result);
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });
});

it('tightens a managed identity, and disables none', async () => {
  const { action, request, result } = await applied(stage, TIGHTEN, stage.identity);
  expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  expect(await held(stage.identity.uniqueId)).toHaveLength(1);
  const target = resourceOf(stage.identity);
  for (const kind of ['service-principal', 'managed-identity'] as const) {
    const disable = chosen(stage, 'disable-service-principal');
    const wrong = { ...disable.request, principal: { ...stage.identity, kind }, target };
    await expect(disable.action.apply(wrong, {})).rejects.toMatchObject({ type: 'TargetRefused' });
  }
});

it('does not roll back eligibility where someone made the principal eligible for something else since', async () => {
  const { action, request, prior, result } = await applied(stage, 'remove-eligible-roles');
  stage.azure.build.addEligibleSchedule(stage.alice.uniqueId, 'Owner', stage.group);
  const snapshot = stage.azure.snapshot();
  await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
  expect(stage.azure.snapshot()).toEqual(snapshot);
});

it('does not let a refusal after a first change pass for "nothing done"', async () => {
  const { action, request } = chosen(stage, TIGHTEN);
  const { prior } = await action.preflight(request);
  stage.azure.faults.add({ match: /^DELETE/u, kind: '403' });
  await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
});

describe('each class of failure', () => {
  it('an answer that does not come in time is TimedOut, and the next try ends it', async () => {
    const impatient = createAzureProvider({ ...stage.settings, callTimeoutMs: 500 }).actions[TIGHTEN];
    const { action, request } = chosen(stage, TIGHTEN);
    const { prior } = await action.preflight(request);
    stage.azure.faults.add({ match: /^DELETE/u, kind: 'delay', delayMs: 3_000 });
    await expect(impatient?.apply(request, prior)).rejects.toMatchObject({ type: 'TimedOut' });
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it.each([
    ['429', 'Throttled'],
    ['500', 'Unavailable'],
    ['409', 'Conflict'],
    ['412', 'Conflict'],
    ['drop-before', 'Unavailable'],
    ['drop-after', 'Unavailable'],
  ] as const)('%s of a write is %s, once, and the next try ends it', async (kind, type) => {
    const { action, request } = chosen(stage, TIGHTEN);
    const { prior } = await action.preflight(request);
    const from = stage.azure.requests.length;
    stage.azure.faults.add({ match: /^DELETE/u, kind, retryAfterSeconds: 7 });
    const failure = await action.apply(request, prior).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type, ...(type === 'Throttled' ? { retryAfterMs: 7000 } : {}) });
    expect(stage.azure.requests.slice(from).filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });
});
