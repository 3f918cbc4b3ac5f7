// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import type { Signer } from '../ed25519.ts';

/* DER, ITU-T X.690 §8: tag, length, content. */

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;
/** `[0] EXPLICIT`, which holds the version. */
const VERSION = 0xa0;

/** id-Ed25519, RFC 8410 §3. */
const ED25519 = der(SEQUENCE, der(OBJECT_ID, new Uint8Array([0x2b, 0x65, 0x70])));
/** id-at-commonName, RFC 5280 §A.1. */
const COMMON_NAME = new Uint8Array([0x55, 0x04, 0x03]);

/**
 * A certificate of the node's own key, signed by that key: it reveals the key and nothing else. It contains no real
 * time, because a key is valid until its owner retires it (RFC 5280 §4.1.2.5 defines a time for "no expiration").
 */
export function nodeCertificate(signer: Signer): string {
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT_ID, COMMON_NAME), der(UTF8_STRING, ascii('sentrypeer')))),
  );
  const validity = der(
    SEQUENCE,
    der(UTC_TIME, ascii('200101000000Z')),
    der(GENERALIZED_TIME, ascii('99991231235959Z')),
  );
  const toBeSigned = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, new Uint8Array([2]))),
    der(INTEGER, new Uint8Array([1])),
    ED25519,
    name,
    validity,
    name,
    der(SEQUENCE, ED25519, der(BIT_STRING, withoutUnused(signer.publicKey))),
  );
  const signature = der(BIT_STRING, withoutUnused(signer.sign(toBeSigned)));
  const base64 = der(SEQUENCE, toBeSigned, ED25519, signature).toBase64();
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  assert(size <= 0xff, 'a length has the shortest form, here one or two octets'); // X.690 §10.1.
  const length = size < 0x80 ? [size] : [0x81, size];
  const octets = new Uint8Array(1 + length.length + size);
  octets.set([tag, ...length]);
  let offset = 1 + length.length;
  for (const part of parts) {
    octets.set(part, offset);
    offset += part.length;
  }
  return octets;
}

/** A bit string of whole octets begins with the number of unused bits, zero. */
function withoutUnused(octets: Uint8Array): Uint8Array {
  return new Uint8Array([0, ...octets]);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
