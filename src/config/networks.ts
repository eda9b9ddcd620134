import ipaddr from 'ipaddr.js';

/** `0.0.0.0/0`, `::/0`, and IPv6 blocks that hold the whole of IPv4 in its mapped form. */
export function isEveryAddress(cidr: string): boolean {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  if (bits === 0) return true;
  return address.kind() === 'ipv6' && bits <= 96 && ipaddr.parse('::ffff:0:0').match(address, bits);
}

/** So many addresses that an attacker may well have one of them. */
export function isVeryWide(cidr: string): boolean {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  return bits < (address.kind() === 'ipv4' ? 8 : 16);
}
