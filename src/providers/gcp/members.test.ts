import { describe, expect, it } from 'vitest';

import { protectedResourceBecause } from '../../policy/protection.ts';
import { memberTarget, resourcesOfMember } from './members.ts';

const projects = ['shop-prod', 'shop-test'];
const accounts = (email: string, ids: readonly string[]) =>
  ids.map((id) => `//iam.googleapis.com/projects/${id}/serviceAccounts/${email}`);

describe('the resources of a member', () => {
  it.each([
    ['user:alice@example.com', ['principal://goog/subject/alice@example.com']],
    ['user:Alice@Example.com', ['principal://goog/subject/alice@example.com']],
    [
      'serviceAccount:ci@other-shop.iam.gserviceaccount.com',
      accounts('ci@other-shop.iam.gserviceaccount.com', ['other-shop']),
    ],
    // Accounts whose address does not tell the project: wherever Cordon works, it may be the protected one.
    [
      'serviceAccount:123-compute@developer.gserviceaccount.com',
      accounts('123-compute@developer.gserviceaccount.com', projects),
    ],
    [
      'serviceAccount:shop-prod@appspot.gserviceaccount.com',
      accounts('shop-prod@appspot.gserviceaccount.com', ['shop-prod']),
    ],
    [
      'serviceAccount:service-1@gcp-sa-logging.iam.gserviceaccount.com',
      accounts('service-1@gcp-sa-logging.iam.gserviceaccount.com', ['gcp-sa-logging', ...projects]),
    ],
    // A service account is one by its address, however the policy calls it.
    ['user:ci@shop-prod.iam.gserviceaccount.com', accounts('ci@shop-prod.iam.gserviceaccount.com', ['shop-prod'])],
    ['group:admins@example.com', []],
    ['allUsers', []],
    ['domain:example.com', []],
    ['deleted:user:alice@example.com?uid=1', []],
    ['serviceAccount:shop-prod.svc.id.goog[web/default]', []],
    ['principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*', []],
  ])('%s', (member, resources) => {
    expect(resourcesOfMember(member, projects)).toEqual(resources);
  });

  it('are compared with Cordon by the address: of itself it knows no number', () => {
    const email = 'cordon@cordon-home.iam.gserviceaccount.com';
    const self = { cloud: 'gcp', kind: 'service-account', accountId: 'cordon-home', name: email } as const;
    const [resource = ''] = resourcesOfMember(`serviceAccount:${email}`, projects);
    expect(protectedResourceBecause(resource, [self], [])).toMatch(/Cordon itself/u);
  });
});

it('a target names one member, and is never a pattern', () => {
  const resource = '//cloudresourcemanager.googleapis.com/projects/shop-prod';
  expect(memberTarget(resource, 'user:alice@example.com')).toBe(`${resource}#user:alice@example.com`);
  const odd = [
    'principalSet://pools/*',
    'deleted:user:a@b.example?uid=1',
    'principalSet://pools/%2A',
    'principalSet://pools/%252A',
  ];
  const targets = odd.map((one) => memberTarget(resource, one));
  for (const target of targets) expect(target).not.toMatch(/[*?]/u);
  expect(new Set(targets).size).toBe(odd.length);
});
