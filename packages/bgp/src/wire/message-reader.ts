// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { EXTENDED_MESSAGE_OCTETS_MAX, MESSAGE_OCTETS_MAX } from '../limits.ts';
import { HEADER_OCTETS, MARKER_OCTETS, MessageType } from './message.ts';
import { ErrorCode, notification, type Notification } from './notification.ts';

/** @param body Borrowed for the duration of the call. @returns Whether to continue reading. */
export type OnMessage = (type: MessageType, body: Uint8Array) => boolean;

/** The shortest message of each type (RFC 4271 §6.1); a ROUTE-REFRESH is checked by its reader (RFC 7313 §5). */
const OCTETS_MIN: ReadonlyMap<number, number> = new Map<number, number>([
  [MessageType.open, 29],
  [MessageType.update, 23],
  [MessageType.notification, 21],
  [MessageType.keepalive, HEADER_OCTETS],
  [MessageType.routeRefresh, HEADER_OCTETS],
]);

const NOT_SYNCHRONIZED = 1;
const BAD_LENGTH = 2;
const BAD_TYPE = 3;

/** Cuts a stream into messages; holds at most one incomplete message. */
export class MessageReader {
  #held: Uint8Array = new Uint8Array(MESSAGE_OCTETS_MAX);
  #heldSize = 0;
  #octetsMax: number = MESSAGE_OCTETS_MAX;

  /** Both sides have the extended message capability. */
  allowExtended(): void {
    this.#octetsMax = EXTENDED_MESSAGE_OCTETS_MAX;
    const held = new Uint8Array(EXTENDED_MESSAGE_OCTETS_MAX);
    held.set(this.#held.subarray(0, this.#heldSize));
    this.#held = held;
  }

  /** Octets of the incomplete message. */
  get heldSize(): number {
    return this.#heldSize;
  }

  /** @returns What is wrong with a header; nothing is read after it. */
  push(octets: Uint8Array, onMessage: OnMessage): Notification | undefined {
    let at = 0;
    while (at < octets.length) {
      if (this.#heldSize === 0) {
        const size = this.#sizeOf(octets.subarray(at));
        if (typeof size === 'object') return size;
        if (size > 0 && octets.length - at >= size) {
          const message = octets.subarray(at, at + size);
          at += size;
          if (!give(message, onMessage)) return undefined;
          continue;
        }
      }
      const taken = this.#hold(octets.subarray(at));
      at += taken;
      const held = this.#held.subarray(0, this.#heldSize);
      const size = this.#sizeOf(held);
      if (typeof size === 'object') return size;
      if (size === 0 || this.#heldSize < size) continue;
      this.#heldSize = 0;
      if (!give(held, onMessage)) return undefined;
    }
    return undefined;
  }

  /** Takes octets up to the end of the header, or of the message if its size is known. @returns How many. */
  #hold(octets: Uint8Array): number {
    const size = this.#heldSize < HEADER_OCTETS ? HEADER_OCTETS : lengthOf(this.#held);
    const part = octets.subarray(0, size - this.#heldSize);
    this.#held.set(part, this.#heldSize);
    this.#heldSize += part.length;
    return part.length;
  }

  /** The size of the message that starts here; 0 if its header is incomplete (RFC 4271 §6.1). */
  #sizeOf(octets: Uint8Array): number | Notification {
    const end = Math.min(octets.length, MARKER_OCTETS);
    for (let index = 0; index < end; index += 1)
      if (octets[index] !== 0xff) return notification(ErrorCode.messageHeader, NOT_SYNCHRONIZED);
    if (octets.length < HEADER_OCTETS) return 0;
    const type = octets[HEADER_OCTETS - 1] ?? 0;
    const size = lengthOf(octets);
    const sizeMin = OCTETS_MIN.get(type);
    if (sizeMin === undefined) {
      return notification(ErrorCode.messageHeader, BAD_TYPE, new Uint8Array([type]));
    }
    if (size < sizeMin || size > this.#sizeMax(type)) {
      const field = octets.subarray(MARKER_OCTETS, MARKER_OCTETS + 2);
      return notification(ErrorCode.messageHeader, BAD_LENGTH, new Uint8Array(field));
    }
    return size;
  }

  /** "KEEPALIVE … length of 19"; OPEN and KEEPALIVE are never extended (RFC 8654 §4). */
  #sizeMax(type: number): number {
    if (type === MessageType.keepalive) return HEADER_OCTETS;
    return type === MessageType.open ? MESSAGE_OCTETS_MAX : this.#octetsMax;
  }
}

function give(message: Uint8Array, onMessage: OnMessage): boolean {
  return onMessage(message[HEADER_OCTETS - 1] as MessageType, message.subarray(HEADER_OCTETS));
}

function lengthOf(octets: Uint8Array): number {
  return ((octets[MARKER_OCTETS] ?? 0) << 8) | (octets[MARKER_OCTETS + 1] ?? 0);
}
