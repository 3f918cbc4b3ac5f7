// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { asBuffer } from './latin1.ts';

/** Lower-case hexadecimal text, two digits an octet. */
export function hexText(octets: Uint8Array): string {
  return asBuffer(octets).toString('hex');
}

/** Octets of an even number of hexadecimal digits, or `undefined` if the text is anything else. */
export function hexOctets(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const octets = Buffer.from(text, 'hex'); // Stops at the first character that is no digit.
  return octets.length === text.length / 2 ? octets : undefined;
}
