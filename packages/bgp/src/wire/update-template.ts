// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AfiSafi } from './afi-safi.ts';
import { AttributeFlag, AttributeType } from './attributes.ts';
import { encodeMessage, HEADER_OCTETS, MARKER_OCTETS, MessageType } from './message.ts';

/**
 * An UPDATE (RFC 4271 §4.3) without its NLRI: what is before it, what is after it, and which sizes are to be filled in.
 *
 *     header | withdrawn size | withdrawn | attributes size | attributes | NLRI        IPv4, a next hop of IPv4
 *     header | 0 | attributes size | MP_REACH_NLRI or MP_UNREACH_NLRI | attributes     all others (RFC 4760)
 */
export interface UpdateTemplate {
  /** From the header to the first octet before the NLRI. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Two-octet sizes within `head`, apart from that of the header: they count from after themselves to the end of … */
  readonly sizes: readonly { readonly at: number; readonly until: 'nlri' | 'tail' }[];
}

const NOTHING = new Uint8Array(0);
/** Of the attributes' size in a message without withdrawn routes. */
const ATTRIBUTES_SIZE_AT = HEADER_OCTETS + 2;

/** IPv4 routes whose next hop is among the attributes. */
export function plainAnnouncement(attributes: Uint8Array): UpdateTemplate {
  const size = [attributes.length >> 8, attributes.length & 0xff];
  const head = encodeMessage(MessageType.update, Uint8Array.from([0, 0, ...size, ...attributes]));
  return { head, tail: NOTHING, sizes: [] };
}

export function plainWithdrawal(): UpdateTemplate {
  const head = encodeMessage(MessageType.update, Uint8Array.of(0, 0));
  return { head, tail: Uint8Array.of(0, 0), sizes: [{ at: HEADER_OCTETS, until: 'nlri' }] };
}

/**
 * "The MP_REACH_NLRI … attribute … SHALL be encoded as the very first path attribute" (RFC 7606 §5.1).
 *
 * @param nextHop None, 4, 16 or 32 octets.
 */
export function multiprotocolAnnouncement(
  { afi, safi }: AfiSafi,
  nextHop: Uint8Array,
  attributes: Uint8Array,
): UpdateTemplate {
  const reach = [afi >> 8, afi & 0xff, safi, nextHop.length, ...nextHop, 0];
  return { ...multiprotocol(AttributeType.mpReach, reach), tail: attributes };
}

export function multiprotocolWithdrawal({ afi, safi }: AfiSafi): UpdateTemplate {
  return multiprotocol(AttributeType.mpUnreach, [afi >> 8, afi & 0xff, safi]);
}

/** "An UPDATE message with no reachable NLRI and empty withdrawn NLRI" (RFC 4724 §2). */
export function encodeEndOfRib(afiSafi: AfiSafi): Uint8Array {
  return encodeEmpty(
    afiSafi.name === 'ipv4 unicast' ? plainWithdrawal() : multiprotocolWithdrawal(afiSafi),
  );
}

/** The template without NLRI. */
function encodeEmpty(template: UpdateTemplate): Uint8Array {
  const { head, tail } = template;
  const message = new Uint8Array(head.length + tail.length);
  message.set(head);
  finishUpdate(template, message, 0, head.length);
  return message;
}

/**
 * Writes the tail and the sizes of a message whose head and NLRI are there.
 *
 * @param from Where the message begins. @param nlriEnd Where the NLRI ends. @returns Where the message ends.
 */
export function finishUpdate(
  { tail, sizes }: UpdateTemplate,
  target: Uint8Array,
  from: number,
  nlriEnd: number,
): number {
  target.set(tail, nlriEnd);
  const end = nlriEnd + tail.length;
  const put = (at: number, size: number): void => {
    target[at] = size >> 8;
    target[at + 1] = size & 0xff;
  };
  put(from + MARKER_OCTETS, end - from);
  for (const { at, until } of sizes)
    put(from + at, (until === 'nlri' ? nlriEnd : end) - (from + at + 2));
  return end;
}

function multiprotocol(type: number, value: readonly number[]): UpdateTemplate {
  const flags = AttributeFlag.optional | AttributeFlag.extendedLength;
  const body = Uint8Array.from([0, 0, 0, 0, flags, type, 0, 0, ...value]);
  return {
    head: encodeMessage(MessageType.update, body),
    tail: NOTHING,
    sizes: [
      { at: ATTRIBUTES_SIZE_AT, until: 'tail' },
      { at: ATTRIBUTES_SIZE_AT + 4, until: 'nlri' },
    ],
  };
}
