import { cloudresourcemanager_v3 as resourcemanager } from '@googleapis/cloudresourcemanager';
import { describe, expect, it } from 'vitest';

import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { createGcpProvider, leastPrivilegeRole } from '../../../src/providers/gcp/index.ts';
import { bearer, credentialsOf } from '../../support/gcp/index.ts';
import { ALL, apply, buildStage, CASE, clientOf, outcomeOf, stage, tries, useStage } from './stage.ts';

useStage();

const window = (fromMinutes: number, toMinutes: number) => {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  return { from: at(fromMinutes), to: at(toMinutes) };
};

describe('activity', () => {
  it('tells what the account did, from where and with which key; and what it was made into', async () => {
    const thief = clientOf(credentialsOf(stage.key));
    stage.gcp.bind(stage.shop, 'roles/iam.serviceAccountKeyAdmin', stage.member);
    for (const _ of [1, 2, 3]) await thief.projects.serviceAccounts.list({ name: 'projects/shop-prod' });
    const name = `projects/shop-prod/serviceAccounts/${stage.deployer.name}`;
    await thief.projects.serviceAccounts.keys.create({ name });
    await outcomeOf(clientOf(bearer(stage.gcp.accessToken(stage.billing.email))));
    await thief.projects.serviceAccounts.disable({ name: stage.billing.name }).catch(() => undefined);
    await thief.projects.serviceAccounts
      .setIamPolicy({ resource: name, requestBody: { policy: {} } })
      .catch(() => undefined);
    const facts = await stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5));
    expect(facts.around).toMatchObject({
      discoveryCalls: 3,
      distinctDiscoveryApis: 1,
      denied: 1,
      accessKeyIds: [stage.key.private_key_id],
      addresses: ['127.0.0.1'],
      truncated: false,
    });
    expect(facts.around.apis).toEqual(
      expect.arrayContaining([
        'iam:google.iam.admin.v1.ListServiceAccounts',
        'iam:google.iam.admin.v1.CreateServiceAccountKey',
      ]),
    );
    expect(facts.around.userAgents.join(' ')).toContain('google-api-nodejs-client');
    expect(facts.before).toMatchObject({ calls: 0, truncated: false });
    const made = { eventName: 'CreateServiceAccountKey', target: resourceOf(stage.deployer), denied: false };
    expect(facts.changesByPrincipal).toContainEqual(expect.objectContaining(made));
    expect(facts.changesOfPrincipal).toContainEqual(expect.objectContaining(made));
    expect(facts.changesOfPrincipal).toContainEqual(
      expect.objectContaining({ eventName: 'SetIAMPolicy', denied: true }),
    );
  });

  it('follows tokens that it makes for another account, as far as they go', async () => {
    const token = await impersonateBilling();
    await outcomeOf(clientOf(bearer(token)));
    const since = new Date(Date.now() - 1000).toISOString();
    const facts = await stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5));
    const billing = `//iam.googleapis.com/${stage.billing.name}`;
    expect(facts.assumedRoles).toEqual([
      { roleArn: billing, sessionName: 'GenerateAccessToken', at: expect.any(String) },
    ]);
    expect(facts.mintedSessions).toBe(1);
    const { caveats, requests } = stage.provider.propose(stage.deployer, facts, CASE, ALL);
    expect(caveats.join(' ')).toContain(billing);
    expect(requests.map(({ target }) => target)).not.toContain(billing);
    await apply('disable-service-account');
    expect(await outcomeOf(clientOf(bearer(token)))).toBe('accepted');
    const { calls } = await stage.provider.successfulCallsSince(stage.deployer, since);
    expect(calls.join(' ')).toContain('iam:google.iam.admin.v1.ListServiceAccounts');
  });

  it('says what anyone granted to a person', async () => {
    const alice: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
    stage.gcp.bind(stage.billing.name, 'roles/owner', 'user:alice@example.com');
    stage.gcp.addUser(alice.name);
    await apply('remove-iam-bindings', { principal: alice });
    const facts = await stage.provider.activity(alice, window(-5, 5), window(-60, -5));
    expect(facts.changesOfPrincipal).toContainEqual(
      expect.objectContaining({ eventName: 'SetIAMPolicy', denied: false }),
    );
    await expect(stage.provider.credentials(alice)).rejects.toMatchObject({ type: 'ValidationFailed' });
  });

  it('sees what the identity did above its project', async () => {
    stage.gcp.bind(stage.organization, 'roles/resourcemanager.organizationAdmin', stage.member);
    const auth = credentialsOf(stage.key);
    const { folders } = new resourcemanager.Cloudresourcemanager({ rootUrl: `${stage.gcp.url}/`, auth });
    const resource = stage.folder;
    const { data } = await folders.getIamPolicy({ resource, requestBody: { options: { requestedPolicyVersion: 3 } } });
    await folders.setIamPolicy({ resource, requestBody: { policy: { ...data, version: 3 } } });
    const facts = await stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5));
    const target = `//cloudresourcemanager.googleapis.com/${stage.folder}`;
    expect(facts.changesByPrincipal).toContainEqual(expect.objectContaining({ eventName: 'SetIamPolicy', target }));
  });

  it('reads what it may of the projects where what is above them is closed to it, and says that it is cut', async () => {
    const { gcp, settings } = stage;
    const role = `${stage.organization}/roles/cordon`;
    gcp.addCustomRole(role, []);
    const onProject = `${stage.shop}/roles/cordon`;
    gcp.addCustomRole(onProject, leastPrivilegeRole([], settings, 'project').includedPermissions);
    gcp.bind(stage.shop, onProject, `serviceAccount:${stage.cordonEmail}`);
    await tries(stage.key);
    const facts = await stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5));
    expect(facts.around).toMatchObject({ calls: 1, truncated: true });
  });

  it('is cut, and proves no silence, where reads are not logged', async () => {
    const dark = await buildStage({ dataAccessLogs: false });
    try {
      const facts = await dark.provider.activity(dark.deployer, window(-5, 5), window(-60, -5));
      expect([facts.around.truncated, facts.before.truncated]).toEqual([true, true]);
      const proof = await dark.provider.successfulCallsSince(dark.deployer, new Date().toISOString());
      expect(proof).toEqual({ calls: [], logComplete: false, gap: expect.stringContaining('Data Access logs') });
      expect(dark.provider.propose(dark.deployer, facts, CASE, ALL).caveats.join(' ')).toContain('Data Access logs');
    } finally {
      await dark.gcp.stop();
    }
  });

  it('is cut where Cordon is not shown the log of reads, which Google does not say', async () => {
    const role = `${stage.organization}/roles/cordon`;
    const { permissions } = { permissions: stage.provider.evidencePermissions.map(({ name }) => name) };
    stage.gcp.addCustomRole(
      role,
      permissions.filter((name) => name !== 'logging.privateLogEntries.list'),
    );
    await tries(stage.key);
    const facts = await stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5));
    expect(facts.around).toMatchObject({ calls: 0, truncated: true });
    const proof = await stage.provider.successfulCallsSince(stage.deployer, new Date().toISOString());
    expect(proof).toMatchObject({ logComplete: false, gap: expect.stringContaining('could be read') });
  });

  it('fails where the log can not be read: that is not "did nothing"', async () => {
    stage.gcp.faults.add({ match: /entries:list/u, kind: '403', times: 5 });
    await expect(stage.provider.activity(stage.deployer, window(-5, 5), window(-60, -5))).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringContaining('logging.logEntries.list'),
    });
  });
});

