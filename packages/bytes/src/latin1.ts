// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A view on the same memory as a Buffer, whose text methods are native. */
export function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets)
    ? octets
    : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** Octets as text of the same length: octet 0xNN is code point U+00NN (not windows-1252). */
export function latin1Text(octets: Uint8Array): string {
  return asBuffer(octets).toString('latin1');
}

/** The opposite of {@link latin1Text}. Code points above U+00FF must not occur: only their low octet is kept. */
export function latin1Octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Reads Latin-1 text as UTF-8, taking each character as one octet; invalid UTF-8 becomes U+FFFD. */
export function utf8FromLatin1(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.from(text, 'latin1').toString('utf8');
  }
  return text;
}

/** The opposite of {@link utf8FromLatin1}: UTF-8 octets of the text, one character per octet. */
export function latin1FromUtf8(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}
