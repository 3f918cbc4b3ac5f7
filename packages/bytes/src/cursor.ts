// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { asBuffer } from './latin1.ts';
import { TEXT16_ABSENT } from './writer.ts';

/**
 * Reads big-endian integers and text. Every read is checked, and the first failure is remembered. After a failure the
 * cursor is at the end and reads zeros and empty text, so that `while (cursor.remaining > 0)` ends.
 */
export class Cursor {
  readonly #buffer: Buffer;
  #offset = 0;
  #failedAt: number | undefined;

  constructor(octets: Uint8Array) {
    this.#buffer = asBuffer(octets);
  }

  /** Offset in octets of the first read past the end; `undefined` if there was none. */
  get failedAt(): number | undefined {
    return this.#failedAt;
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  u8(): number {
    return this.#take(1) ? this.#buffer.readUInt8(this.#offset - 1) : 0;
  }

  u16(): number {
    return this.#take(2) ? this.#buffer.readUInt16BE(this.#offset - 2) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#buffer.readUInt32BE(this.#offset - 4) : 0;
  }

  f64(): number {
    return this.#take(8) ? this.#buffer.readDoubleBE(this.#offset - 8) : 0;
  }

  /** A view, borrowed from the octets given to the constructor. */
  raw(size: number): Uint8Array {
    return this.#take(size)
      ? this.#buffer.subarray(this.#offset - size, this.#offset)
      : this.#buffer.subarray(this.#buffer.length);
  }

  /** Reads what `Writer.text16` wrote; `undefined` if the text was absent. */
  text16(): string | undefined {
    const size = this.u16();
    if (size === TEXT16_ABSENT) return undefined;
    return this.#take(size) ? this.#buffer.toString('utf8', this.#offset - size, this.#offset) : '';
  }

  /** Reads `count` texts that `Writer.texts` wrote. */
  texts(count: number): (string | undefined)[] {
    const sizes: number[] = [];
    for (let index = 0; index < count; index += 1) sizes.push(this.u16());
    const size = this.u32();
    const all = this.#take(size)
      ? this.#buffer.toString('utf8', this.#offset - size, this.#offset)
      : '';
    let end = 0;
    return sizes.map((length) =>
      length === TEXT16_ABSENT ? undefined : all.slice(end, (end += length)),
    );
  }

  /** Octets as Latin-1 text, one code point per octet. */
  latin1(size: number): string {
    return this.#take(size)
      ? this.#buffer.toString('latin1', this.#offset - size, this.#offset)
      : '';
  }

  #take(size: number): boolean {
    if (size > this.remaining) {
      this.#failedAt ??= this.#offset;
      this.#offset = this.#buffer.length;
      return false;
    }
    this.#offset += size;
    return true;
  }
}
