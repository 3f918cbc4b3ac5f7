// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IPV4_OFFSET_BITS, isIpv4, parseIp } from './ip.ts';
import { contains, covers, formatPrefix, parsePrefix } from './prefix.ts';

/** Where a node is. */
export interface NodePlace {
  /** Empty where only the network is known. */
  readonly address: string;
  /** An autonomous system such as `AS64500`, or a prefix; empty where only the address is known. */
  readonly network: string;
}

/** A network that an operator names in order to say something about all nodes in it. */
export interface NodeNetwork {
  /** A prefix, an address (a network of one), or an autonomous system; one form for each network. */
  readonly text: string;
  covers(place: NodePlace): boolean;
}

/** The shortest prefixes allowed. Chosen: wider ones are typing errors, or cut off a large part of the Internet. */
const BITS_MIN = { ipv4: 8, ipv6: 16 } as const;
const ASN_MAX = 0xffff_ffff;

/** @returns `undefined` if the text is not a network, or is wider than an IPv4 /8 or an IPv6 /16. */
export function parseNodeNetwork(text: string): NodeNetwork | undefined {
  if (text.slice(0, 2).toUpperCase() === 'AS') {
    const asn = Number(text.slice(2));
    if (`${asn}` !== text.slice(2) || !Number.isInteger(asn) || asn < 0 || asn > ASN_MAX) {
      return undefined;
    }
    const name = `AS${asn}`;
    return { text: name, covers: ({ network }) => network === name };
  }
  const prefix = parsePrefix(text);
  if (prefix === undefined) return undefined;
  const isOfIpv4 = prefix.length >= IPV4_OFFSET_BITS && isIpv4(prefix.base);
  const bitsMin = isOfIpv4 ? BITS_MIN.ipv4 + IPV4_OFFSET_BITS : BITS_MIN.ipv6;
  if (prefix.length < bitsMin) return undefined;
  return {
    text: formatPrefix(prefix),
    covers: ({ address, network }) => {
      const [withoutZone = ''] = address.split('%', 1);
      const ip = parseIp(withoutZone);
      if (ip !== undefined) return contains(prefix, ip);
      const whole = parsePrefix(network);
      return whole !== undefined && covers(prefix, whole);
    },
  };
}
