import { describe, expect, test } from 'vitest';

import { CLOUDS, type Cloud } from '../domain/cloud.ts';
import { DISCOVERY_APIS } from '../domain/discovery.ts';
import { compileDetection } from './sigma.ts';
import type { LogEvent } from './event.ts';
import { activity, auditEntry, DETECTIONS, event, RULE_TEXT, ruleText, T1580 } from './testing/events.ts';

const CALLS: Readonly<Record<Cloud, (api: string) => LogEvent>> = {
  aws: (eventName) => event({ eventName }),
  azure: (value) => activity({ operationName: { value } }),
  gcp: (methodName) => auditEntry(methodName),
};

test.each(CLOUDS)('the shipped rule for %s counts exactly the APIs that the responder counts', (cloud) => {
  const { matches, source } = DETECTIONS[cloud];
  for (const api of DISCOVERY_APIS[cloud]) expect(matches(CALLS[cloud](api)), api).toBe(true);
  expect(matches(CALLS[cloud]('other'))).toBe(false);
  const [, after = ''] = ruleText(cloud).split(`    ${source.api}:\n`);
  const listed = /^(?: {6}- .+\n)+/u.exec(after)?.[0].trimEnd().split('\n');
  expect(listed?.map((line) => line.replace('      - ', '')).toSorted()).toEqual([...DISCOVERY_APIS[cloud]].toSorted());
});

test.each([
  ['aws', 'AWS Cloud Infrastructure Discovery Burst', 'eventName'],
  ['azure', 'Azure Cloud Infrastructure Discovery Burst', 'operationName.value'],
  ['gcp', 'GCP Cloud Infrastructure Discovery Burst', 'protoPayload.methodName'],
] as const)('the shipped rule for %s says what it is', (cloud, title, distinctOf) => {
  expect(DETECTIONS[cloud]).toMatchObject({
    source: { cloud },
    title,
    level: 'high',
    techniques: ['T1580'],
    timespanMs: 900_000,
    thresholds: [
      { distinctOf: undefined, atLeast: 10 },
      { distinctOf, atLeast: 5 },
    ],
  });
});

test('no two documents of the shipped rules share an id', () => {
  const ids = CLOUDS.flatMap((cloud) => ruleText(cloud).match(/^id: .+$/gmu) ?? []);
  expect(ids).toHaveLength(3 * CLOUDS.length);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['the beginning of a call', { status: { value: 'Started' } }],
  ['a call that failed', { status: { value: 'Failed' } }],
  ['nobody', { caller: undefined }],
])('of the Azure activity log %s does not count', (_, change) => {
  expect(DETECTIONS.azure.matches(activity(change))).toBe(false);
});

test('refused calls of Google Cloud count, those of nobody do not', () => {
  const { matches } = DETECTIONS.gcp;
  expect(matches(auditEntry('storage.buckets.list', { status: { code: 7 } }))).toBe(true);
  expect(matches(auditEntry('storage.buckets.list', { authenticationInfo: {} }))).toBe(false);
});

