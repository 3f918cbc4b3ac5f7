// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { equalInConstantTime, KeyedHash } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';
import type { Transport } from '@sentrypeer/event';
import { CLOCK_STEP_MS, NONCE_FRESH_MS } from './limits.ts';
import { GIVINGS, type Giving } from './to-tags.ts';

/**
 * Whether a nonce is ours for this source: `fresh` within minutes, `stale` if it once was fresh, otherwise `foreign`. A
 * fresh one proves that the source received our challenge, if that was sent directly.
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
  /** Whether the challenge stayed with its receiver; `undefined` for a foreign nonce. */
  readonly giving: Giving | undefined;
}

const FOREIGN: NonceCheck = { state: 'foreign', giving: undefined };

/**
 * The format of a product's nonces. Eight hexadecimal digits, as in chan_sip, hold 32 bits, too few to prove that an
 * address received our answer: such products get 24.
 */
export type NonceShape =
  | 'hex-24'
  | 'hex-32'
  | 'unix-time' // Asterisk chan_pjsip: `1795893018/6d32e22d774005e886d31ba933c71ac0`
  | 'base64'; // Kamailio: 24 octets, of which the first four are the time

/** Eleven digits of milliseconds since the epoch, enough until the year 2527, and one of a counter. */
const STAMP_DIGITS = 12;
const TIME_DIGITS = 11;
/** Digits of Unix time until the year 2286. */
const SECONDS_DIGITS = 10;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A nonce with the time in it. */
interface Stamped {
  readonly nonce: string;
  readonly epochMs: number;
}

/**
 * Digest nonces without a table (RFC 7616 §5.4): time and keyed hash of time, giving, transport, source address and
 * realm. In hexadecimal nonces the time is masked with the hash, because otherwise all nonces of all nodes would begin
 * alike; products with a time in their nonces write it openly, and repeat a nonce within one second.
 */
export class Nonces {
  readonly #hash: KeyedHash;
  readonly #shape: NonceShape;
  #counter = 0;

  constructor(secret: Uint8Array, shape: NonceShape) {
    this.#hash = new KeyedHash(secret);
    this.#shape = shape;
  }

  issue(subject: NonceSubject, giving: Giving, epochMs: number): string {
    const seconds = Math.floor(epochMs / 1000);
    this.#counter = (this.#counter + 1) & 0xf;
    const stamp = hexOf(Math.floor(epochMs), TIME_DIGITS) + hexOf(this.#counter, 1);
    switch (this.#shape) {
      case 'hex-24':
        return this.#masked(stamp, subject, giving, 24);
      case 'hex-32':
        return this.#masked(stamp, subject, giving, 32);
      case 'unix-time':
        return `${seconds}/${this.#mac(String(seconds), subject, giving, 32)}`;
      case 'base64':
        return asBase64(hexOf(seconds, 8) + this.#mac(String(seconds), subject, giving, 40));
      default:
        return unreachable(this.#shape);
    }
  }

  /** 16 digits, different each time: no server that checks its opaque has been seen. */
  opaque(epochMs: number): string {
    this.#counter = (this.#counter + 1) & 0xf;
    return this.#hash.hex(`opaque ${epochMs} ${this.#counter}`).slice(0, 16);
  }

  check(nonce: string, subject: NonceSubject, epochMs: number): NonceCheck {
    for (const giving of GIVINGS) {
      const ours = this.#again(nonce, subject, giving);
      if (ours === undefined) return FOREIGN;
      if (!equalInConstantTime(ours.nonce, nonce)) continue;
      const ageMs = epochMs - ours.epochMs;
      const isFresh = ageMs >= -CLOCK_STEP_MS && ageMs <= NONCE_FRESH_MS;
      return { state: isFresh ? 'fresh' : 'stale', giving };
    }
    return FOREIGN;
  }

  /** The nonce that we would have issued at the time in this one; `undefined` if it contains none. */
  #again(nonce: string, subject: NonceSubject, giving: Giving): Stamped | undefined {
    switch (this.#shape) {
      case 'hex-24':
        return nonce.length === 24 ? this.#againMasked(nonce, subject, giving) : undefined;
      case 'hex-32':
        return nonce.length === 32 ? this.#againMasked(nonce, subject, giving) : undefined;
      case 'unix-time': {
        if (nonce.length !== SECONDS_DIGITS + 33) return undefined;
        const seconds = nonce.slice(0, SECONDS_DIGITS);
        return {
          nonce: `${seconds}/${this.#mac(seconds, subject, giving, 32)}`,
          epochMs: Number(seconds) * 1000,
        };
      }
      case 'base64': {
        if (nonce.length !== 32) return undefined;
        const seconds = secondsOfBase64(nonce);
        const mac = this.#mac(String(seconds), subject, giving, 40);
        return { nonce: asBase64(hexOf(seconds, 8) + mac), epochMs: seconds * 1000 };
      }
      default:
        return unreachable(this.#shape);
    }
  }

  #againMasked(nonce: string, subject: NonceSubject, giving: Giving): Stamped {
    const stamp = mask(nonce.slice(0, STAMP_DIGITS), nonce.slice(STAMP_DIGITS));
    return {
      nonce: this.#masked(stamp, subject, giving, nonce.length),
      epochMs: Number.parseInt(stamp.slice(0, TIME_DIGITS), 16),
    };
  }

  #masked(stamp: string, subject: NonceSubject, giving: Giving, digits: number): string {
    const mac = this.#mac(stamp, subject, giving, digits - STAMP_DIGITS);
    return mask(stamp, mac) + mac;
  }

  #mac(stamp: string, subject: NonceSubject, giving: Giving, digits: number): string {
    const { sourceIp, transport, realm } = subject;
    return this.#hash
      .hex(`${stamp} ${giving} ${transport}\n${sourceIp}\n${realm}`)
      .slice(0, digits);
  }
}

/** Three hexadecimal digits are two characters of RFC 4648 §4. */
function asBase64(hex: string): string {
  let text = '';
  for (let index = 0; index < hex.length; index += 3) {
    const bits = Number.parseInt(hex.slice(index, index + 3), 16);
    text += BASE64.charAt(bits >> 6) + BASE64.charAt(bits & 0x3f);
  }
  return text;
}

/** The first 32 bits; characters that are not base64 count as zero. */
function secondsOfBase64(text: string): number {
  let bits = 0;
  for (let index = 0; index < 6; index += 1) {
    bits = bits * 64 + Math.max(0, BASE64.indexOf(text.charAt(index)));
  }
  return Math.floor(bits / 16);
}

/** Exclusive or of two hexadecimal texts over the first twelve digits; other characters count as zero. */
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
