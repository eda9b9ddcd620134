import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { loadConfig, parseConfig } from './load.ts';
import { ConfigError, formatProblem } from './problems.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

/** Everything that is said about a configuration, in order. */
function said(text: string): readonly string[] {
  try {
    return parseConfig(text, 'cordon.yaml', NOW).warnings.map(formatProblem);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(formatProblem);
  }
}

test('an empty file is the defaults, and they change nothing', () => {
  const { config, warnings } = parseConfig('', 'cordon.yaml');
  expect(config.mode).toBe('observe');
  expect(config.aws.logDelaySeconds).toBe(900);
  expect(warnings).toEqual([]);
});

test('all problems are told at once, each with its place, and cross-field ones of the sound sections too', () => {
  const text = [
    'mode: aprove',
    'sources:',
    '  gnric: {type: hmac}',
    'aws:',
    '  reigon: eu-west-1',
    'approvers:',
    '  - id: 12',
    '    name: A',
    '    slackUserID: U123',
    'approval: {deadlineMinutes: 5, reminderMinutes: 9}',
  ].join('\n');
  expect(said(text)).toEqual([
    'cordon.yaml:1:7: mode must be one of observe, approve; did you mean `approve`?',
    'cordon.yaml:3:3: sources.gnric is not a known key; known here: generic, guardduty',
    'cordon.yaml:5:3: aws.reigon is not a known key; did you mean `region`?',
    'cordon.yaml:7:9: approvers[0].id must be string, and is number; put it in quotes',
    'cordon.yaml:9:5: approvers[0].slackUserID is not a known key; did you mean `slackUserId`?',
    'cordon.yaml:10:49: warning: approval.reminderMinutes is not before `deadlineMinutes`: nobody will be reminded',
  ]);
});

test.each([
  ['a: &x 1\nb: *x', 1, 'anchors'],
  ['mode: *x', 1, 'aliases'],
  ['mode: !!js/function x', 1, 'tags'],
  ['mode: !custom x', 1, 'tags'],
  ['mode: observe\nmode: approve', 2, 'already stands'],
  ['mode: observe\n---\nmode: approve', 2, 'one document'],
  ['mode: [', 1, 'not YAML'],
  ['1: 2', 1, 'a key is a word'],
  ['- mode', 1, 'must be object'],
  ['__proto__: {mode: approve}', 1, '__proto__ is not a known key'],
])('%j is refused at line %i', (text, line, why) => {
  const [first] = said(text);
  expect(first).toMatch(new RegExp(`^cordon.yaml:${line}:\\d+: .*${why}`, 'u'));
});

test('a bomb of aliases is refused before it unfolds', () => {
  const levels = Array.from({ length: 30 }, (_, index) => `l${index + 1}: &l${index + 1} [*l${index}, *l${index}]`);
  expect(said(['l0: &l0 [x, x]', ...levels].join('\n'))[0]).toContain('anchors');
});

