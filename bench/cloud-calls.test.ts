import { expect, test } from 'vitest';

import { inSequence, isWrite, mostInASecond, type CloudCall } from './cloud-calls.ts';

const call = (startMs: number, endMs: number, command = 'GetUserCommand'): CloudCall => ({
  service: 'iam',
  command,
  input: {},
  startMs,
  endMs,
  refused: false,
});

test.each<[string, CloudCall[], number[]]>([
  ['nothing', [], []],
  ['one after the other', [call(0, 5), call(5, 9), call(10, 12)], [1, 1, 1]],
  ['at once', [call(0, 5), call(1, 9), call(2, 3)], [3]],
  ['what began when the first of them was over waited for it', [call(0, 5), call(1, 9), call(6, 7)], [2, 1]],
])('round trips in sequence: %s', (_, calls, sizes) => {
  expect(inSequence(calls).map((group) => group.length)).toEqual(sizes);
});

test('the most in any second, not in a second by the clock', () => {
  expect(mostInASecond([])).toBe(0);
  expect(mostInASecond([900, 950, 1100, 1899, 1900].map((at) => call(at, at + 1)))).toBe(4);
});

test('reads are told from writes by the name of the operation', () => {
  expect(['GetUserCommand', 'PutUserPolicyCommand'].map((command) => isWrite(call(0, 1, command)))).toEqual([
    false,
    true,
  ]);
});
