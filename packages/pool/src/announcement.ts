// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { nodeIdOfKey } from '@sentrypeer/event';
import { lines } from './canonical-form.ts';
import { isClean } from './characters.ts';
import {
  fromText,
  importKey,
  PUBLIC_KEY_SIZE,
  SIGNATURE_SIZE,
  signatureIsOf,
  toText,
  type Signer,
} from './ed25519.ts';
import { ANNOUNCEMENT_OCTETS_MAX, APPLICATION_CHARACTERS_MAX } from './limits.ts';

/** "A node that shares events is at this port of the sender's address." Nothing else is sent by multicast. */
export interface Announcement {
  readonly nodeId: string;
  readonly publicKey: Uint8Array;
  readonly dhtPort: number;
  readonly networkId: number;
  readonly version: string;
}

const TITLE = 'sentrypeer-announcement-1';
const PORT_MAX = 65_535;
const NETWORK_MAX = 0xffff_ffff;

/** JSON, signed. */
export function encodeAnnouncement(
  options: { readonly dhtPort: number; readonly networkId: number; readonly version: string },
  signer: Signer,
): Uint8Array {
  const { dhtPort, networkId, version } = options;
  const told = { ...options, nodeId: signer.nodeId, publicKey: signer.publicKey };
  return new TextEncoder().encode(
    JSON.stringify({
      sentrypeer: TITLE,
      node_id: signer.nodeId,
      key: toText(signer.publicKey),
      dht_port: dhtPort,
      network: networkId,
      version,
      sig: toText(signer.sign(canonicalAnnouncement(told))),
    }),
  );
}

/** The content of an announcement, its signature not checked yet; `undefined` if it is not an announcement. */
export function parseAnnouncement(
  octets: Uint8Array,
): { readonly told: Announcement; readonly signature: Uint8Array } | undefined {
  if (octets.length > ANNOUNCEMENT_OCTETS_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const {
    sentrypeer,
    node_id: nodeId,
    key,
    dht_port: dhtPort,
    network,
    version,
    sig,
  } = value as Readonly<Record<string, unknown>>;
  const publicKey = typeof key === 'string' ? fromText(key, PUBLIC_KEY_SIZE) : undefined;
  const signature = typeof sig === 'string' ? fromText(sig, SIGNATURE_SIZE) : undefined;
  if (
    sentrypeer !== TITLE ||
    publicKey === undefined ||
    signature === undefined ||
    !isWhole(dhtPort, 1, PORT_MAX) ||
    !isWhole(network, 0, NETWORK_MAX) ||
    typeof version !== 'string' ||
    version.length > APPLICATION_CHARACTERS_MAX ||
    !isClean(version) ||
    nodeId !== nodeIdOfKey(publicKey)
  )
    return undefined;
  return { told: { nodeId, publicKey, dhtPort, networkId: network, version }, signature };
}

export function announcementHolds(told: Announcement, signature: Uint8Array): boolean {
  const key = importKey(told.publicKey);
  return key !== undefined && signatureIsOf(key, canonicalAnnouncement(told), signature);
}

function canonicalAnnouncement(told: Announcement): Uint8Array {
  const { networkId, nodeId, dhtPort, version } = told;
  return lines([TITLE, String(networkId), nodeId, String(dhtPort), version]);
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
