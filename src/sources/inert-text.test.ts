import { describe, expect, it } from 'vitest';

import { inertText, rendered, validAddresses } from './inert-text.ts';

describe('inert text', () => {
  it.each([
    ['a\r\nb\tc', 'a b c'],
    ['\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['user\u202egnp.exe', 'usergnp.exe'],
    ['al\u200bi\u2060ce\ufeff', 'alice'],
    ['tag\u{e0041}\u{e0042}', 'tag'],
    ['half \ud800 pair', 'half  pair'],
    ['  Grüße 你好 🙂  ', 'Grüße 你好 🙂'],
  ])('%j becomes %j', (text, expected) => expect(inertText(text, 100)).toBe(expected));

  it('cuts by characters and says so', () => {
    expect(inertText('🙂'.repeat(10), 5)).toBe('🙂🙂🙂🙂…');
    expect(inertText('x'.repeat(5), 5)).toBe('xxxxx');
  });
});

it.each(['{{user}}', 'x {{a.b}} y', '${user}', '<no value>', '<No Value>', '$result.user$', ' ', 'null', 'N/A', '-'])(
  '%j says nothing',
  (text) => expect(rendered(text)).toBeUndefined(),
);
it.each(['alice', '$alice', '{alice}', '}}alice{{', 'nullable'])('%j is a value', (text) =>
  expect(rendered(text)).toBe(text),
);

it('keeps addresses only, each in one spelling', () => {
  const none = ['AWS Internal', 'cloudtrail.amazonaws.com', '999.1.1.1', '1', '010.1.1.1', '0x7f.1', '10.0.0.0/8'];
  expect(validAddresses([...none, 'fe80::1%eth0'])).toEqual([]);
  const given = ['203.0.113.7', ' 203.0.113.7 ', '::ffff:203.0.113.7', '2001:0DB8::0007', '2001:db8::7'];
  expect(validAddresses(given)).toEqual(['203.0.113.7', '2001:db8::7']);
});
