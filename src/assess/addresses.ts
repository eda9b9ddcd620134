import ipaddr from 'ipaddr.js';

/** One spelling an address, IPv4 mapped into IPv6 as plain IPv4; null for what is not an IP address, e.g. `AWS Internal`. */
export function canonicalAddress(text: string): string | null {
  return parse(text)?.toString() ?? null;
}

/** False for anything that is not an address: what can't be placed lies in no network. */
export function inNetwork(address: string, network: string): boolean {
  const found = parse(address);
  const block = ipaddr.isValidCIDR(network) ? ipaddr.parseCIDR(network) : null;
  if (!found || !block) return false;
  const [base, bits] = block;
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96)
    return found instanceof ipaddr.IPv4 && found.match(base.toIPv4Address(), bits - 96);
  if (found instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && found.match(base, bits);
  return base instanceof ipaddr.IPv6 && found.match(base, bits);
}

/** How CloudTrail spells a call that AWS made itself or for someone: no address of a person, and nobody can choose it. */
export function isAwsSpelling(text: string): boolean {
  return text === 'AWS Internal' || /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com$/u.test(text);
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // Only the four-part decimal form without leading zeros: `010.1` and `0x7f.1` mean different hosts to different readers.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return /(?:^|\.)0\d/u.test(text) ? null : ipaddr.IPv4.parse(text);
  if (!ipaddr.IPv6.isValid(text) || text.includes('%')) return null;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
