// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** Octets of a raw public key and of a signature, RFC 8032 §5.1. */
export const PUBLIC_KEY_SIZE = 32;
export const SIGNATURE_SIZE = 64;

const TEXT_CHARACTERS_MAX = 128;

/** The identity that signs for this node. */
export interface Signer {
  readonly nodeId: string;
  /** Raw, 32 octets; the node id is made from it. */
  readonly publicKey: Uint8Array;
  sign(octets: Uint8Array): Uint8Array;
}

/** The key to check signatures with; `undefined` if the octets are not a key. */
export function importKey(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== PUBLIC_KEY_SIZE) return undefined;
  try {
    const key = { kty: 'OKP', crv: 'Ed25519', x: toText(publicKey) }; // RFC 8037 §2.
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined; // Not a point on the curve.
  }
}

export function signatureIsOf(key: KeyObject, octets: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_SIZE && verify(null, octets, key, signature);
}

/** Octets as base64url without padding, RFC 4648 §5. */
export function toText(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** The octets of such a text; `undefined` unless there are exactly that many. */
export function fromText(text: string, size: number): Uint8Array | undefined {
  if (text.length > TEXT_CHARACTERS_MAX) return undefined;
  try {
    const octets = Uint8Array.fromBase64(text, { alphabet: 'base64url' });
    // Only one spelling is accepted for the same octets, so that a signature cannot be written in several ways.
    return octets.length === size && toText(octets) === text ? octets : undefined;
  } catch {
    return undefined;
  }
}
