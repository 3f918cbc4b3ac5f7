// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyObject } from 'node:crypto';
import { canonicalForm } from './canonical-form.ts';
import type { Claim } from './claim.ts';
import { signatureIsOf } from './ed25519.ts';

/** Whether the owner of the key said exactly this, in this network. */
export function claimHolds(
  claim: Claim,
  signature: Uint8Array,
  key: KeyObject,
  network: number,
): boolean {
  return signatureIsOf(key, canonicalForm(network, claim), signature);
}
