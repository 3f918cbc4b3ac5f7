// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, formatPrefix, parsePrefix } from '@sentrypeer/ip';

export const SUBJECTS = ['address', 'number', 'range'] as const;

const NUMBER_CHARACTERS_MAX = 32;
const NUMBER = '0123456789*#';
const RANGE = /^\d{3,13}x{2,4}$/;

/** Whether it is written as in lists. */
export function isSubject(subject: (typeof SUBJECTS)[number], value: string): boolean {
  if (subject === 'range') return RANGE.test(value);
  if (subject === 'number') {
    return (
      value.length > 0 &&
      value.length <= NUMBER_CHARACTERS_MAX &&
      Array.from(value).every((character) => NUMBER.includes(character))
    );
  }
  const network = value.includes('/') ? parsePrefix(value) : undefined;
  return (network === undefined ? canonicalAddress(value) : formatPrefix(network)) === value;
}
