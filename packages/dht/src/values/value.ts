// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { InfoHash } from '../info-hash.ts';

/** A value stored under a key, PROTOCOL 5. It owns its octets, which never change. */
export interface Value {
  /** 1 to 2^64 - 1, unique under its key. */
  readonly id: bigint;
  /** One of PROTOCOL 8.1; 0 is user data, which lives for ten minutes. */
  readonly type: number;
  readonly data: Uint8Array;
  /** Free text, by custom a media type; empty if there is none. */
  readonly userType: string;
  /** The signer's public key as DER SubjectPublicKeyInfo, if the value is signed. */
  readonly owner: Uint8Array | undefined;
  /** Key id of the one reader that a signed value names. */
  readonly recipient: InfoHash | undefined;
  /** Grows with each edit of a signed value; 0 to 65,535. */
  readonly sequence: number;
  readonly signature: Uint8Array | undefined;
  /** Encrypted content; then all fields except id, priority and push type are empty. */
  readonly cypher: Uint8Array | undefined;
  /** 0 is high and usual; kept for other nodes, without meaning here. */
  readonly priority: number;
  /** Push type of OpenDHT 3.7.8 and later; kept for other nodes. */
  readonly pushType: string | undefined;
}

/** The properties that a caller gives a new value. */
export interface ValueContent {
  readonly data: Uint8Array;
  /** @default '' */
  readonly userType?: string;
  /** @default 0 */
  readonly type?: number;
}

const NO_OCTETS = new Uint8Array(0);
const utf8 = new TextEncoder();

/** An unsigned value. `data` belongs to the value from now on. */
export function unsignedValue(id: bigint, content: ValueContent): Value {
  return {
    id,
    type: content.type ?? 0,
    data: content.data,
    userType: content.userType ?? '',
    owner: undefined,
    recipient: undefined,
    sequence: 0,
    signature: undefined,
    cypher: undefined,
    priority: 0,
    pushType: undefined,
  };
}

export function encryptedValue(id: bigint, cypher: Uint8Array): Value {
  return { ...unsignedValue(id, { data: NO_OCTETS }), cypher };
}

/** Octets that limits count, PROTOCOL 5.3: not the packed length. */
export function valueSize(value: Value): number {
  if (value.cypher !== undefined) return value.cypher.length;
  return (
    value.data.length +
    (value.signature?.length ?? 0) +
    utf8.encode(value.userType).length +
    utf8.encode(value.pushType).length
  );
}

/** Equality of PROTOCOL 5.4: sequence and id do not count. */
export function sameContent(a: Value, b: Value): boolean {
  if (a.cypher !== undefined || b.cypher !== undefined) return sameOctets(a.cypher, b.cypher);
  return (
    a.type === b.type &&
    a.userType === b.userType &&
    sameOctets(a.owner, b.owner) &&
    sameOctets(a.data, b.data) &&
    sameOctets(a.signature, b.signature)
  );
}

export function sameOctets(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
