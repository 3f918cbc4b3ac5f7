// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Transport } from '@sentrypeer/event';
import { unreachable } from '@sentrypeer/kernel';
import { equalInConstantTime, KeyedHash } from '@sentrypeer/bytes';
import { KEY_PART_CHARACTERS_MAX, TAG_FAILURES_PER_MINUTE_MAX, TAG_SLOT_MS } from './limits.ts';

/** The format of a product's To tags; attackers' tools tell products apart by them. */
export type TagShape =
  | 'as-hex' // Asterisk chan_sip
  | 'uuid' // Asterisk with PJSIP
  | 'alphanumeric' // FreeSWITCH
  | 'hash-dot-hex' // Kamailio, whose first part is the same in every answer of one server
  | 'hex-dot-hash' // OpenSIPS 3
  | 'upper-hex'; // Cisco IOS

/** What a To tag is bound to. Not the branch: the ACK to a 200 has a new one. */
export interface TagSubject {
  readonly callId: string;
  readonly fromTag: string;
  readonly sourceIp: string;
  readonly transport: Transport;
}

/**
 * The meaning of a tag or nonce that comes back: it was in an answer that stays with its receiver (`isDirect()`), and
 * proves that the source received it; or in one that may have been passed on, and proves nothing.
 */
export type Giving = 'direct' | 'relayed';

export const GIVINGS: readonly Giving[] = ['direct', 'relayed'];
const MINUTE_MS = 60_000;
const LETTERS = '0123456789ABCDEFGHJKLMNQRSUXYZacdegjmprtvy';

/**
 * To tags without a table: a keyed hash of Call-ID, From tag, source address, transport, giving and the time in slots,
 * cut to the persona's format. The port is left out: it changes behind address translation and with tools that open a
 * socket for each request, and whoever forges an address also forges its port. So is the CSeq number, because BYE and
 * re-INVITE have another one than the INVITE that was answered, and whether a dialog is ours must be decided without
 * memory.
 */
export class ToTags {
  readonly #hash: KeyedHash;
  readonly #shape: TagShape;
  readonly #prefix: string;
  readonly #length: number;
  #failuresCount = 0;
  #minuteAtMs = 0;

  constructor(secret: Uint8Array, shape: TagShape) {
    this.#hash = new KeyedHash(secret);
    this.#shape = shape;
    this.#prefix = this.#hash.hex('prefix').slice(0, 32);
    this.#length = shaped(this.#prefix.repeat(2), shape, this.#prefix).length;
  }

  make(subject: TagSubject, giving: Giving, epochMs: number): string {
    return this.#inSlot(subject, giving, Math.floor(epochMs / TAG_SLOT_MS));
  }

  /** How we gave this tag to this source within the last 10 to 20 minutes; `undefined` if we did not. */
  givingOf(tag: string, subject: TagSubject, epochMs: number): Giving | undefined {
    if (tag.length !== this.#length) return undefined;
    if (epochMs - this.#minuteAtMs >= MINUTE_MS || epochMs < this.#minuteAtMs) {
      this.#minuteAtMs = epochMs;
      this.#failuresCount = 0;
    }
    if (this.#failuresCount >= TAG_FAILURES_PER_MINUTE_MAX) return undefined;
    const slot = Math.floor(epochMs / TAG_SLOT_MS);
    for (const giving of GIVINGS) {
      for (const each of [slot, slot - 1]) {
        if (equalInConstantTime(this.#inSlot(subject, giving, each), tag)) return giving;
      }
    }
    this.#failuresCount += 1;
    return undefined;
  }

  #inSlot(subject: TagSubject, giving: Giving, slot: number): string {
    const callId = subject.callId.slice(0, KEY_PART_CHARACTERS_MAX);
    const fromTag = subject.fromTag.slice(0, KEY_PART_CHARACTERS_MAX);
    const { sourceIp, transport } = subject;
    const hex = this.#hash.hex(
      `${slot} ${giving} ${transport}\n${sourceIp}\n${fromTag}\n${callId}`,
    );
    return shaped(hex, this.#shape, this.#prefix);
  }
}

function shaped(hex: string, shape: TagShape, prefix: string): string {
  switch (shape) {
    case 'as-hex':
      return `as${hex.slice(0, 8)}`;
    case 'uuid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variantOf(hex)}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    case 'alphanumeric':
      return letters(hex, 13);
    case 'hash-dot-hex':
      return `${prefix}.${hex.slice(0, 8)}`;
    case 'hex-dot-hash':
      return `${hex.slice(0, 4)}.${hex.slice(4, 36)}`;
    case 'upper-hex':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`.toUpperCase();
    default:
      return unreachable(shape);
  }
}

/** RFC 9562 §4.1: the variant is one of four digits. */
function variantOf(hex: string): string {
  return '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
}

function letters(hex: string, count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1) {
    text += LETTERS.charAt(
      Number.parseInt(hex.slice(index * 4, index * 4 + 4), 16) % LETTERS.length,
    );
  }
  return text;
}
