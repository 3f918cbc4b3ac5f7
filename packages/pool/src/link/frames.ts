// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { FRAME_OCTETS_MAX, PAGE_OCTETS_MAX } from '../limits.ts';

/**
 * What links say to each other. A frame is its length u24, its type u8, and that many octets. Unknown types are
 * skipped.
 */
export const FrameType = {
  /**
   * Version u8, network id u32, proof of the shared key of a closed pool 32, features u8; anything after that belongs
   * to later versions.
   */
  hello: 1,
  /** Pages, each with its size u16 before it. */
  pages: 2,
  /** Ids of pages that the sender has. */
  have: 3,
  /** Ids of pages that the sender asks for. */
  want: 4,
  /**
   * For each first octet of an id, 8 octets over all such ids. To an end that said that it answers in parts, an id of 8
   * octets follows: only pages after it are asked for, in the order of their ids.
   */
  summary: 5,
  /** Empty: the page had come already, so from now on pages are announced before they are sent. */
  prune: 6,
  /** Keys whose quiet pages the sender wants, 32 octets each. */
  follow: 7,
  /** Why the link ends, as text. */
  bye: 8,
  /**
   * Ids of pages that the sender has, each with the first octets of its author's key. Only for an end that said that it
   * knows this type.
   */
  named: 9,
  /** The last id of an answer to a summary that was cut: ask again for what comes after it. */
  more: 10,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** What an end can do beyond the first version, in its hello. */
export const Feature = {
  /** Understands frames of the type `named`. */
  named: 1,
  /** Answers summaries in parts. */
  parts: 2,
} as const;

export interface Frame {
  readonly type: number;
  /** A copy. */
  readonly body: Uint8Array;
}

export const ID_SIZE = 8;
/** Octets of an author's key that accompany an id. */
export const HINT_SIZE = 4;
/** Before all other ids. */
export const FIRST_ID = '0'.repeat(2 * ID_SIZE);
/** Octets of a summary. */
export const SUMMARY_SIZE = 2048;
/** Octets of a frame before its body. */
export const HEAD_SIZE = 4;
/** Size that most frames fit into. */
const USUAL_FRAME_OCTETS = 1024;

export function encodeFrame(type: FrameType, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const frame = new Uint8Array(HEAD_SIZE + size);
  const view = new DataView(frame.buffer);
  view.setUint32(0, (size << 8) | type);
  let offset = HEAD_SIZE;
  for (const part of parts) {
    frame.set(part, offset);
    offset += part.length;
  }
  return frame;
}

/** Cuts a stream into frames, wherever it is split. */
export class Framer {
  /**
   * The start of a frame, until its rest arrives; it doubles, so that octets that come one by one are not copied each
   * time.
   */
  #waiting = new Uint8Array(USUAL_FRAME_OCTETS);
  #size = 0;
  #isBroken = false;

  /** Frames that are complete now; `undefined` once one was too large, which ends the link. */
  push(octets: Uint8Array): readonly Frame[] | undefined {
    if (this.#isBroken) return undefined;
    this.#keep(octets);
    const all = this.#waiting.subarray(0, this.#size);
    const view = new DataView(all.buffer);
    const frames: Frame[] = [];
    let offset = 0;
    while (offset + HEAD_SIZE <= all.length) {
      const head = view.getUint32(offset);
      const size = head >>> 8;
      if (size > FRAME_OCTETS_MAX) {
        this.#isBroken = true;
        return undefined;
      }
      if (offset + HEAD_SIZE + size > all.length) break;
      const body = all.slice(offset + HEAD_SIZE, offset + HEAD_SIZE + size);
      frames.push({ type: head & 0xff, body });
      offset += HEAD_SIZE + size;
    }
    this.#waiting.copyWithin(0, offset, this.#size);
    this.#size -= offset;
    return frames;
  }

  #keep(octets: Uint8Array): void {
    const size = this.#size + octets.length;
    if (size > this.#waiting.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#waiting.length));
      larger.set(this.#waiting.subarray(0, this.#size));
      this.#waiting = larger;
    }
    this.#waiting.set(octets, this.#size);
    this.#size = size;
  }
}

/** Frames of pages, each as full as possible. */
export function pageFrames(pages: readonly Uint8Array[]): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const page of pages) {
    if (size + 2 + page.length > FRAME_OCTETS_MAX) {
      frames.push(encodeFrame(FrameType.pages, ...parts));
      parts = [];
      size = 0;
    }
    parts.push(new Uint8Array([page.length >> 8, page.length & 0xff]), page);
    size += 2 + page.length;
  }
  if (parts.length > 0) frames.push(encodeFrame(FrameType.pages, ...parts));
  return frames;
}

/** `undefined` if the sizes do not add up. */
export function readPages(body: Uint8Array): readonly Uint8Array[] | undefined {
  const pages: Uint8Array[] = [];
  for (let offset = 0; offset < body.length;) {
    const size = ((body[offset] ?? 0) << 8) | (body[offset + 1] ?? 0);
    const end = offset + 2 + size;
    if (size === 0 || size > PAGE_OCTETS_MAX || end > body.length) return undefined;
    pages.push(body.subarray(offset + 2, end));
    offset = end;
  }
  return pages;
}

/** Frames of ids, in hexadecimal, with what accompanies each. */
export function idFrames(
  type: FrameType,
  ids: readonly string[],
  size = ID_SIZE,
): readonly Uint8Array[] {
  const perFrame = Math.floor(FRAME_OCTETS_MAX / size);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < ids.length; at += perFrame) {
    const some = ids.slice(at, at + perFrame).join('');
    frames.push(encodeFrame(type, Uint8Array.fromHex(some)));
  }
  return frames;
}

/** `undefined` if the last one is cut off. */
export function readIds(body: Uint8Array, size = ID_SIZE): readonly string[] | undefined {
  if (body.length % size !== 0) return undefined;
  const hex = body.toHex();
  const ids: string[] = [];
  for (let at = 0; at < hex.length; at += 2 * size) ids.push(hex.slice(at, at + 2 * size));
  return ids;
}
