import { describe, expect, test } from 'vitest';

import { isResourceName, matchesResource, RESOURCE_PATTERN } from './resource-name.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const APP = `/tenants/${TENANT}/servicePrincipals/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee`;
const ACCOUNT = '//iam.googleapis.com/projects/shop-prod/serviceAccounts/ci@shop-prod.iam.gserviceaccount.com';
const USER = 'principal://goog/subject/alice@example.com';
const ARN = 'arn:aws:iam::123456789012:user/alice';

describe('matchesResource', () => {
  test.each([
    [ARN, ARN, true],
    ['arn:aws:iam::123456789012:user/a*', ARN, true],
    [APP, APP, true],
    [APP.toUpperCase().replace('/TENANTS', '/tenants'), APP, true],
    [`/tenants/${TENANT}/servicePrincipals/aaaaaaaa*`, APP, true],
    [`/tenants/${OTHER_TENANT}/servicePrincipals/aaaaaaaa*`, APP, false],
    [`/tenants/${TENANT}/users/aaaaaaaa*`, APP, false],
    [ACCOUNT.replace('ci@', '*@'), ACCOUNT, true],
    [ACCOUNT.replace('shop-prod/', 'shop-test/'), ACCOUNT, false],
    ['principal://goog/subject/*@example.com', USER, true],
    ['principal://goog/subject/*@example.org', USER, false],
  ])('%s and %s: %s', (pattern, resource, matches) => {
    expect(matchesResource(pattern, resource)).toBe(matches);
  });

  test.each([
    '*',
    '',
    'arn:aws:iam::*:user/alice',
    `/tenants/*/servicePrincipals/*`,
    `/tenants/${TENANT}/servicePrincipals/*`,
    `/tenants/${TENANT}/*`,
    '//iam.googleapis.com/projects/*/serviceAccounts/*',
    '//iam.googleapis.com/projects/shop-prod/serviceAccounts/*',
    'principal://goog/subject/**',
    'principal://goog/*',
  ])('a pattern over every identity matches nothing, and the configuration refuses it: %s', (pattern) => {
    for (const resource of [ARN, APP, ACCOUNT, USER]) expect(matchesResource(pattern, resource)).toBe(false);
    expect(RESOURCE_PATTERN.test(pattern)).toBe(false);
  });

  test.each([ARN, APP, ACCOUNT, USER, 'principal://goog/subject/*@example.com'])(
    'the configuration takes %s',
    (pattern) => {
      expect(RESOURCE_PATTERN.test(pattern)).toBe(true);
    },
  );
});

describe('isResourceName', () => {
  test.each([
    ARN,
    APP,
    ACCOUNT,
    USER,
    `/subscriptions/${TENANT}/providers/Microsoft.Insights/x`,
    '//logging.googleapis.com/projects/p/sinks/s',
  ])('knows %s', (text) => expect(isResourceName(text)).toBe(true));
  test.each([
    '',
    'alice',
    'alice@example.com',
    '/etc/passwd',
    `${APP}/x`,
    `${ACCOUNT} x`,
    '//example.com/x',
    `${APP}\n`,
  ])('does not take %j for one', (text) => expect(isResourceName(text)).toBe(false));
});
