// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** RFC 6455 §11.8. */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** RFC 6455 §5.2: two octets, eight of a length, four of a mask. */
export const FRAME_HEAD_OCTETS_MAX = 14;

const BASE_OCTETS = 2;
const MASK_OCTETS = 4;
/** RFC 6455 §5.5: octets of a control frame. */
const CONTROL_OCTETS_MAX = 125;

/** What stands before the payload of a frame, RFC 6455 §5.2. */
export interface FrameHead {
  /** It ends its message. */
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payloadSize: number;
  /** `undefined` for a frame that is not masked, which no client may send (§5.1). */
  readonly mask: Uint8Array | undefined;
  /** A Close, Ping or Pong as §5.5 wants it. */
  readonly isControl: boolean;
  /** It breaks a rule that does not depend on earlier frames. */
  readonly isFaulty: boolean;
}

/** Octets of the head that these octets begin: all of it from the second octet on, before that the two that tell. */
export function frameHeadSize(octets: Uint8Array): number {
  const second = octets[1];
  if (second === undefined) return BASE_OCTETS;
  return BASE_OCTETS + lengthSizeOf(second) + ((second & 0x80) === 0 ? 0 : MASK_OCTETS);
}

/** @param octets The whole head. A mask is copied. */
export function parseFrameHead(octets: Uint8Array): FrameHead {
  const [first = 0, second = 0] = octets;
  const maskAt = BASE_OCTETS + lengthSizeOf(second);
  let payloadSize = second & 0x7f;
  if (maskAt > BASE_OCTETS) {
    payloadSize = 0;
    for (const octet of octets.subarray(BASE_OCTETS, maskAt))
      payloadSize = payloadSize * 256 + octet;
  }
  const isFinal = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  const mask = (second & 0x80) === 0 ? undefined : new Uint8Array(octets.subarray(maskAt));
  const isOfControl = opcode >= Opcode.close && opcode <= Opcode.pong;
  const isKnown = opcode <= Opcode.binary || isOfControl;
  // No extension is agreed to, so none of the reserved bits has a meaning.
  const isPlain = (first & 0x70) === 0 && mask !== undefined && isKnown;
  const isControl = isPlain && isOfControl && isFinal && payloadSize <= CONTROL_OCTETS_MAX;
  return {
    isFinal: isFinal || isOfControl, // No control frame has fragments (§5.4).
    opcode,
    payloadSize,
    mask,
    isControl,
    isFaulty: !isPlain || (isOfControl && !isControl),
  };
}

/**
 * Whether two octets in the place of a frame are text: no client masks or ends a frame that begins so, and none begins
 * one with a line end.
 */
export function isTextForFrame(octets: Uint8Array): boolean {
  const [first = 0, second = 0] = octets;
  const isPrintable = first > 0x20 && first < 0x7f;
  return (isPrintable || first === 0x0d || first === 0x0a) && second < 0x80;
}

/** Octets of the length after the first two octets. */
function lengthSizeOf(second: number): number {
  const short = second & 0x7f;
  if (short === 127) return 8;
  return short === 126 ? 2 : 0;
}
