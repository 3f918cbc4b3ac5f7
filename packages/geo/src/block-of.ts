// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIPv4 } from 'node:net';
import { BLOCK_BITS_4, BLOCK_BITS_6 } from './limits.ts';

const ADDRESS_GROUPS = 8;
const BLOCK_GROUPS = BLOCK_BITS_6 / 16;

/**
 * The address block that holds an address, such as `203.0.113.0/24` or `2001:db8:7::/48`.
 *
 * @param address In its shortest form.
 */
export function blockOf(address: string): string {
  if (isIPv4(address)) {
    return `${address.slice(0, address.lastIndexOf('.'))}.0/${BLOCK_BITS_4}`;
  }
  const groups = groupsOf(address).slice(0, BLOCK_GROUPS);
  while (groups.at(-1) === '0') groups.pop();
  return `${groups.join(':')}::/${BLOCK_BITS_6}`;
}

/** All eight of them: what `::` leaves out are zeros (RFC 4291 §2.2). */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Math.max(0, ADDRESS_GROUPS - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
}
