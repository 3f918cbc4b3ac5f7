// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatIp, IPV4_OFFSET_BITS, isIpv4, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { assert } from '@sentrypeer/kernel';
import { IPV4_LENGTH_MIN, IPV6_LENGTH_MIN } from './limits.ts';

/**
 * An address or a network in the form in which it is enforced. Each prefix length has its own set, which is looked up
 * with the masked source: networks inside one another never conflict, and one more costs the same in a long list as in
 * a short one.
 */
export interface Entry {
  /** The set, such as `ipv4_32` or `ipv6_64`. */
  readonly set: string;
  /** The element: an address as the system writes it, made by us and not by a peer. */
  readonly element: string;
  readonly prefix: Prefix;
}

/** `undefined` if the text is neither an address nor a network, or is a network wider than any that is enforced. */
export function entryOf(text: string): Entry | undefined {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return undefined;
  const isFour = prefix.length >= IPV4_OFFSET_BITS && isIpv4(prefix.base);
  const bits = isFour ? prefix.length - IPV4_OFFSET_BITS : prefix.length;
  if (bits < (isFour ? IPV4_LENGTH_MIN : IPV6_LENGTH_MIN)) return undefined;
  return { set: `ipv${isFour ? 4 : 6}_${bits}`, element: formatIp(prefix.base), prefix };
}

/** The prefix of an entry, parsed again: keeping it would take more memory than the rest of an entry. */
export function prefixOf({ set, element }: Pick<Entry, 'set' | 'element'>): Prefix {
  const prefix = parsePrefix(networkOf({ set, element }));
  assert(prefix !== undefined, 'entry_has_prefix');
  return prefix;
}

/** An entry as text: `45.1.2.3`, or `2a00:1:2:3::/64`. */
export function networkOf({ set, element }: Pick<Entry, 'set' | 'element'>): string {
  if (set === 'ipv4_32' || set === 'ipv6_128') return element;
  return `${element}/${set.slice(set.indexOf('_') + 1)}`;
}

/** Unique to an entry, and readable by `nft` as an element. */
export function keyOf({ set, element }: Pick<Entry, 'set' | 'element'>): string {
  return `${set} ${element}`;
}
