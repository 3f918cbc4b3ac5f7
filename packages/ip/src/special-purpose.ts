// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseIp, type Ip } from './ip.ts';
import { contains, prefix, type Prefix } from './prefix.ts';

/**
 * Networks that contain no single Internet host: all blocks of IANA's special-purpose registries for IPv4 and IPv6 (RFC
 * 6890), multicast, and space that IANA has not allocated for unicast. This includes the blocks that the registries
 * call globally reachable: 192.31.196.0/24, 192.175.48.0/24 and 2620:4f:8000::/48 are anycast, served by many
 * operators.
 */
const SPECIAL_PURPOSE: readonly (readonly [Prefix, string])[] = (
  [
    ['0.0.0.0/8', 'this network (RFC 791)'],
    ['10.0.0.0/8', 'private use (RFC 1918)'],
    ['100.64.0.0/10', 'shared address space (RFC 6598)'],
    ['127.0.0.0/8', 'loopback (RFC 1122)'],
    ['169.254.0.0/16', 'link local (RFC 3927)'],
    ['172.16.0.0/12', 'private use (RFC 1918)'],
    ['192.0.0.0/24', 'IETF protocol assignments (RFC 6890)'],
    ['192.0.2.0/24', 'documentation (RFC 5737)'],
    ['192.31.196.0/24', 'AS112 (RFC 7535)'],
    ['192.52.193.0/24', 'AMT (RFC 7450)'],
    ['192.88.99.0/24', '6to4 relay anycast (RFC 7526)'],
    ['192.168.0.0/16', 'private use (RFC 1918)'],
    ['192.175.48.0/24', 'AS112 (RFC 7534)'],
    ['198.18.0.0/15', 'benchmarking (RFC 2544)'],
    ['198.51.100.0/24', 'documentation (RFC 5737)'],
    ['203.0.113.0/24', 'documentation (RFC 5737)'],
    ['224.0.0.0/4', 'multicast (RFC 5771)'],
    ['240.0.0.0/4', 'reserved, and limited broadcast (RFC 1112, RFC 8190)'],
    ['64:ff9b::/96', 'IPv4 behind a translator (RFC 6052)'],
    ['64:ff9b:1::/48', 'IPv4 behind a translator (RFC 8215)'],
    ['2001::/23', 'IETF protocol assignments, with Teredo (RFC 2928)'],
    ['2001:db8::/32', 'documentation (RFC 3849)'],
    ['2002::/16', '6to4 (RFC 3056)'],
    ['2620:4f:8000::/48', 'AS112 (RFC 7534)'],
    ['3fff::/20', 'documentation (RFC 9637)'],
  ] as const
).map(([text, name]) => [prefix(text), name]);

const IPV4 = prefix('::ffff:0:0/96');
/** The only space of IPv6 from which IANA allocates unicast addresses (RFC 4291 §2.4). */
export const GLOBAL_UNICAST = prefix('2000::/3');

/** Networks whose addresses many sites use at once: RFC 1918, RFC 6598, link-local, RFC 4193, and loopback. */
const LOCAL = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fc00::/7',
  'fe80::/10',
].map((text) => prefix(text));

/** The networks of {@link specialPurpose} as far as they lie in IPv4 or 2000::/3. */
export function specialNetworks(): readonly Prefix[] {
  return SPECIAL_PURPOSE.map(([network]) => network);
}

/** Why the address belongs to no single host on the Internet; `undefined` if it may belong to one. */
export function specialPurpose(ip: Ip): string | undefined {
  const found = SPECIAL_PURPOSE.find(([one]) => contains(one, ip));
  if (found !== undefined) return found[1];
  if (contains(IPV4, ip) || contains(GLOBAL_UNICAST, ip)) return undefined;
  return 'not global unicast (RFC 4291): loopback, unique local, link local or multicast';
}

/** Whether the address is reserved for documentation: RFC 5737, RFC 3849, RFC 9637. */
export function isDocumentation(ip: Ip): boolean {
  return specialPurpose(ip)?.startsWith('documentation') === true;
}

/** Whether the text is an address that an Internet host can have: neither private nor special-purpose. */
export function isPublicAddress(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && specialPurpose(ip) === undefined;
}

/** Whether many hosts of one site may share the address: loopback, private, shared, link-local. */
export function isLocalAddress(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && LOCAL.some((one) => contains(one, ip));
}
