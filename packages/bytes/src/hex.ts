// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { asBuffer } from './latin1.ts';

/** Lower-case hexadecimal text, two digits per octet. */
export function hexText(octets: Uint8Array): string {
  return asBuffer(octets).toString('hex');
}

/** The octets that an even number of hexadecimal digits stands for; `undefined` for any other text. */
export function hexOctets(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const octets = Buffer.from(text, 'hex'); // Stops at the first character that is not a digit.
  return octets.length === text.length / 2 ? octets : undefined;
}
