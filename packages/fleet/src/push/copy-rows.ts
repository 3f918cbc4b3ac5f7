// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv4, parseIp } from '@sentrypeer/ip';
import { assert } from '@sentrypeer/kernel';
import { epochUsOf } from './event-time.ts';

/** A value from a log: rows of other programs may contain anything. */
export type Value = string | number | bigint | Uint8Array | null;

/** How a column is written. `time` reads a text in UTC, `moment` wall-clock microseconds. */
export type ColumnKind = 'text' | 'int4' | 'int8' | 'time' | 'moment' | 'inet' | 'uuid';

/** PostgreSQL, "Binary Format" of COPY: the signature, no flags, no extension. */
const HEADER = [
  0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
];
const TRAILER = -1;
const NULL = -1;
/** Microseconds from 1970 to 2000, the origin of PostgreSQL's times. */
const EPOCH_US = 946_684_800_000_000;
/** `PGSQL_AF_INET` and the next. */
const FAMILIES = { ipv4: 2, ipv6: 3 } as const;
const TWO_32 = 2 ** 32;
/** Of a UTF-16 code unit in UTF-8. */
const OCTETS_PER_UNIT = 3;
/** Octets of a value that is not a text, with its length. */
const VALUE_OCTETS_MAX = 32;
/** Enough for some events; a larger push doubles it a few times. */
const START_OCTETS = 16_384;
/** U+2400, "symbol for null": PostgreSQL's texts have no octet 0. */
const NUL_SYMBOL = '\u2400';

/** Chosen by measurement. */
const SHORT_CHARACTERS = 64;
const ASCII_MAX = 0x7f;

const UUID_CHARACTERS = 36;
const UUID_OCTETS = 16;
const IPV4_OCTETS = 4;
const HYPHEN = 0x2d;
const NO_DIGIT = 0xff;
/** By character code; `NO_DIGIT` for anything that is not a hexadecimal digit. */
const HEX_VALUES: Uint8Array = hexValues();

const encoder = new TextEncoder();

/** Writes rows in the binary format of COPY. Values that do not fit their column's type become NULL. */
export class CopyRows {
  #octets = new Uint8Array(START_OCTETS);
  #view = new DataView(this.#octets.buffer);
  #size = 0;
  readonly #kinds: readonly ColumnKind[];
  readonly #epoch: number;
  readonly #offsetUs: number;
  /** Octets of a row without its texts, and more. */
  readonly #rowOctets: number;

  /**
   * @param epoch The first column of each row, `int4`.
   * @param offsetUs What is added to each time: how far the clock of the database is ahead.
   */
  constructor(kinds: readonly ColumnKind[], epoch: number, offsetUs = 0) {
    this.#kinds = kinds;
    this.#offsetUs = offsetUs;
    this.#epoch = epoch;
    this.#rowOctets = VALUE_OCTETS_MAX * (kinds.length + 2);
    this.#octets.set(HEADER);
    this.#size = HEADER.length;
  }

  /** Octets written and not yet taken. */
  get size(): number {
    return this.#size;
  }

  add(row: readonly Value[]): void {
    assert(row.length === this.#kinds.length, 'a value for each column');
    this.#room(this.#rowOctets);
    this.#int16(row.length + 1);
    this.#int32(4);
    this.#int32(this.#epoch);
    for (let index = 0; index < row.length; index += 1) {
      const kind = this.#kinds[index];
      if (kind !== undefined) this.#value(kind, row[index] ?? null);
    }
  }

  /** A copy of what was written since the last call. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#octets.subarray(0, this.#size));
    this.#size = 0;
    return taken;
  }

  /** The rest; nothing may be added afterwards. */
  finish(): Uint8Array {
    this.#room(VALUE_OCTETS_MAX);
    this.#int16(TRAILER);
    return this.take();
  }

  #value(kind: ColumnKind, value: Value): void {
    switch (kind) {
      case 'text':
        this.#text(value);
        break;
      case 'int4':
        if (typeof value !== 'number') this.#int32(NULL);
        else {
          this.#int32(4);
          this.#int32(value);
        }
        break;
      case 'int8':
        this.#int64(typeof value === 'number' ? value : undefined);
        break;
      case 'time':
        this.#time(typeof value === 'string' ? epochUsOf(value) : undefined);
        break;
      case 'moment':
        this.#time(typeof value === 'number' ? value : undefined);
        break;
      case 'inet':
        this.#inet(value);
        break;
      case 'uuid':
        this.#uuid(value);
        break;
      default:
        kind satisfies never;
    }
  }

