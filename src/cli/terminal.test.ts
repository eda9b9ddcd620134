import fc from 'fast-check';
import { expect, test } from 'vitest';

import { inert, inertJson, table } from './terminal.ts';

const ALIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** Any text, with the characters that matter far more often than chance. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      '\u001b[31m',
      '\u009b',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u2028',
      '\r',
      '\n',
      '\u0007',
      '\u{e0041}',
      '\ud800',
    ),
  ),
});

test('no text can act on the terminal, whatever it is', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(inert(text)).not.toMatch(ALIVE);
    }),
  );
});

test('what a person can read is left as it is', () => {
  expect(inert('Zoë — 東京 🔑 a\\b')).toBe('Zoë — 東京 🔑 a\\b');
  expect(inert('a\u001b[31mb\u202ec')).toBe('a\\x1b[31mb\\u{202e}c');
});

test('JSON is inert too, and still the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(hostile, hostile), (value) => {
      const json = inertJson(value);
      expect(json.replaceAll('\n', '')).not.toMatch(ALIVE);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a cell can not break out of its row', () => {
  expect(
    table([
      ['a\nok  injected', 'b'],
      ['c', 'd'],
    ]).split('\n'),
  ).toHaveLength(2);
});
