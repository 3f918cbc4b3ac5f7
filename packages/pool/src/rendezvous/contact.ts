// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor, Writer } from '@sentrypeer/bytes';
import {
  formatIp,
  IPV4_OCTETS,
  IPV6_OCTETS,
  isIpv4,
  ipOfOctets,
  parseIp,
  wireOctets,
} from '@sentrypeer/ip';
import {
  importKey,
  PUBLIC_KEY_SIZE,
  SIGNATURE_SIZE,
  signatureIsOf,
  type Signer,
} from '../ed25519.ts';
import { CONTACT_ENDPOINTS_MAX, CONTACT_PORT_MIN } from '../limits.ts';

/** Where a node says that it can be linked with. Whoever answers there has to prove the key. */
export interface NodeContact {
  /** Of its pool. */
  readonly networkId: number;
  /** Raw Ed25519 key. */
  readonly key: Uint8Array;
  /** Seconds since 1970. */
  readonly madeEpochS: number;
  /** One or two, each of another family. */
  readonly endpoints: readonly ContactEndpoint[];
}

export interface ContactEndpoint {
  readonly address: string;
  /** TCP, 1024 and above, so that nobody is made to dial a well-known service of somebody else. */
  readonly port: number;
}

const VERSION = 1;
const PREFIX = new TextEncoder().encode('sentrypeer contact 1\n');
const HEAD_SIZE = 1 + 4 + PUBLIC_KEY_SIZE + 4 + 1;
const [FAMILY_4, FAMILY_6] = [4, 6];

/** Signed. @param contact Its addresses and ports must be allowed in a contact. */
export function encodeContact(contact: Omit<NodeContact, 'key'>, signer: Signer): Uint8Array {
  const endpoints = contact.endpoints.flatMap(({ address, port }) => {
    const ip = parseIp(address);
    return ip === undefined ? [] : [{ ip, port }];
  });
  const size = endpoints.reduce((sum, { ip }) => sum + 3 + wireOctets(ip).length, HEAD_SIZE);
  const writer = new Writer(new Uint8Array(size + SIGNATURE_SIZE))
    .u8(VERSION)
    .u32(contact.networkId)
    .raw(signer.publicKey)
    .u32(contact.madeEpochS)
    .u8(endpoints.length);
  for (const { ip, port } of endpoints) {
    writer
      .u8(isIpv4(ip) ? FAMILY_4 : FAMILY_6)
      .raw(wireOctets(ip))
      .u16(port);
  }
  const said = writer.finish();
  return new Uint8Array([...said, ...signer.sign(signed(said))]);
}

/** The contents, with the signature not checked yet; `undefined` if it is not a contact. */
export function decodeContact(octets: Uint8Array): NodeContact | undefined {
  const cursor = new Cursor(octets);
  if (cursor.u8() !== VERSION) return undefined;
  const networkId = cursor.u32();
  const key = new Uint8Array(cursor.raw(PUBLIC_KEY_SIZE));
  const madeEpochS = cursor.u32();
  const count = cursor.u8();
  if (count === 0 || count > CONTACT_ENDPOINTS_MAX) return undefined;
  const endpoints: ContactEndpoint[] = [];
  const families = new Set<number>();
  for (let index = 0; index < count; index += 1) {
    const family = cursor.u8();
    if ((family !== FAMILY_4 && family !== FAMILY_6) || families.has(family)) return undefined;
    families.add(family);
    const ip = ipOfOctets(cursor.raw(family === FAMILY_4 ? IPV4_OCTETS : IPV6_OCTETS));
    const port = cursor.u16();
    if (ip === undefined || isIpv4(ip) !== (family === FAMILY_4) || port < CONTACT_PORT_MIN) {
      return undefined;
    }
    endpoints.push({ address: formatIp(ip), port });
  }
  cursor.raw(SIGNATURE_SIZE);
  if (cursor.failedAt !== undefined || cursor.remaining > 0) return undefined;
  return { networkId, key, madeEpochS, endpoints };
}

/** Whether its key signed it. */
export function contactHolds(octets: Uint8Array, { key }: NodeContact): boolean {
  const at = octets.length - SIGNATURE_SIZE;
  const imported = importKey(key);
  return (
    imported !== undefined &&
    signatureIsOf(imported, signed(octets.subarray(0, at)), octets.subarray(at))
  );
}

function signed(said: Uint8Array): Uint8Array {
  return new Uint8Array([...PREFIX, ...said]);
}
