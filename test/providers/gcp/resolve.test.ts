import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import type { PrincipalClue } from '../../../src/domain/alert.ts';
import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { createGcpProvider } from '../../../src/providers/gcp/index.ts';
import { stage, useStage } from './stage.ts';

useStage();

describe('resolve', () => {
  const alice: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
  const clue = (form: PrincipalClue['form'], value: string): PrincipalClue => ({ form, value });

  it('finds the account by each kind of clue, and by all of them together', async () => {
    const { deployer, key } = stage;
    const clues = [
      clue('email', deployer.name),
      clue('email', deployer.name.toUpperCase()),
      clue('key-id', key.private_key_id),
      clue('principal-id', deployer.uniqueId ?? ''),
      clue('resource-name', resourceOf(deployer)),
      clue('other', `${resourceOf(deployer)}/keys/${key.private_key_id}`),
      clue('other', `projects/-/serviceAccounts/${deployer.uniqueId}`),
      clue('other', `serviceAccount:${deployer.name}`),
    ];
    for (const project of ['shop-prod', undefined])
      for (const one of clues)
        expect(await stage.provider.resolve([one], project), one.value).toEqual({
          status: 'resolved',
          principal: deployer,
        });
    const all = [...clues, clue('user-name', 'deployer')];
    expect(await stage.provider.resolve(all, 'shop-prod')).toEqual({ status: 'resolved', principal: deployer });
  });

  it('takes the project by its number too', async () => {
    const { containers } = JSON.parse(stage.gcp.snapshot()) as { containers: Record<string, { number: string }> };
    const number = containers[stage.shop]?.number ?? '';
    const clues = [clue('email', stage.deployer.name)];
    expect(await stage.provider.resolve(clues, number)).toMatchObject({ status: 'resolved' });
    expect(await stage.provider.resolve(clues, `projects/${number}`)).toMatchObject({ status: 'resolved' });
    expect(await stage.provider.resolve(clues, '999')).toMatchObject({ status: 'unresolved' });
  });

  it('takes a person by the address alone, in a project of ours', async () => {
    for (const value of ['alice@example.com', 'user:Alice@Example.com', resourceOf(alice)]) {
      expect(await stage.provider.resolve([clue('email', value)], 'shop-prod')).toEqual({
        status: 'resolved',
        principal: alice,
      });
      expect(await stage.provider.resolve([clue('email', value)], undefined)).toMatchObject({ status: 'unresolved' });
    }
    expect(await stage.provider.resolve([clue('resource-name', resourceOf(alice))], 'goog')).toMatchObject({
      principal: alice,
    });
  });

  it.each([
    ['nobody', []],
    ['an empty clue', [clue('email', ' ')]],
    ['a placeholder', [clue('email', 'unknown')]],
    ['a wildcard', [clue('email', '*@shop-prod.iam.gserviceaccount.com')]],
    ['a template', [clue('email', '{{principalEmail}}')]],
    ['a name only', [clue('user-name', 'deployer')]],
    ['an account that is not there', [clue('email', 'nobody@shop-prod.iam.gserviceaccount.com')]],
    ['a number that is not there', [clue('principal-id', '100000000000000000009')]],
    ['a key that is not there', [clue('key-id', '0'.repeat(40))]],
    ['an account of another project', [clue('email', 'deployer@other-shop.iam.gserviceaccount.com')]],
    ['an agent of Google', [clue('email', 'service-123456@compute-system.iam.gserviceaccount.com')]],
    ['an agent of Google, new form', [clue('email', 'service-123456@gcp-sa-logging.iam.gserviceaccount.com')]],
    ['the agent of the APIs', [clue('email', '123456@cloudservices.gserviceaccount.com')]],
    ['everybody', [clue('email', 'allUsers')]],
    [
      'a federated identity',
      [clue('other', 'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s')],
    ],
    ['an ARN', [clue('arn', 'arn:aws:iam::123456789012:user/alice')]],
    ['an injected filter', [clue('email', 'a@example.com" OR protoPayload.methodName:"')]],
    [
      'a wrong project in the name',
      [
        clue(
          'other',
          '//iam.googleapis.com/projects/other-shop/serviceAccounts/deployer@shop-prod.iam.gserviceaccount.com',
        ),
      ],
    ],
  ])('leaves %s unresolved, with a reason', async (_, clues) => {
    const found = await stage.provider.resolve(clues, 'shop-prod');
    expect(found).toMatchObject({ status: 'unresolved', reason: expect.stringMatching(/.{15}/u) });
  });

  it('never picks one of two', async () => {
    const [one, other] = [clue('email', stage.deployer.name), clue('email', stage.billing.email)];
    expect(await stage.provider.resolve([one, other], 'shop-prod')).toMatchObject({
      status: 'ambiguous',
      candidates: [resourceOf({ ...stage.deployer, name: stage.billing.email }), resourceOf(stage.deployer)],
    });
    const users = [clue('email', 'alice@example.com'), one];
    expect(await stage.provider.resolve(users, 'shop-prod')).toMatchObject({ status: 'ambiguous' });
    const namesake = [one, clue('user-name', 'billing')];
    expect(await stage.provider.resolve(namesake, 'shop-prod')).toMatchObject({ status: 'unresolved' });
    const foreign = [one, clue('key-id', (await stage.gcp.addKey(stage.billing.email)).private_key_id)];
    expect(await stage.provider.resolve(foreign, 'shop-prod')).toMatchObject({ status: 'ambiguous' });
  });

  it('leaves an alert about another project alone', async () => {
    const clues = [clue('email', stage.deployer.name)];
    expect(await stage.provider.resolve(clues, 'other-shop')).toMatchObject({ status: 'unresolved' });
  });

  it('works with the credentials of the environment, at the same endpoint', async () => {
    const { credentials, ...settings } = stage.settings;
    const file = join(await mkdtemp(join(tmpdir(), 'gcp-')), 'key.json');
    await writeFile(file, JSON.stringify({ type: 'service_account', ...credentials }));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    try {
      const provider = createGcpProvider(settings);
      expect(await provider.selves()).toMatchObject([{ name: stage.cordonEmail }]);
      const clues = [clue('email', stage.deployer.name)];
      expect(await provider.resolve(clues, 'shop-prod')).toMatchObject({ status: 'resolved' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('knows Cordon itself', async () => {
    expect(await stage.provider.selves()).toEqual([
      { cloud: 'gcp', kind: 'service-account', accountId: 'cordon-home', name: stage.cordonEmail },
    ]);
  });
});
