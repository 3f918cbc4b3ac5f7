// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isInPrefix } from './prefix.ts';

/**
 * Whether what an operator named covers an address or a number: itself, a network, or a range such as `+46850780*` or
 * `+46850780xx`.
 */
export function holds(named: string, value: string): boolean {
  if (named === value) return true;
  if (named.includes('/')) return isInPrefix(value, named);
  if (named.endsWith('*')) return value.startsWith(named.slice(0, -1));
  const digits = named.replace(/x+$/, '');
  return digits !== named && value.length === named.length && value.startsWith(digits);
}