  #text(value: Value): void {
    if (typeof value !== 'string') {
      this.#int32(NULL);
      return;
    }
    this.#room(this.#rowOctets + value.length * OCTETS_PER_UNIT);
    if (this.#ascii(value)) return;
    const text = value.includes('\0') ? value.replaceAll('\0', NUL_SYMBOL) : value;
    const { written } = encoder.encodeInto(text, this.#octets.subarray(this.#size + 4));
    this.#int32(written);
    this.#size += written;
  }

  /**
   * Most texts are short and ASCII: for them a call of the encoder costs more than the work itself. @returns Whether it
   * was one.
   */
  #ascii(text: string): boolean {
    const octets = this.#octets;
    const start = this.#size + 4;
    if (text.length > SHORT_CHARACTERS) return false;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code === 0 || code > ASCII_MAX) return false;
      octets[start + index] = code;
    }
    this.#int32(text.length);
    this.#size += text.length;
    return true;
  }

  #inet(value: Value): void {
    const text = typeof value === 'string' ? value : '';
    const ip = parseIp(text.includes('%') ? text.slice(0, text.indexOf('%')) : text);
    if (ip === undefined) {
      this.#int32(NULL);
      return;
    }
    const isShort = isIpv4(ip);
    const start = isShort ? ip.length - IPV4_OCTETS : 0;
    const count = ip.length - start;
    this.#int32(4 + count);
    const octets = this.#octets;
    octets[this.#size] = isShort ? FAMILIES.ipv4 : FAMILIES.ipv6;
    octets[this.#size + 1] = count * 8;
    octets[this.#size + 2] = 0;
    octets[this.#size + 3] = count;
    this.#size += 4;
    for (let index = 0; index < count; index += 1) {
      octets[this.#size + index] = ip[start + index] ?? 0;
    }
    this.#size += count;
  }

  #uuid(value: Value): void {
    const start = this.#size + 4;
    if (typeof value !== 'string' || !this.#hexAt(start, value)) {
      this.#int32(NULL);
      return;
    }
    this.#int32(UUID_OCTETS);
    this.#size += UUID_OCTETS;
  }

  /** Writes the octets of a UUID. @returns Whether it is one: another program may write anything. */
  #hexAt(start: number, text: string): boolean {
    if (text.length !== UUID_CHARACTERS) return false;
    let at = start;
    for (let index = 0; index < UUID_CHARACTERS; index += 2) {
      if (text.charCodeAt(index) === HYPHEN) index += 1;
      const high = HEX_VALUES[text.charCodeAt(index)] ?? NO_DIGIT;
      const low = HEX_VALUES[text.charCodeAt(index + 1)] ?? NO_DIGIT;
      if (high === NO_DIGIT || low === NO_DIGIT) return false;
      this.#octets[at] = high * 16 + low;
      at += 1;
    }
    return at - start === UUID_OCTETS;
  }

  #time(epochUs: number | undefined): void {
    this.#int64(epochUs === undefined ? undefined : epochUs + this.#offsetUs - EPOCH_US);
  }

  #int64(value: number | undefined): void {
    if (value === undefined || !Number.isSafeInteger(value)) {
      this.#int32(NULL);
      return;
    }
    this.#int32(8);
    const high = Math.floor(value / TWO_32);
    this.#int32(high);
    this.#view.setUint32(this.#size, value - high * TWO_32);
    this.#size += 4;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#size, value);
    this.#size += 4;
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#size, value);
    this.#size += 2;
  }

  #room(octets: number): void {
    if (this.#size + octets <= this.#octets.length) return;
    const grown = new Uint8Array(Math.max(this.#octets.length * 2, this.#size + octets));
    grown.set(this.#octets.subarray(0, this.#size));
    this.#octets = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function hexValues(): Uint8Array {
  const values = new Uint8Array(128).fill(NO_DIGIT);
  const digits = '0123456789abcdef';
  for (const text of [digits, digits.toUpperCase()]) {
    for (let value = 0; value < text.length; value += 1) values[text.charCodeAt(value)] = value;
  }
  return values;
}
