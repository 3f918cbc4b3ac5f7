// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import { finishUpdate, type UpdateTemplate } from './update-template.ts';

/** Writes one NLRI from `at` on, at most as many octets as promised. @returns The octet after it. */
export type WriteNlri = (target: Uint8Array, at: number) => number;

/** Packs NLRI into UPDATEs, and UPDATEs into one piece of memory, so that one system call sends many of them. */
export class UpdatePacker {
  readonly #octets: Uint8Array;
  readonly #messageOctetsMax: number;
  #end = 0;
  #template: UpdateTemplate | undefined;
  #messageAt = 0;
  #messagesCount = 0;

  /** @param octetsMax At least `messageOctetsMax`. */
  constructor(octetsMax: number, messageOctetsMax: number) {
    assert(octetsMax >= messageOctetsMax, 'packer_size');
    this.#octets = new Uint8Array(octetsMax);
    this.#messageOctetsMax = messageOctetsMax;
  }

  get messagesCount(): number {
    return this.#messagesCount;
  }

  /**
   * Adds an NLRI to a message of this template; starts a new message if the last one has another template or is full.
   *
   * @param sizeMax Octets that `write` needs at most. @returns `false` if there is no room, and nothing was written.
   */
  add(template: UpdateTemplate, sizeMax: number, write: WriteNlri): boolean {
    if (this.#template !== template || !this.#fits(template, sizeMax)) {
      this.#finishMessage();
      if (this.#end + template.head.length + sizeMax + template.tail.length > this.#octets.length)
        return false;
      this.#template = template;
      this.#messageAt = this.#end;
      this.#octets.set(template.head, this.#end);
      this.#end += template.head.length;
      assert(this.#fits(template, sizeMax), 'nlri_fits_message');
    }
    this.#end = write(this.#octets, this.#end);
    return true;
  }

  /** All whole messages, as a view; the packer must not be used afterwards. */
  finish(): Uint8Array {
    this.#finishMessage();
    return this.#octets.subarray(0, this.#end);
  }

  #fits({ tail }: UpdateTemplate, sizeMax: number): boolean {
    const end = this.#end + sizeMax + tail.length;
    return end - this.#messageAt <= this.#messageOctetsMax && end <= this.#octets.length;
  }

  #finishMessage(): void {
    if (this.#template === undefined) return;
    this.#end = finishUpdate(this.#template, this.#octets, this.#messageAt, this.#end);
    this.#template = undefined;
    this.#messagesCount += 1;
  }
}
