import { describe, expect, it } from 'vitest';

import { readClue } from './clues.ts';
import { homeOf } from './names.ts';

describe('homeOf', () => {
  it.each([
    ['ci@shop-prod.iam.gserviceaccount.com', { in: 'project', projectId: 'shop-prod' }],
    ['ci@other-shop.iam.gserviceaccount.com', { in: 'project', projectId: 'other-shop' }],
    ['shop-prod@appspot.gserviceaccount.com', { in: 'project', projectId: 'shop-prod' }],
    ['123456-compute@developer.gserviceaccount.com', { in: 'any' }],
    ['123456@developer.gserviceaccount.com', { in: 'google' }],
    ['123456@cloudservices.gserviceaccount.com', { in: 'google' }],
    ['123456@cloudbuild.gserviceaccount.com', { in: 'google' }],
    ['service-123456@container-engine-robot.iam.gserviceaccount.com', { in: 'google' }],
    ['robot@gcp-sa-firestore.iam.gserviceaccount.com', { in: 'google' }],
    // Whoever may make accounts in our project may call one so; it is ours all the same.
    ['service-123456@shop-prod.iam.gserviceaccount.com', { in: 'project', projectId: 'shop-prod' }],
    ['ci@shop-prod.iam.gserviceaccount.com.example.com', { in: 'google' }],
  ])('%s', (email, home) => {
    expect(homeOf(email, ['shop-prod'])).toEqual(home);
  });
});

describe('readClue', () => {
  const read = (value: string) => readClue({ form: 'other', value });

  it.each([
    ['Alice@Example.com', { kind: 'user', email: 'alice@example.com' }],
    ['ci@shop-prod.iam.gserviceaccount.com', { kind: 'account', email: 'ci@shop-prod.iam.gserviceaccount.com' }],
    ['100000000000000000001', { kind: 'unique-id', uniqueId: '100000000000000000001' }],
    ['a'.repeat(40), { kind: 'key', keyId: 'a'.repeat(40) }],
    ['deployer', { kind: 'name', name: 'deployer' }],
    [
      'projects/shop-prod/serviceAccounts/100000000000000000001',
      { kind: 'unique-id', uniqueId: '100000000000000000001', projectId: 'shop-prod' },
    ],
  ])('%s', (value, lead) => {
    expect(read(value)).toEqual(lead);
  });

  it.each([
    '',
    '-',
    'allAuthenticatedUsers',
    'user:ci@shop-prod.iam.gserviceaccount.com',
    'serviceAccount:alice@example.com',
    'group:admins@example.com',
    'a b@example.com',
    'a"@example.com',
    'a/b@example.com',
    'alice@localhost',
    'projects/SHOP/serviceAccounts/ci@shop-prod.iam.gserviceaccount.com',
    'projects/shop-prod/serviceAccounts/alice@example.com',
    'projects/shop-prod/serviceAccounts/ci@shop-prod.iam.gserviceaccount.com/keys/short',
    'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*',
  ])('finds nobody in %j', (value) => {
    expect(read(value)).toMatchObject({ kind: 'unusable' });
  });
});
