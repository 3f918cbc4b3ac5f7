// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Authors with keys that follow from a name, and their pages. */

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { nodeIdOfKey, type ClaimFacts } from '@sentrypeer/event';
import type { Signer } from '../../src/ed25519.ts';
import { encodePage, inOrder, type Page, type PageClaim } from '../../src/pages/page.ts';

/** 2027-01-15T08:00:00Z. */
export const NOW_S = 1_800_000_000;
export const NOW_HOUR = NOW_S / 3600;

/** PKCS #8 around an Ed25519 seed, RFC 8410 §7. */
const PKCS8 = '302e020100300506032b657004220420';

export function authorOf(name: string): Signer & { readonly pem: string } {
  const seed = createHash('sha256').update(`author ${name}`).digest('hex');
  const key = createPrivateKey({
    key: Buffer.from(PKCS8 + seed, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = Uint8Array.fromBase64(x, { alphabet: 'base64url' });
  return {
    pem: key.export({ format: 'pem', type: 'pkcs8' }),
    nodeId: nodeIdOfKey(publicKey),
    publicKey,
    sign: (octets) => new Uint8Array(sign(null, octets, key)),
  };
}

export const FACTS: ClaimFacts = {
  grade: 'returned',
  contactsLog2: 3,
  daysCount: 1,
  triedPasswords: true,
  madeCostlyCalls: false,
  usedTool: false,
  breadthLog2: 0,
};

export function claimOf(
  value: string,
  { lastHour = NOW_HOUR - 1, ...facts }: Partial<ClaimFacts> & { readonly lastHour?: number } = {},
): PageClaim {
  const kind = value.includes('.') || value.includes(':') ? 'address' : 'number';
  return { subject: { kind, value }, lastHour, facts: { ...FACTS, ...facts } };
}

export function pageOf(author: Signer, changes: Partial<Page> = {}): Uint8Array {
  const { serial = NOW_S, claims = [] } = changes;
  return encodePage(
    {
      networkId: 0,
      key: author.publicKey,
      replaces: serial,
      madeEpochS: NOW_S,
      isQuiet: false,
      isRetired: false,
      ...changes,
      serial,
      claims: inOrder(claims),
    },
    (octets) => author.sign(octets),
  );
}
