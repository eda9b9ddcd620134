import { expect, test } from 'vitest';

import { generic } from '../sources/generic/source.ts';
import { genericSchema } from '../sources/generic/schema.ts';
import { findingToAlert } from './finding-to-alert.ts';
import { detect } from './run.ts';
import { ALICE, DETECTIONS, event, many, T1580 } from './testing/events.ts';

const [finding] = detect([...many(10), event({ sourceIPAddress: 'AWS Internal' })], T1580);
if (!finding) throw new Error('No finding to send.');

test('the generic source reads a finding without loss', () => {
  const [parsed] = generic.parse(findingToAlert(finding, T1580), new Date('2026-11-18T12:00:00Z'));
  expect(parsed?.alert).toMatchObject({
    title: 'AWS Cloud Infrastructure Discovery Burst',
    severity: 'high',
    techniques: ['T1580'],
    cloud: 'aws',
    accountId: '123456789012',
    clues: [{ form: 'arn', value: ALICE.arn }],
    sourceAddresses: ['198.51.100.9'],
    firstSeen: '2026-11-18T11:01:00.000Z',
    discovery: {
      discoveryCount: 11,
      distinctApis: 1,
      apiList: ['DescribeInstances'],
      distinctRegions: 1,
      riskScore: 50,
    },
  });
});

test.each([
  ['azure', '5d3c2f6e-0000-4000-8000-0000000000aa', 'principal-id'],
  ['azure', 'ana@example.com', 'user-principal-name'],
  ['gcp', 'ci@shop-prod.iam.gserviceaccount.com', 'email'],
] as const)('in %s the identity %s is a clue of the form %s', (cloud, Identity, form) => {
  const body = findingToAlert({ ...finding, Identity, AccountId: 'account' }, DETECTIONS[cloud]);
  const [parsed] = generic.parse(body, new Date('2026-11-18T12:00:00Z'));
  expect(parsed?.alert).toMatchObject({ cloud, accountId: 'account', clues: [{ form, value: Identity }] });
});

test('the same bin is the same alert, whatever it has grown to; another bin, identity or account is another', () => {
  const id = (change: Partial<typeof finding>) => findingToAlert({ ...finding, ...change }, T1580).id;
  expect(id({ DiscoveryCount: 99, LastSeen: '2026-11-18T11:14:59.000Z' })).toBe(id({}));
  const others = [{ TimeGenerated: '2026-11-18T11:15:00.000Z' }, { Identity: 'x' }, { AccountId: '9' }].map(id);
  expect(new Set([id({}), ...others]).size).toBe(4);
});

test('the longest ARN still fits', () => {
  const Identity = `arn:aws:iam::123456789012:user/${'p'.repeat(510)}/${'n'.repeat(64)}`;
  expect(genericSchema.safeParse(findingToAlert({ ...finding, Identity }, T1580)).success).toBe(true);
});
