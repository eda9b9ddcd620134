import { describe, expect, it } from 'vitest';

import { denyOf, fits, standing, withDeny, withoutDeny } from './deny-statement.ts';

const USER = '9067000000-00000000-0000-4000-8000-000000000001';
const DENY = denyOf('ca_1', USER);
const THEIRS = { Sid: 'Theirs', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const statementsIn = (text: string | null) =>
  [(JSON.parse(text ?? '{"Statement":[]}') as { Statement: object | object[] }).Statement].flat();
const PRIORS: readonly (readonly [string, string | null])[] = [
  ['no policy', null],
  ['one statement in a list', policy(THEIRS)],
  ['one statement alone', JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: THEIRS })],
  ['white space', `{ "Statement": [\n ${JSON.stringify(THEIRS)} ],\n "Version": "2012-10-17" }`],
  ['a statement without a Sid', policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: ['*'] })],
  ["another case's deny", policy(denyOf('ca_2', USER))],
];

describe.each(PRIORS)('beside %s', (_, prior) => {
  it('denies the one user id, keeps every other statement, and goes to the letter', () => {
    expect(standing(prior, DENY)).toBe('absent');
    const put = withDeny(prior, DENY);
    expect(standing(put, DENY)).toBe('ours');
    expect(statementsIn(put)).toEqual([...statementsIn(prior), DENY]);
    expect(withoutDeny(put, DENY, prior)).toBe(prior);
    // AWS may answer in other white space than was put.
    expect(withoutDeny(JSON.stringify(JSON.parse(put), null, 2), DENY, prior)).toBe(prior);
  });

  it('goes alone where others have changed the rest', () => {
    const put = withDeny(prior, DENY);
    const added = { ...THEIRS, Sid: 'Later' };
    const later = JSON.stringify({ ...(JSON.parse(put) as object), Statement: [...statementsIn(put), added] });
    expect(statementsIn(withoutDeny(later, DENY, prior))).toEqual([...statementsIn(prior), added]);
  });
});

it('names one user exactly, without a time and without a wildcard in the condition', () => {
  expect(DENY).toEqual({
    Sid: 'CordonDenyca1',
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { StringEquals: { 'identitystore:userId': USER } },
  });
});

it.each([
  ['allows', { ...DENY, Effect: 'Allow' }],
  ['denies another user', { ...DENY, Condition: { StringEquals: { 'identitystore:userId': 'x' } } }],
  ['denies less', { ...DENY, Action: 's3:*' }],
  ['has an exception', { ...DENY, NotResource: 'x' }],
])('is not ours any more where it %s', (_, changed) => {
  expect(standing(policy(changed), DENY)).toBe('changed');
  expect(standing(policy(DENY, changed), DENY)).toBe('changed');
});

it.each(['', '[]', '{', '{"Statement":"x"}'])('refuses to write over what is no policy: %j', (text) => {
  expect(() => withDeny(text, DENY)).toThrow(/no policy that can be read/u);
  expect(() => standing(text, DENY)).toThrow(/no policy that can be read/u);
});

it('knows what fits, white space not counted', () => {
  expect(fits(' '.repeat(20_000) + 'x'.repeat(10_240))).toBe(true);
  expect(fits('x'.repeat(10_241))).toBe(false);
});
