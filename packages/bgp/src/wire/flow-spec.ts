// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';
import type { Community } from '../community.ts';

/** "traffic-rate", the AS number 0 and the rate 0 as a float: everything is dropped (RFC 8955 §7.1). */
export const DROP: Community = {
  kind: 'extended',
  octets: Uint8Array.of(0x80, 0x06, 0, 0, 0, 0, 0, 0),
};

/** RFC 8955 §4.2.2, RFC 8956 §3. */
const Component = { sourcePrefix: 2, protocol: 3, destinationPort: 5 } as const;

/** Bits of a numeric operator (RFC 8955 §4.2.1.1). */
const END = 0x80;
const AND = 0x40;
const TWO_OCTETS = 0x10;
const LESS = 0x04;
const GREATER = 0x02;
const EQUAL = 0x01;

/**
 * What comes after the source prefix in each rule: the protocols and the destination ports.
 *
 * @param protocols 0 to 255 each. @param ports 0 to 65,535 each.
 */
export function encodeFlowConditions(
  protocols: readonly number[],
  ports: readonly (readonly [first: number, last: number])[],
): Uint8Array {
  const octets: number[] = [];
  if (protocols.length > 0) octets.push(Component.protocol);
  for (const [index, protocol] of protocols.entries())
    octets.push((index === protocols.length - 1 ? END : 0) | EQUAL, protocol);
  if (ports.length > 0) octets.push(Component.destinationPort);
  for (const [index, [first, last]] of ports.entries()) {
    const end = index === ports.length - 1 ? END : 0;
    if (first === last) {
      octets.push(end | TWO_OCTETS | EQUAL, first >> 8, first & 0xff);
      continue;
    }
    octets.push(TWO_OCTETS | GREATER | EQUAL, first >> 8, first & 0xff);
    octets.push(end | AND | TWO_OCTETS | LESS | EQUAL, last >> 8, last & 0xff);
  }
  return Uint8Array.from(octets);
}

/**
 * Puts the size and the type before a prefix that is in `target` from `at + 2` on (its length and its octets), and the
 * conditions after it. IPv6 rules have an offset after the length (RFC 8956 §3.2).
 *
 * @param end The octet after the prefix. @returns The octet after the rule.
 */
export function wrapFlowRule(
  target: Uint8Array,
  at: number,
  end: number,
  family: Family,
  conditions: Uint8Array,
): number {
  if (family === 6) {
    target.copyWithin(at + 4, at + 3, end);
    target[at + 3] = 0;
    end += 1;
  }
  target.set(conditions, end);
  end += conditions.length;
  target[at] = end - at - 1;
  target[at + 1] = Component.sourcePrefix;
  return end;
}

/** Octets of the longest rule, including its size. */
export function flowRuleOctetsMax(family: Family, conditions: Uint8Array): number {
  return 2 + (family === 4 ? 5 : 18) + conditions.length;
}
