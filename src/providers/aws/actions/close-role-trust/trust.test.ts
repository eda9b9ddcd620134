import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { TrustCaller } from './trust.ts';
import { callerSchema, closeTrust, sameTrust } from './trust.ts';

const ACCOUNT = '123456789012';
const user = (name: string, account = ACCOUNT) => `arn:aws:iam::${account}:user/${name}`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const root = (account = ACCOUNT) => `arn:aws:iam::${account}:root`;
const FOREIGN = '210987654321';
/** Everyone who may come: the suspect is one of them. */
const PEOPLE = [user('alice'), user('bob'), user('team/carol'), role('ci'), role('path/deploy'), user('eve', FOREIGN)];
const NAMES = [...PEOPLE, '*', ACCOUNT, root(), root(FOREIGN), FOREIGN];

interface Statement {
  readonly Effect: string;
  readonly Principal: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Condition?: unknown;
}

/** Another reading of a trust policy than the edit's: who gets in, with every condition held to be fulfilled. */
function gets(person: string, text: string): boolean {
  const { Statement: all } = JSON.parse(text) as { Statement: Statement | Statement[] };
  const names = (value: string | readonly string[] | undefined) => (value === undefined ? [] : [value].flat());
  const matches = ({ Principal, Action }: Statement) => {
    const account = person.split(':')[4] ?? '';
    const named = Principal === '*' ? ['*'] : names(Principal['AWS']);
    const acts = names(Action).some((action) => ['*', 'sts:*', 'sts:AssumeRole'].includes(action));
    return acts && named.some((name) => ['*', account, root(account), person].includes(name));
  };
  const effects = [all]
    .flat()
    .filter(matches)
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

const oneOrMore = <T>(values: readonly T[]) =>
  fc.oneof(fc.constantFrom(...values), fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 4 }));
const statement = fc.record(
  {
    Sid: fc.constantFrom('a', 'b', 'c'),
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    Principal: fc.oneof(
      fc.constant('*'),
      fc.record({ AWS: oneOrMore(NAMES) }),
      fc.record({ AWS: oneOrMore(NAMES), Service: fc.constant('ec2.amazonaws.com') }),
      fc.record({ Service: oneOrMore(['ec2.amazonaws.com', 'lambda.amazonaws.com']) }),
    ),
    Action: oneOrMore(['sts:AssumeRole', 'sts:TagSession', 'sts:*', '*']),
    Condition: fc.constant({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
  },
  { requiredKeys: ['Effect', 'Principal', 'Action'] },
);
const policies = fc
  .array(statement, { minLength: 1, maxLength: 4 })
  .map((Statement) => JSON.stringify({ Version: '2012-10-17', Id: 'kept', Statement }));
const suspects = fc.uniqueArray(fc.constantFrom(...PEOPLE), { minLength: 1, maxLength: 2 });

describe('closeTrust', () => {
  it('shuts out exactly the suspects, and nobody gets in who did not before', () => {
    fc.assert(
      fc.property(policies, suspects, (before, ids) => {
        const callers = ids.map((id): TrustCaller => ({ kind: 'principal', id }));
        const { document, diff } = closeTrust(before, callers, 'CordonClosesTrustca1');
        for (const person of PEOPLE) expect(gets(person, document)).toBe(!ids.includes(person) && gets(person, before));
        const services = (text: string) => text.match(/"(?:ec2|lambda)\.amazonaws\.com"/gu);
        expect(services(document)).toEqual(services(before));
        expect(JSON.parse(document).Id).toBe('kept');
        expect(JSON.parse(document).Statement.length).toBeGreaterThan(0);
        expect(diff.length === 0).toBe(sameTrust(document, before));
        const denies = (text: string) =>
          (JSON.parse(text).Statement as Statement[]).filter(({ Effect }) => Effect === 'Deny').length;
        expect(denies(document)).toBeGreaterThanOrEqual(denies(before));
        expect(diff.filter((line) => line.startsWith('- ') && line.includes('"Deny"'))).toEqual([]);
        // What is closed stays as it is.
        expect(closeTrust(document, callers, 'CordonClosesTrustca1')).toEqual({ document, diff: [] });
      }),
      { numRuns: 500 },
    );
  });

  const trusting = (Principal: unknown, Action = 'sts:AssumeRole') =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action }] });

  it('takes out sessions of the role as well, under whatever name', () => {
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/ci/other`;
    const text = trusting({ AWS: [session, user('bob')] });
    const { document } = closeTrust(text, [{ kind: 'principal', id: role('ci') }], 's');
    expect(JSON.parse(document).Statement).toEqual([
      { Effect: 'Allow', Principal: { AWS: [user('bob')] }, Action: ['sts:AssumeRole'] },
    ]);
  });

  it.each<[string, TrustCaller, string, object]>([
    [
      'one subject of an identity provider',
      { kind: 'federated', id: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.example`, subject: 'repo:evil/x:ref' },
      trusting({ Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.example` }, 'sts:AssumeRoleWithWebIdentity'),
      { StringEquals: { 'token.example:sub': 'repo:evil/x:ref' } },
    ],
    [
      'a role of another account',
      { kind: 'foreign', id: 'AROAEXAMPLEFOREIGN' },
      trusting({ AWS: root(FOREIGN) }),
      { StringLike: { 'aws:userid': 'AROAEXAMPLEFOREIGN:*' } },
    ],
  ])('denies %s, and keeps the statement for the others', (_, caller, text, Condition) => {
    const { document } = closeTrust(text, [caller], 's');
    const [kept, deny] = JSON.parse(document).Statement as { Effect: string }[];
    expect(
      sameTrust(JSON.stringify({ Statement: [kept] }), JSON.stringify({ Statement: JSON.parse(text).Statement })),
    ).toBe(true);
    expect(deny).toMatchObject({ Effect: 'Deny', Condition });
  });

  it.each(['', '{', '[]', '{"Statement":7}', '{"Statement":[{"Effect":"Maybe"}]}'])('refuses %j', (text) => {
    expect(() => closeTrust(text, [{ kind: 'principal', id: user('alice') }], 's')).toThrow(/by hand/u);
  });
});

describe('whom a policy may name', () => {
  it.each<unknown>([
    { kind: 'principal', id: '*' },
    { kind: 'principal', id: root() },
    { kind: 'principal', id: user('*') },
    { kind: 'principal', id: user('${aws:username}') },
    { kind: 'principal', id: `arn:aws:sts::${ACCOUNT}:assumed-role/a/b` },
    { kind: 'foreign', id: 'AROA*' },
    { kind: 'federated', id: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`, subject: '*' },
    { kind: 'federated', id: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`, subject: '${saml:sub}' },
    { kind: 'service', id: 'ec2.amazonaws.com' },
  ])('is never %j', (caller) => {
    expect(callerSchema.safeParse(caller).success).toBe(false);
  });
});

describe('sameTrust', () => {
  it('reads meaning, not letters', () => {
    const one = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["a","b"]},"Action":"x"}]}';
    const other =
      '{ "Statement": {"Action":["x"],"Principal":{"AWS":["b","a"]},"Effect":"Allow"},"Version":"2012-10-17"}';
    expect(sameTrust(one, other)).toBe(true);
    expect(sameTrust(one, one.replace('"b"', '"c"'))).toBe(false);
  });
});
