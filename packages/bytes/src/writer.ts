// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import { asBuffer } from './latin1.ts';

/** The size that stands for an absent text. */
export const TEXT16_ABSENT = 0xffff;

/** Writes big-endian integers and text into octets of a fixed size. The caller checks `remaining` first. */
export class Writer {
  readonly #buffer: Buffer;
  #offset = 0;

  /** @param octets The octets to write to; owned by the writer until `finish()`. */
  constructor(octets: Uint8Array) {
    this.#buffer = asBuffer(octets);
  }

  /** Octets written so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Octets that still fit. */
  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  u8(value: number): this {
    this.#offset = this.#buffer.writeUInt8(value, this.#offset);
    return this;
  }

  u16(value: number): this {
    this.#offset = this.#buffer.writeUInt16BE(value, this.#offset);
    return this;
  }

  u32(value: number): this {
    this.#offset = this.#buffer.writeUInt32BE(value, this.#offset);
    return this;
  }

  f64(value: number): this {
    this.#offset = this.#buffer.writeDoubleBE(value, this.#offset);
    return this;
  }

  raw(octets: Uint8Array): this {
    assert(octets.length <= this.remaining, 'writer_full');
    this.#buffer.set(octets, this.#offset);
    this.#offset += octets.length;
    return this;
  }

  /** UTF-8 after its size in octets as u16; absent text is the size 0xffff. At most 65,534 octets. */
  text16(text: string | undefined): this {
    if (text === undefined) return this.u16(TEXT16_ABSENT);
    const size = this.#buffer.write(text, this.#offset + 2, 'utf8');
    this.#buffer.writeUInt16BE(size, this.#offset);
    this.#offset += 2 + size;
    return this;
  }

  /**
   * The size of each text in UTF-16 code units as u16, 0xffff if it is absent; then all texts joined in UTF-8, with
   * their size in octets as u32 before them. Each call of the encoder costs about the same, so there is only one. Each
   * text has at most 65,534 code units.
   */
  texts(texts: readonly (string | undefined)[]): this {
    for (const text of texts) this.u16(text === undefined ? TEXT16_ABSENT : text.length);
    const size = this.#buffer.write(texts.join(''), this.#offset + 4, 'utf8');
    this.#buffer.writeUInt32BE(size, this.#offset);
    this.#offset += 4 + size;
    return this;
  }

  /** What was written, a view on the octets given to the constructor. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#offset);
  }
}
