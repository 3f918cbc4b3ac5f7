// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { equalInConstantTime, KeyedHash } from '@sentrypeer/bytes';
import { CLOCK_STEP_MS, NONCE_FRESH_MS } from './limits.ts';

/**
 * Whether a nonce is ours for this source: `fresh` proves that the source received our challenge within
 * minutes, `stale` that it did once, `foreign` proves nothing.
 */
export type NonceState = 'fresh' | 'stale' | 'foreign';

/** Eleven digits of milliseconds since the epoch, enough until the year 2527, and one of a counter. */
const STAMP_DIGITS = 12;
const TIME_DIGITS = 11;

/**
 * Digest nonces without a table (RFC 7616 §5.4): stamp and keyed hash of stamp, source address and realm, in
 * hexadecimal. The stamp is masked with the hash, or else all nonces of all nodes would begin alike.
 */
export class Nonces {
  readonly #hash: KeyedHash;
  readonly #digits: number;
  #counter = 0;

  /** @param options.digits Length of a nonce: 24 (48 bits of hash) and above. */
  constructor(secret: Uint8Array, options: { readonly digits: number }) {
    this.#hash = new KeyedHash(secret);
    this.#digits = options.digits;
  }

  issue(address: string, realm: string, epochMs: number): string {
    this.#counter = (this.#counter + 1) & 0xf;
    const stamp = hexOf(Math.floor(epochMs), TIME_DIGITS) + hexOf(this.#counter, 1);
    const mac = this.#mac(stamp, address, realm);
    return mask(stamp, mac) + mac;
  }

  check(nonce: string, address: string, realm: string, epochMs: number): NonceState {
    if (nonce.length !== this.#digits) return 'foreign';
    const mac = nonce.slice(STAMP_DIGITS);
    const stamp = mask(nonce.slice(0, STAMP_DIGITS), mac);
    if (!equalInConstantTime(this.#mac(stamp, address, realm), mac)) return 'foreign';
    const ageMs = epochMs - Number.parseInt(stamp.slice(0, TIME_DIGITS), 16);
    return ageMs >= -CLOCK_STEP_MS && ageMs <= NONCE_FRESH_MS ? 'fresh' : 'stale';
  }

  #mac(stamp: string, address: string, realm: string): string {
    return this.#hash.hex(`${stamp}\n${address}\n${realm}`).slice(0, this.#digits - STAMP_DIGITS);
  }
}

/** Exclusive or of two hexadecimal texts over the first twelve digits; what is no digit counts as zero. */
function mask(stamp: string, mac: string): string {
  return maskHalf(stamp, mac, 0) + maskHalf(stamp, mac, STAMP_DIGITS / 2);
}

function maskHalf(stamp: string, mac: string, index: number): string {
  const end = index + STAMP_DIGITS / 2;
  const value = Number.parseInt(stamp.slice(index, end), 16);
  return hexOf((value ^ Number.parseInt(mac.slice(index, end), 16)) >>> 0, STAMP_DIGITS / 2);
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0').slice(-digits);
}
