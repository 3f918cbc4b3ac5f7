// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { asBuffer } from '@sentrypeer/bytes';
import { assert } from '@sentrypeer/kernel';
import { infoHash, type InfoHash } from '../info-hash.ts';
import {
  OWNER_EXPONENT_MAX,
  OWNER_MODULUS_BITS_MAX,
  OWNER_MODULUS_BITS_MIN,
  OWNER_OCTETS_MAX,
} from '../limits.ts';
import type { Value, ValueContent } from './value.ts';
import { encodeSignedPart } from '../wire/value-codec.ts';

/** RSA PKCS#1 v1.5 with SHA-512: the only scheme that real nodes accept (PROTOCOL 7.1). */
const DIGEST = 'sha512';
const SEQUENCE_MAX = 0xffff;

/** Who signs: an RSA key of 1,024 to 8,192 bits. OpenDHT makes keys of 4,096. */
export interface Identity {
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly owner: Uint8Array;
  /** The id by which others know the key. */
  readonly keyId: InfoHash;
  /** The id of the node that has this identity (PROTOCOL 2.2). */
  readonly nodeId: InfoHash;
}

/** The identity of an RSA private key, as PEM or as a key object; `undefined` if it is another kind of key. */
export function identityOf(key: KeyObject | string): Identity | undefined {
  const privateKey = typeof key === 'string' ? createPrivateKey(key) : key;
  const publicKey = createPublicKey(privateKey);
  const owner = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  if (!isUsable(publicKey)) return undefined;
  const keyId = infoHash(owner);
  return { privateKey, owner, keyId, nodeId: nodeIdOf(keyId) };
}

/** PROTOCOL 2.2. */
export function nodeIdOf(keyId: InfoHash): InfoHash {
  return infoHash(`node:${keyId}`);
}

/** @param sequence 0 to 65,535; above that of every earlier version of the same id. */
export function signValue(
  identity: Identity,
  id: bigint,
  content: ValueContent,
  sequence: number,
): Value {
  assert(sequence >= 0 && sequence <= SEQUENCE_MAX, 'value_sequence');
  const { owner, privateKey } = identity;
  const value: Value = {
    id,
    type: content.type ?? 0,
    data: content.data,
    userType: content.userType ?? '',
    owner,
    recipient: undefined,
    sequence,
    signature: undefined,
    cypher: undefined,
    priority: 0,
    pushType: undefined,
  };
  return { ...value, signature: new Uint8Array(sign(DIGEST, encodeSignedPart(value), privateKey)) };
}

export function isSigned(value: Value): boolean {
  return value.owner !== undefined;
}

/** Whether the owner's signature is right. Owner and signature may contain anything. */
export function signatureHolds(value: Value): boolean {
  const { owner, signature } = value;
  if (owner === undefined || signature === undefined) return false;
  const key = publicKeyOf(owner);
  return key !== undefined && verify(DIGEST, encodeSignedPart(value), key, signature);
}

function publicKeyOf(owner: Uint8Array): KeyObject | undefined {
  if (owner.length > OWNER_OCTETS_MAX) return undefined;
  try {
    const key = createPublicKey({ key: asBuffer(owner), format: 'der', type: 'spki' });
    return isUsable(key) ? key : undefined;
  } catch {
    return undefined; // Not a key: a peer may send anything here.
  }
}

/** Whether it is an RSA key of a size that is cheap to check. */
function isUsable(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  return (
    key.asymmetricKeyType === 'rsa' &&
    modulusLength >= OWNER_MODULUS_BITS_MIN &&
    modulusLength <= OWNER_MODULUS_BITS_MAX &&
    publicExponent <= OWNER_EXPONENT_MAX
  );
}
