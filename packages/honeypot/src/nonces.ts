// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { equalInConstantTime, KeyedHash } from '@sentrypeer/bytes';
import type { Transport } from '@sentrypeer/event';
import { CLOCK_STEP_MS, NONCE_FRESH_MS } from './limits.ts';
import type { Giving } from './to-tags.ts';

/**
 * Whether a nonce is ours for this source: `fresh` within minutes, `stale` where it was once, else `foreign`. A
 * fresh one proves that the source received our challenge, if that was given directly.
 */
export type NonceState = 'fresh' | 'stale' | 'foreign';

/** Who a nonce is for. */
export interface NonceSubject {
  readonly sourceIp: string;
  readonly transport: Transport;
  readonly realm: string;
}

export interface NonceCheck {
  readonly state: NonceState;
  /** The challenge stayed with its receiver; `undefined` of a foreign nonce. */
  readonly giving: Giving | undefined;
}

const FOREIGN: NonceCheck = { state: 'foreign', giving: undefined };

/** Eleven digits of milliseconds since the epoch, enough until the year 2527, and one of a counter. */
const STAMP_DIGITS = 12;
const TIME_DIGITS = 11;

/**
 * Digest nonces without a table (RFC 7616 §5.4): stamp and keyed hash of stamp, giving, transport,
 * source address and realm, in hexadecimal. The stamp is masked with the hash, or else all nonces of all nodes would begin alike.
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

  issue(subject: NonceSubject, giving: Giving, epochMs: number): string {
    this.#counter = (this.#counter + 1) & 0xf;
    const stamp = hexOf(Math.floor(epochMs), TIME_DIGITS) + hexOf(this.#counter, 1);
    const mac = this.#mac(stamp, subject, giving);
    return mask(stamp, mac) + mac;
  }

  check(nonce: string, subject: NonceSubject, epochMs: number): NonceCheck {
    if (nonce.length !== this.#digits) return FOREIGN;
    const mac = nonce.slice(STAMP_DIGITS);
    const stamp = mask(nonce.slice(0, STAMP_DIGITS), mac);
    const giving = this.#givingOf(stamp, subject, mac);
    if (giving === undefined) return FOREIGN;
    const ageMs = epochMs - Number.parseInt(stamp.slice(0, TIME_DIGITS), 16);
    const isFresh = ageMs >= -CLOCK_STEP_MS && ageMs <= NONCE_FRESH_MS;
    return { state: isFresh ? 'fresh' : 'stale', giving };
  }

  #givingOf(stamp: string, subject: NonceSubject, mac: string): Giving | undefined {
    if (equalInConstantTime(this.#mac(stamp, subject, 'direct'), mac)) return 'direct';
    return equalInConstantTime(this.#mac(stamp, subject, 'relayed'), mac) ? 'relayed' : undefined;
  }

  #mac(stamp: string, subject: NonceSubject, giving: Giving): string {
    const { sourceIp, transport, realm } = subject;
    return this.#hash
      .hex(`${stamp} ${giving} ${transport}\n${sourceIp}\n${realm}`)
      .slice(0, this.#digits - STAMP_DIGITS);
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