test.each([
  ['a service by itself', { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' }],
  [
    'a service for someone',
    { type: 'IAMUser', arn: 'arn:aws:iam::1:user/a', accountId: '1', invokedBy: 'secretsmanager.amazonaws.com' },
  ],
  ['another account without an ARN', { type: 'AWSAccount', accountId: '999999999999' }],
])('%s is no identity to judge', (_, userIdentity) => {
  expect(T1580.matches(event({ userIdentity }))).toBe(false);
});

test('refused calls count like others', () => {
  expect(T1580.matches(event({ errorCode: 'Client.UnauthorizedOperation' }))).toBe(true);
});

describe('a rule that is not as it must be is refused, with file and place', () => {
  const broken = (from: string | RegExp, to: string) => () => {
    const text = RULE_TEXT.replace(from, to);
    expect(text).not.toBe(RULE_TEXT);
    return compileDetection(text, 't1580.yml');
  };
  test.each<[string, string | RegExp, string, RegExp]>([
    [
      'modifier',
      'userIdentity.arn|exists: false',
      'userIdentity.arn|re: x',
      /t1580\.yml: AWS.*Call: detection\.filter_main_no_identity.*"re" is not supported/u,
    ],
    ['modifier out of a prototype', 'arn|exists: false', 'arn|toString: x', /"toString" is not supported/u],
    ['chained modifiers', 'arn|exists: false', 'arn|exists|all: false', /at most one modifier/u],
    ['exists without a boolean', 'arn|exists: false', 'arn|exists: 1', /true or false/u],
    ['wildcard', '- DescribeInstances\n', '- Describe*\n', /wildcards and escapes are not supported/u],
    ['null value', 'userIdentity.type: AWSService', 'userIdentity.type: null', /values must be/u],
    ['keyword list', /selection:\n {4}eventName:/u, 'selection:\n    -', /must be a map of fields/u],
    ['condition with a count', 'not 1 of filter_main_*', 'not 1 of filter_main_* | count() > 5', /unexpected "\|"/u],
    [
      'condition with an unknown name',
      'condition: selection and',
      'condition: selektion and',
      /unknown search identifier.*"selektion"/u,
    ],
    ['condition with 2 of', 'not 1 of', 'not 2 of', /unsupported construct "2"/u],
    ['condition with them', '1 of filter_main_*', '1 of them', /prefix that ends/u],
    ['condition that matches no name', '1 of filter_main_*', '1 of filter_x_*', /no search identifier matches/u],
    ['condition cut off', 'and not 1 of filter_main_*', 'and', /unexpected end/u],
    ['open parenthesis', 'selection and not', '( selection and not', /missing "\)"/u],
    ['forgotten filter', 'and not 1 of filter_main_*', '', /filter_main_.* is not used/u],
    ['unknown field of a rule', 'status: experimental', 'stauts: experimental', /document 1: .*stauts/u],
    [
      'unknown field of a correlation',
      'type: event_count',
      'type: event_count\n  aliases: {}',
      /document 2: .*aliases/u,
    ],
    ['other log source', 'service: cloudtrail', 'service: s3access', /logsource\.service/u],
    [
      'product of another log',
      'product: aws',
      'product: gcp',
      /logsource\.service: .*aws cloudtrail, azure activitylogs, gcp gcp\.audit/u,
    ],
    ['temporal correlation', 'type: event_count', 'type: temporal', /correlation\.type/u],
    ['other operator', 'gte: 10', 'lt: 10', /correlation\.condition/u],
    ['two operators', 'gte: 10', 'gte: 10\n    lte: 20', /lte/u],
    ['value_count without field', '    field: eventName\n', '', /value_count needs a field/u],
    ['event_count with field', 'gte: 10', 'gte: 10\n    field: eventName', /value_count needs a field/u],
    ['timespan', 'timespan: 15m', 'timespan: 15 minutes', /15m/u],
    ['different timespans', 'timespan: 15m', 'timespan: 5m', /share rules and timespan/u],
    ['other group', '    - userIdentity.accountId\n', '', /group-by/u],
    [
      'rule of another file',
      '- aws_infrastructure_discovery_call\n',
      '- other_rule\n',
      /"other_rule", which is not a rule/u,
    ],
    ['level', 'level: informational', 'level: severe', /level/u],
    ['YAML', 'detection:\n', 'detection: [\n', /document 1/u],
    ['YAML key given twice', 'status: experimental', 'status: experimental\nstatus: test', /unique/u],
  ])('%s', (_, from, to, message) => {
    expect(broken(from, to)).toThrow(message);
  });

  test('two logs', () => {
    const [single = ''] = ruleText('gcp').split('\n---\n');
    const twoLogs = RULE_TEXT.replaceAll(
      '    - aws_infrastructure_discovery_call\n',
      '    - aws_infrastructure_discovery_call\n    - gcp_infrastructure_discovery_call\n',
    );
    expect(() => compileDetection(`${single}\n---\n${twoLogs}`, 'two.yml')).toThrow(
      /two\.yml: logsource: must be one log/u,
    );
  });

  test('no correlation', () => {
    expect(() => compileDetection(RULE_TEXT.split('\n---\n')[0] ?? '', 'one.yml')).toThrow(
      /one\.yml: file: holds no correlation/u,
    );
    expect(() => compileDetection('', 'empty.yml')).toThrow(/empty\.yml/u);
  });
});

describe('a condition', () => {
  const compiled = (condition: string) =>
    compileDetection(
      RULE_TEXT.replace('selection and not 1 of filter_main_*', condition).replace(
        / {2}selection:[\s\S]*? {2}condition:/u,
        '  a:\n    eventName: A\n  b:\n    awsRegion|startswith: eu-\n  c:\n    - sourceIPAddress|endswith: .9\n    - eventSource|contains: EC2\n  condition:',
      ),
      'x.yml',
    ).matches;
  test.each([
    ['a and b or c', 'X', 'us-1', true],
    ['a and (b or c)', 'X', 'us-1', false],
    ['a and (b or c)', 'a', 'us-1', true],
    ['not a and b and c', 'X', 'EU-1', true],
    ['not (a or b) and c', 'X', 'eu-1', false],
    ['not not a and b and c', 'A', 'eu-1', true],
    ['all of a* and all of b* or not c', 'A', 'us-1', false],
  ])('%s on %s in %s: %s', (condition, eventName, awsRegion, expected) => {
    expect(compiled(condition)(event({ eventName, awsRegion }))).toBe(expected);
  });
});
