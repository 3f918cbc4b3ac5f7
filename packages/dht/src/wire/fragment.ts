// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { INLINE_VALUES_COUNT, INLINE_VALUES_OCTETS, PART_OCTETS } from '../limits.ts';
import { encodePart } from './encode-message.ts';

/**
 * The datagrams of a message with values: the header alone with all of them inline, or the header with their sizes
 * and then all parts in order (PROTOCOL 6.1: all or nothing).
 */
export function fragment(
  packed: readonly Uint8Array[],
  to: { readonly network: number; readonly tid: number },
  encodeHeader: (values: readonly (Uint8Array | number)[]) => Uint8Array,
): readonly Uint8Array[] {
  const totalOctets = packed.reduce((sum, { length }) => sum + length, 0);
  if (packed.length < INLINE_VALUES_COUNT && totalOctets < INLINE_VALUES_OCTETS)
    return [encodeHeader(packed)];
  const datagrams = [encodeHeader(packed.map(({ length }) => length))];
  for (const [index, octets] of packed.entries()) {
    for (let offset = 0; offset < octets.length; offset += PART_OCTETS) {
      const piece = octets.subarray(offset, offset + PART_OCTETS);
      datagrams.push(encodePart(to.network, to.tid, { index, offset, octets: piece }));
    }
  }
  return datagrams;
}