describe('credentials', () => {
  it('are the keys that people made, and whether Google found one in public', async () => {
    const second = await stage.gcp.addKey(stage.deployer.name);
    const before = await stage.provider.credentials(stage.deployer);
    expect(before.accessKeys.map(({ accessKeyId }) => accessKeyId)).toEqual(
      [stage.key.private_key_id, second.private_key_id].toSorted(),
    );
    expect(before).toMatchObject({ quarantinedByCloud: false, accessKeys: [{ active: true }, { active: true }] });
    await apply('disable-service-account-keys');
    expect((await stage.provider.credentials(stage.deployer)).quarantinedByCloud).toBe(false);
    stage.gcp.exposeKey(second.private_key_id, 'https://github.example/leak');
    const after = await stage.provider.credentials(stage.deployer);
    expect(after).toMatchObject({ quarantinedByCloud: true, accessKeys: [{ active: false }, { active: false }] });
  });
});

describe('successfulCallsSince', () => {
  it('shows what still passes, and not what was refused', async () => {
    const since = new Date().toISOString();
    expect(await stage.provider.successfulCallsSince(stage.deployer, since)).toEqual({ calls: [], logComplete: true });
    await tries(stage.key);
    const passed = await stage.provider.successfulCallsSince(stage.deployer, since);
    expect(passed.calls).toEqual([
      expect.stringMatching(/^iam:google\.iam\.admin\.v1\.ListServiceAccounts at .* from 127\.0\.0\.1$/u),
    ]);
    await apply('remove-iam-bindings');
    const later = new Date(Date.now() + 1).toISOString();
    while (new Date().toISOString() <= later) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await tries(stage.key)).toBe('403');
    expect((await stage.provider.successfulCallsSince(stage.deployer, later)).calls).toEqual([]);
  });

  it('is not complete while entries may still be on their way', async () => {
    const provider = createGcpProvider({ ...stage.settings, logDelaySeconds: 300 });
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
    expect((await provider.successfulCallsSince(stage.deployer, ago(299))).logComplete).toBe(false);
    expect((await provider.successfulCallsSince(stage.deployer, ago(301))).logComplete).toBe(true);
  });
});

async function impersonateBilling(): Promise<string> {
  const { token } = await credentialsOf(stage.key).getAccessToken();
  const answer = await fetch(
    `${stage.gcp.url}/v1/projects/-/serviceAccounts/${stage.billing.email}:generateAccessToken`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ scope: ['https://www.googleapis.com/auth/cloud-platform'] }),
    },
  );
  return ((await answer.json()) as { accessToken: string }).accessToken;
}
