// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One thing that can be listed. */
export interface Subject {
  readonly kind: 'address' | 'number' | 'range';
  /** An address or a network; a number of E.164 without its plus, or the digits, if they are not such a number; a block such as `46850780xx`. */
  readonly value: string;
}
