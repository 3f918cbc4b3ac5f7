// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isWithin, network, type IpNetwork } from './ip-network.ts';

/**
 * Networks that are nobody's in the Internet, or many people's at once: the IANA special-purpose registries for
 * IPv4 and IPv6 (RFC 6890) but those blocks that are reached globally as any other (192.31.196.0/24,
 * 192.175.48.0/24, 2001:4:112::/48, 2620:4f:8000::/48: their operators would rather not be blocked either),
 * multicast, and space that IANA has not allocated for unicast.
 */
const SPECIAL_PURPOSE: readonly (readonly [IpNetwork, string])[] = (
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
).map(([text, name]) => [network(text), name]);

/** Behind `::ffff:0:0/96` stand the addresses of IPv4. */
const IPV4 = network('::ffff:0:0/96');
/** The only space of IPv6 from which unicast addresses are given out (RFC 4291 §2.4), and the translators' prefix. */
const GLOBAL_UNICAST = network('2000::/3');

/** Why the address belongs to no single host of the Internet, `undefined` where it may. */
export function specialPurpose(groups: readonly number[]): string | undefined {
  const found = SPECIAL_PURPOSE.find(([one]) => isWithin(groups, one));
  if (found !== undefined) return found[1];
  if (isWithin(groups, IPV4) || isWithin(groups, GLOBAL_UNICAST)) return undefined;
  return 'not global unicast (RFC 4291): loopback, unique local, link local or multicast';
}
