import { beforeEach, describe, expect, it } from 'vitest';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { KeyFile } from '../../support/gcp/index.ts';
import { credentialsOf } from '../../support/gcp/index.ts';
import { ALL, bindingsOn, CASE, chosen, clientOf, CONDITION, give, stage, tries, useStage } from './stage.ts';

useStage();

const MALLORY = 'user:mallory@example.net';
let stolen: KeyFile;

/** With the stolen key of `deployer`: a key for `billing`, and roles for a stranger and for billing itself, as a thief would. */
beforeEach(async () => {
  const { gcp, shop, billing, key, member } = stage;
  gcp.bind(shop, 'roles/owner', member);
  const { data } = await clientOf(credentialsOf(key)).projects.serviceAccounts.keys.create({ name: billing.name });
  stolen = JSON.parse(Buffer.from(data.privateKeyData ?? '', 'base64').toString()) as KeyFile;
  // To both at once: of the suspect's own grants others' have to be told apart.
  await give(shop, 'roles/editor', [MALLORY, member]);
  await give(shop, 'roles/storage.admin', [MALLORY, member], CONDITION);
});

/** As the audit log tells it. */
function activity(): Promise<ActivityFacts> {
  const now = Date.now() + 1000;
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  return stage.provider.activity(stage.deployer, { from: at(30), to: at(0) }, { from: at(60), to: at(30) });
}

async function contain(id: string) {
  const { action, request } = chosen(id, { activity: await activity() });
  const { prior, caveats = [] } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  return { revert: () => action.revert(request, prior, result), caveats };
}

describe('what the suspect made for others', () => {
  it('has its lines in the plan, as the log tells it, and is not said to stand', async () => {
    const { requests, caveats } = stage.provider.propose(stage.deployer, await activity(), CASE, ALL);
    const granted = [
      { role: 'roles/editor', member: MALLORY, condition: null },
      { role: 'roles/storage.admin', member: MALLORY, condition: CONDITION },
    ];
    expect(requests.filter(({ target }) => !target.includes('deployer'))).toMatchObject([
      { action: 'disable-created-keys', parameters: { keyIds: [stolen.private_key_id] } },
      { action: 'remove-granted-bindings', parameters: { granted } },
    ]);
    expect(caveats.join()).not.toMatch(/stands|not enabled/u);
  });

  it('is said to stay where the actions are not enabled', async () => {
    const { caveats } = stage.provider.propose(stage.deployer, await activity(), CASE, ['disable-service-account']);
    expect(caveats.join()).toMatch(/A key that it made.*billing/u);
    expect(caveats.join()).toMatch(/A role that it made.*shop-prod/u);
  });

  it('its keys are refused, while the account goes on with its own, and come back', async () => {
    const own = await stage.gcp.addKey(stage.billing.email);
    const { revert } = await contain('disable-created-keys');
    expect(await tries(stolen)).not.toBe('accepted');
    expect(await tries(own)).toBe('accepted');
    await revert();
    expect(await tries(stolen)).toBe('accepted');
  });

  it('its grants are gone, each under its condition, and nobody else is touched', async () => {
    const all = () => bindingsOn(stage.shop).map(sorted).toSorted();
    const others = () => all().map((line) => line.replace(` ${MALLORY}`, ''));
    const before = { all: all(), others: others() };
    const { revert } = await contain('remove-granted-bindings');
    expect(bindingsOn(stage.shop).join()).not.toContain(MALLORY);
    expect(others()).toEqual(before.others);
    await revert();
    expect(all()).toEqual(before.all);
  });
});

/** Members of a binding have no order. */
const sorted = (line: string) => line.split(/\s+/u).filter(Boolean).toSorted().join(' ');

describe('what nothing takes back is said', () => {
  const change = (eventName: string, target: string) => ({ eventName, target, at: '', denied: false });
  const caveatsOf = (...changes: ReturnType<typeof change>[]) => {
    const facts = { changesByPrincipal: changes, assumedRoles: [], around: {} } as unknown as ActivityFacts;
    return stage.provider.propose(stage.deployer, facts, CASE, ALL).caveats.join('\n');
  };
  const account = '//iam.googleapis.com/projects/shop-prod/serviceAccounts/new@shop-prod.iam.gserviceaccount.com';

  it.each([
    ['CreateServiceAccount', account],
    ['UpdateRole', '//iam.googleapis.com/projects/shop-prod/roles/custom'],
    ['CreateWorkloadIdentityPoolProvider', '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/x'],
    ['setMetadata', '//compute.googleapis.com/projects/shop-prod/zones/z/instances/web'],
    ['SomethingThatNobodyHereKnows', account],
    // The entry does not tell what was given, or the place is not ours.
    ['SetIamPolicy', '//cloudresourcemanager.googleapis.com/projects/shop-prod'],
    ['SetIamPolicy', '//cloudresourcemanager.googleapis.com/organizations/1'],
    ['storage.setIamPermissions', '//storage.googleapis.com/projects/_/buckets/public'],
    ['CreateServiceAccountKey', account],
  ])('%s on %s', (eventName, target) => {
    expect(caveatsOf(change(eventName, target))).toContain(`${eventName} on ${target} stands`);
  });

  it('but not what only takes away', () => {
    expect(caveatsOf(change('DeleteServiceAccount', account), change('DisableServiceAccountKey', account))).toBe('');
  });
});
