import { expect, test } from 'vitest';

import { canonicalAddress, inNetwork, isAwsSpelling } from './addresses.ts';

test.each([
  ['192.0.2.7', '192.0.2.0/24', true],
  ['192.0.3.7', '192.0.2.0/24', false],
  ['::ffff:192.0.2.7', '192.0.2.0/24', true],
  ['192.0.2.7', '::ffff:192.0.2.0/120', true],
  ['::ffff:c000:207', '192.0.2.0/24', true],
  ['192.0.2.7', '::/0', false],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['2001:db8::1', '0.0.0.0/0', false],
  ['AWS Internal', '0.0.0.0/0', false],
  ['cloudformation.amazonaws.com', '0.0.0.0/0', false],
  ['', '0.0.0.0/0', false],
  ['253.252.51.07', '0.0.0.0/0', false],
  ['010.0.0.1', '10.0.0.0/8', false],
  ['0x7f.1', '127.0.0.0/8', false],
  ['2130706433', '127.0.0.0/8', false],
  ['192.0.2.7%eth0', '0.0.0.0/0', false],
  ['fe80::1%eth0', 'fe80::/10', false],
  ['192.0.2.7', 'not a network', false],
  ['192.0.2.7', '192.0.2.0/33', false],
])('%s in %s: %s', (address, network, expected) => {
  expect(inNetwork(address, network)).toBe(expected);
});

test('one spelling an address', () => {
  expect(canonicalAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
  expect(canonicalAddress('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(canonicalAddress('AWS Internal')).toBeNull();
});

test('only what AWS writes counts as its own spelling', () => {
  expect(isAwsSpelling('AWS Internal')).toBe(true);
  expect(isAwsSpelling('ec2.amazonaws.com')).toBe(true);
  expect(isAwsSpelling('ec2.amazonaws.com.evil.example')).toBe(false);
});
