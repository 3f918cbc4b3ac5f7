// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** RFC 4271 §4.1, RFC 2918 §3. */
export const MessageType = {
  open: 1,
  update: 2,
  notification: 3,
  keepalive: 4,
  routeRefresh: 5,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** Octets of ones before each message. */
export const MARKER_OCTETS = 16;
/** Marker, length and type. */
export const HEADER_OCTETS = 19;

/** A whole message. @param body At most 65,516 octets. */
export function encodeMessage(type: MessageType, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEADER_OCTETS + body.length);
  message.fill(0xff, 0, MARKER_OCTETS);
  message[MARKER_OCTETS] = message.length >> 8;
  message[MARKER_OCTETS + 1] = message.length & 0xff;
  message[MARKER_OCTETS + 2] = type;
  message.set(body, HEADER_OCTETS);
  return message;
}

/** Only a header (RFC 4271 §4.4). */
export function encodeKeepalive(): Uint8Array {
  return encodeMessage(MessageType.keepalive, new Uint8Array(0));
}
