import { existsSync, readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { DISCOVERY_APIS } from '../domain/discovery.ts';
import type { CloudTrailEvent } from './cloudtrail-events.ts';
import type { Finding } from './run.ts';
import { detect } from './run.ts';
import { activity, ALICE, auditEntry, DETECTIONS, event, many, named, T1580 } from './testing/events.ts';

const NAMES = DISCOVERY_APIS.aws;

describe('the thresholds', () => {
  test.each([
    [9, 4, 0],
    [10, 4, 1],
    [10, 1, 1],
    [9, 5, 1],
    [5, 5, 1],
    [4, 4, 0],
  ])('%i calls to %i APIs: %i findings', (count, apis, findings) => {
    const events = Array.from({ length: count }, (_, index) => event({ eventName: NAMES[index % apis] ?? '' }));
    expect(detect(events, T1580)).toHaveLength(findings);
  });

  test('calls that are no discovery count for nothing', () => {
    expect(detect(many(100, { eventName: 'RunInstances' }), T1580)).toEqual([]);
  });
});

describe('a bin', () => {
  const at = (eventTime: string, count: number) => many(count, { eventTime });
  test('is fixed: a burst across its edge is two halves', () => {
    expect(detect([...at('2026-11-18T11:14:59Z', 9), ...at('2026-11-18T11:15:00Z', 9)], T1580)).toEqual([]);
    expect(detect([...at('2026-11-18T11:15:00Z', 9), ...at('2026-11-18T11:29:59Z', 1)], T1580)).toHaveLength(1);
  });

  test('is of one identity in one account', () => {
    const bob = { ...ALICE, arn: 'arn:aws:iam::123456789012:user/bob' };
    const elsewhere = { ...ALICE, accountId: '999999999999' };
    expect(
      detect([...many(9), ...many(9, { userIdentity: bob }), ...many(9, { userIdentity: elsewhere })], T1580),
    ).toEqual([]);
  });

  test('never takes an event without a time', () => {
    expect(() => detect(many(1, { eventTime: 'soon', eventID: 'e1' }), T1580)).toThrow(
      'event e1 has no valid eventTime',
    );
  });
});

test('a finding has the columns of the detection, capped and sorted', () => {
  const events = [
    ...named(NAMES, { eventTime: '2026-11-18T11:02:00Z' }),
    ...Array.from({ length: 12 }, (_, index) =>
      event({ sourceIPAddress: `192.0.2.${index + 10}`, awsRegion: `eu-west-${index}` }),
    ),
    event({ eventTime: '2026-11-18T11:00:30Z' }),
    ...many(20, { eventTime: '2026-11-18T11:14:00Z' }),
  ];
  const expected: Finding = {
    TimeGenerated: '2026-11-18T11:00:00.000Z',
    CloudProvider: 'AWS',
    Identity: ALICE.arn,
    AccountId: ALICE.accountId,
    DiscoveryCount: NAMES.length + 33,
    DistinctAPIs: NAMES.length,
    APIList: [...NAMES].toSorted(),
    DistinctRegions: 13,
    SourceIPs: expect.any(Array) as string[],
    FirstSeen: '2026-11-18T11:00:30.000Z',
    LastSeen: '2026-11-18T11:14:00.000Z',
    RiskScore: 90,
  };
  const [finding] = detect(events, T1580);
  expect(finding).toEqual(expected);
  expect(Object.keys(finding ?? {})).toEqual(Object.keys(expected));
  expect(finding?.SourceIPs).toHaveLength(10);
});

test('a finding in Azure: the caller in a subscription, resource groups for regions', () => {
  const events = DISCOVERY_APIS.azure.map((value, index) =>
    activity({ operationName: { value }, resourceGroupName: `group-${index % 2}` }),
  );
  expect(detect(events, DETECTIONS.azure)).toEqual([
    {
      TimeGenerated: '2026-11-18T11:00:00.000Z',
      CloudProvider: 'Azure',
      Identity: '5d3c2f6e-0000-4000-8000-0000000000aa',
      AccountId: '9f1b7c3e-0000-4000-8000-0000000000bb',
      DiscoveryCount: 8,
      DistinctAPIs: 8,
      APIList: [...DISCOVERY_APIS.azure].toSorted(),
      DistinctRegions: 2,
      SourceIPs: ['198.51.100.9'],
      FirstSeen: '2026-11-18T11:01:00.123Z',
      LastSeen: '2026-11-18T11:01:00.123Z',
      RiskScore: 50,
    },
  ]);
});

test('a finding in Google Cloud: an account in a project, and the zone or location', () => {
  const events = [...DISCOVERY_APIS.gcp, ...DISCOVERY_APIS.gcp, ...DISCOVERY_APIS.gcp].map((name) => auditEntry(name));
  expect(detect(events, DETECTIONS.gcp)).toMatchObject([
    {
      CloudProvider: 'GCP',
      Identity: 'ci@shop-prod.iam.gserviceaccount.com',
      AccountId: 'shop-prod',
      DiscoveryCount: 60,
      DistinctAPIs: 20,
      DistinctRegions: 1,
      SourceIPs: ['198.51.100.9'],
      RiskScore: 90,
    },
  ]);
  expect(() => detect([{ ...auditEntry('storage.buckets.list'), timestamp: 1 }], DETECTIONS.gcp)).toThrow(
    'GCP event i1 has no valid timestamp',
  );
});

test('findings come by risk, then by count', () => {
  const user = (name: string) => ({ ...ALICE, arn: `arn:aws:iam::123456789012:user/${name}` });
  const events = [
    ...many(10, { userIdentity: user('ten') }),
    ...many(30, { userIdentity: user('thirty') }),
    ...[1, 2, 3].flatMap(() => named(NAMES.slice(0, 7), { userIdentity: user('seventy') })),
  ];
  expect(detect(events, T1580).map(({ Identity, RiskScore }) => [Identity.split('/')[1], RiskScore])).toEqual([
    ['seventy', 70],
    ['thirty', 50],
    ['ten', 50],
  ]);
});

describe('for any stream', () => {
  const stream = fc.array(
    fc.record({
      eventName: fc.constantFrom(...NAMES.slice(0, 7), 'RunInstances'),
      minute: fc.nat({ max: 59 }),
      user: fc.constantFrom('alice', 'bob'),
      invokedBy: fc.constantFrom(undefined, undefined, 'ec2.amazonaws.com'),
    }),
    { maxLength: 120 },
  );
  const toEvents = (parts: typeof stream extends fc.Arbitrary<infer T> ? T : never): CloudTrailEvent[] =>
    parts.map(({ eventName, minute, user, invokedBy }) =>
      event({
        eventName,
        eventTime: `2026-11-18T11:${String(minute).padStart(2, '0')}:00Z`,
        userIdentity: { ...ALICE, arn: `arn:aws:iam::123456789012:user/${user}`, ...(invokedBy ? { invokedBy } : {}) },
      }),
    );

  test('the order of the events does not matter', () => {
    fc.assert(
      fc.property(stream, (parts) => {
        expect(detect(toEvents(parts.toReversed()), T1580)).toEqual(detect(toEvents(parts), T1580));
      }),
    );
  });

  test('it finds what a plain count by hand finds', () => {
    fc.assert(
      fc.property(stream, (parts) => {
        const own = parts.filter(({ eventName, invokedBy }) => eventName !== 'RunInstances' && !invokedBy);
        const bins = Object.values(Object.groupBy(own, ({ user, minute }) => `${user} ${Math.floor(minute / 15)}`));
        const firing = bins.filter(
          (bin = []) => bin.length >= 10 || new Set(bin.map(({ eventName }) => eventName)).size >= 5,
        );
        const counts = detect(toEvents(parts), T1580).map(({ DiscoveryCount }) => DiscoveryCount);
        const ascending = (left: number, right: number) => left - right;
        expect(counts.toSorted(ascending)).toEqual(firing.map((bin = []) => bin.length).toSorted(ascending));
      }),
    );
  });
});

const DATA = new URL('../../../shared/data/', import.meta.url);
const RECORDING = new URL('invictus-aws_dataset/part1-before-1207.jsonl', DATA);
const STRATUS = new URL('stratus-red-team/detonation-logs/', DATA);

describe.skipIf(!existsSync(RECORDING))('the recording of Invictus', () => {
  const read = () =>
    readFileSync(RECORDING, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as CloudTrailEvent);

  test('Terraform and the attacker share one identity, and no service is judged', () => {
    const findings = detect(read(), T1580);
    expect(findings.length).toBeGreaterThan(0);
    for (const { Identity, SourceIPs } of findings) {
      expect(Identity).toMatch(/:user\/(?:benjamin|bert-jan)$|:assumed-role\/stratus/u);
      expect(SourceIPs.join()).not.toContain('amazonaws.com');
    }
    expect(findings.some(({ Identity }) => Identity.endsWith('user/bert-jan'))).toBe(true);
  });
});

describe.skipIf(!existsSync(STRATUS))('the recordings of Stratus Red Team', () => {
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, STRATUS), 'utf8')) as CloudTrailEvent[];

  test('a technique that polls DescribeInstances passes the count with one API, and most attacks show no burst', () => {
    const found = Object.fromEntries(readdirSync(STRATUS).map((file) => [file, detect(read(file), T1580)]));
    const bursts = Object.keys(found).filter((file) => (found[file] ?? []).length > 0);
    expect(bursts).toEqual(['aws.execution.ec2-user-data.json']);
    expect(found['aws.execution.ec2-user-data.json']).toMatchObject([{ DistinctAPIs: 1, RiskScore: 50 }]);
  });
});
