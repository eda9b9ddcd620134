import fc from 'fast-check';
import { expect, test } from 'vitest';

import { matchesArn, parseArn } from './arn.ts';
import { matchesWildcard } from './wildcard.ts';

const USER = 'arn:aws:iam::123456789012:user/team/alice';

test('parses what AWS writes', () => {
  expect(parseArn('arn:aws:sts::123456789012:assumed-role/ci/run:7')).toEqual({
    partition: 'aws',
    service: 'sts',
    region: '',
    accountId: '123456789012',
    resource: 'assumed-role/ci/run:7',
  });
});

test.each([
  '',
  'alice',
  'arn:aws:iam::123456789012:',
  'arn:aws:iam',
  `${USER}\n`,
  'arn:aws:iam::123456789012:user/a b',
])('is no ARN: %j', (text) => {
  expect(parseArn(text)).toBeNull();
  expect(matchesArn('arn:aws:iam::123456789012:user/*', text)).toBe(false);
});

test.each([
  [USER, true],
  ['arn:aws:iam::123456789012:user/*', true],
  ['arn:aws:iam::123456789012:*/alice', true],
  ['arn:aws:iam::123456789012:user/team/ali', false],
  ['arn:aws:iam::123456789012:ser/team/alice', false],
  ['arn:aws:iam::123456789012:*', false],
  ['arn:aws:iam::123456789012:**', false],
  ['arn:aws:iam::*:user/team/alice', false],
  ['arn:*:iam::123456789012:user/team/alice', false],
  ['arn:aws:*::123456789012:user/team/alice', false],
  ['*', false],
  ['arn:aws:iam::123456789012:user/.*', false],
  ['arn:aws:iam::123456789012:user/team/alic?', false],
  ['arn:aws:iam::123456789012:(user/team/alice)', false],
  ['arn:aws:iam::999999999999:user/*', false],
])('pattern %s: %s', (pattern, expected) => {
  expect(matchesArn(pattern, USER)).toBe(expected);
});

/** The plain definition, to compare the walk with. */
function slowMatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*')
    return slowMatch(pattern.slice(1), text) || (text !== '' && slowMatch(pattern, text.slice(1)));
  return pattern[0] === text[0] && slowMatch(pattern.slice(1), text.slice(1));
}

test('a wildcard matches as its definition says', () => {
  const some = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.'), maxLength: 8 });
  fc.assert(
    fc.property(some, some, (pattern, text) => matchesWildcard(pattern, text) === slowMatch(pattern, text)),
    { numRuns: 3000 },
  );
});

test('text without a star matches itself only', () => {
  const plain = fc.string().filter((text) => !text.includes('*'));
  fc.assert(fc.property(plain, plain, (pattern, text) => matchesWildcard(pattern, text) === (pattern === text)));
});

test('no pattern makes it slow', () => {
  expect(matchesWildcard(`${'*a'.repeat(200)}*b`, 'a'.repeat(5000))).toBe(false);
});