test('a secret in the wrong place is never repeated', () => {
  const secret = 'xoxb-canary-0123456789';
  const places = [
    `slack: {botToken: ${secret}, channel: C1, receiver: {type: socket, appToken: {env: A}}}`,
    `store: {databaseUrl: 'postgres://u:${secret}@h/d'}`,
    `temporal: {apiKey: {value: ${secret}}}`,
    `sources: {generic: {type: ${secret}, secret: {env: A}}}`,
    `mode: [${secret}`,
  ];
  for (const text of places) {
    const lines = said(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain(secret);
  }
});

const approver = (id: string, more = '') => `{id: ${id}, name: N${more}}`;
const SLACK = 'slack: {botToken: {env: A}, channel: C1, receiver: {type: socket, appToken: {env: B}}}';
const entry = (networks: string, expires = '2099-01-01') =>
  `allowlist:\n  - {name: n, kind: ci-cd, principal: 'arn:aws:iam::123456789012:user/ci', networks: ['${networks}'], ` +
  `actions: ['ec2:*'], owner: o, reason: r, expires: ${expires}}`;

const account = (accountId: string, ofRole = accountId, role = 'cordon') =>
  `{accountId: '${accountId}', roleArn: 'arn:aws:iam::${ofRole}:role/${role}', externalId: 'canary-id'}`;
const accounts = (...list: readonly string[]) => `aws: {accounts: [${list.join(', ')}]}`;

test.each([
  ['approve without approvers', 'mode: approve', 'mode is approve, but nobody'],
  [
    'a quorum above the number of approvers',
    `mode: approve\napprovers: [${approver('a', ', token: {env: A}')}]\napproval: {approvals: 2}`,
    'approval.approvals asks for 2, but 1 of 1',
  ],
  [
    'a quorum above the number of those who can decide',
    `mode: approve\napprovers: [${approver('a', ', token: {env: A}')}, ${approver('b')}]\napproval: {approvals: 2}`,
    'approval.approvals asks for 2, but 1 of 2',
  ],
  [
    'the quorum of large plans, where it is left to its default, above the number of approvers',
    `mode: approve\napprovers: [${approver('a', ', token: {env: A}')}]`,
    'approval.large.approvals asks for 2, but 1 of 1 listed approvers can decide: list more, or set it to 1',
  ],
  [
    'the quorum of large plans above the number of those who can decide',
    `mode: approve\napprovers: [${approver('a', ', token: {env: A}')}, ${approver('b')}]\napproval: {large: {approvals: 3}}`,
    'approval.large.approvals asks for 3, but 1 of 2',
  ],
  [
    'Slack where no approver has a Slack id',
    `mode: approve\n${SLACK}\napprovers: [${approver('a', ', token: {env: A}')}]`,
    'slack asks for approval, but no approver',
  ],
  ['one id for two', `approvers: [${approver('a')}, ${approver('a')}]`, 'approvers[1].id is already'],
  [
    'one Slack id for two',
    `approvers: [${approver('a', ', slackUserId: U12345')}, ${approver('b', ', slackUserId: U12345')}]`,
    'approvers[1].slackUserId already belongs',
  ],
  [
    'one token for two',
    `approvers: [${approver('a', ', token: {env: A}')}, ${approver('b', ', token: {env: A}')}]`,
    'approvers[1].token is already',
  ],
  ['the whole of IPv4', entry('0.0.0.0/0'), 'allowlist[0].networks[0] must not be every address'],
  ['the whole of IPv6', entry('::/0'), 'allowlist[0].networks[0] must not be every address'],
  ['IPv4 in IPv6 clothes', entry('::ffff:0:0/96'), 'allowlist[0].networks[0] must not be every address'],
  ['an unknown time zone', 'assessment: {businessHours: {timezone: Mars/Olympus}}', 'businessHours.timezone must be'],
  [
    'one account twice',
    accounts(account('111111111111'), account('111111111111', '111111111111', 'other')),
    'aws.accounts[1].accountId is listed already',
  ],
  [
    'a role of another account',
    accounts(account('111111111111', '222222222222')),
    'aws.accounts[0].roleArn must be a role of the account',
  ],
  [
    'an account id as a number',
    'aws: {accounts: [{accountId: 111111111111}]}',
    'must be string, and is number; put it',
  ],
  ['a short account id', accounts(account('1111', '111111111111')), 'aws.accounts[0].accountId must be twelve digits'],
  [
    'a user for a role',
    accounts(account('111111111111').replace(':role/', ':user/')),
    'roleArn must be the ARN of a role',
  ],
  [
    'a session for a role',
    accounts(account('111111111111').replace(':role/', ':assumed-role/')),
    'must be the ARN of a role',
  ],
  ['a role that is a pattern', accounts(account('111111111111').replace('/cordon', '/*')), 'must be the ARN of a role'],
  [
    'an account without external id',
    "aws: {accounts: [{accountId: '111111111111', roleArn: 'arn:aws:iam::111111111111:role/cordon'}]}",
    'aws.accounts[0].externalId is missing',
  ],
  [
    'an external id of one character',
    accounts(account('111111111111').replace('canary-id', 'x')),
    'must have 2 to 1224',
  ],
  ['an external id with a space', accounts(account('111111111111').replace('canary-id', 'x y')), 'must consist of'],
  [
    'an external id over the limit',
    accounts(account('111111111111').replace('canary-id', 'x'.repeat(1225))),
    'must have 2',
  ],
])('%s is an error', (_name, text, message) => {
  const errors = said(text).filter((line) => !line.includes('warning:'));
  expect(errors.join('\n')).toContain(message);
  expect(errors[0]).toMatch(/^cordon\.yaml:\d+:\d+: /u);
});

test.each([
  ['an expired entry', entry('192.0.2.0/24', '2026-05-31'), 'allowlist[0].expires has passed'],
  ['half of the internet', entry('128.0.0.0/1'), 'allowlist[0].networks[0] is very wide'],
  [
    'an approver who can decide nowhere',
    `mode: approve\napprovers: [${approver('a', ', token: {env: A}')}, ${approver('b')}]\napproval: {large: {approvals: 1}}`,
    'approvers[1] can decide nowhere',
  ],
  [
    'a quorum that is out of reach when an approver is the suspect',
    `mode: approve\napprovers: [${approver('a', ", token: {env: A}, identities: ['arn:aws:iam::123456789012:user/a']")}, ` +
      `${approver('b', ', token: {env: B}')}]`,
    'approvers[0].identities are beyond a quorum of 2',
  ],
])('%s is a warning only', (_name, text, message) => {
  expect(said(text)).toEqual([expect.stringContaining(`warning: ${message}`)]);
});

test('accounts that are listed well are taken as they are, a role with a path too', () => {
  const [first, second] = [account('111111111111'), account('222222222222', '222222222222', 'security/team/cordon')];
  expect(said(accounts(first, second))).toEqual([]);
  expect(said(accounts(first, account('111111111111'))).join()).not.toContain('canary-id');
});

test('an entry counts on its last day', () => {
  expect(said(entry('192.0.2.0/24', '2026-06-01'))).toEqual([]);
});

test('a named file that is absent is an error, no file at all is not, and the environment wins', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-config-'));
  await expect(loadConfig(join(directory, 'none.yaml'), {})).rejects.toThrow('does not exist');
  await expect(loadConfig(undefined, { CORDON_CONFIG: join(directory, 'none.yaml') })).rejects.toThrow(
    'does not exist',
  );
  await expect(loadConfig(directory, {})).rejects.toThrow('is a directory');

  const file = join(directory, 'named.yaml');
  await writeFile(file, 'temporal: {address: here:7233, namespace: n}\nstore: {databaseUrl: {env: OTHER}}');
  const quiet = await loadConfig(undefined, { CORDON_CONFIG: file });
  expect(quiet.config.temporal.address).toBe('here:7233');
  const loaded = await loadConfig(file, { TEMPORAL_ADDRESS: 'there:7233', DATABASE_URL: 'postgres://x' });
  expect(loaded.config.temporal).toMatchObject({ address: 'there:7233', namespace: 'n' });
  expect(loaded.config.store.databaseUrl).toEqual({ env: 'DATABASE_URL' });
  expect(JSON.stringify(loaded)).not.toContain('postgres://');
});
