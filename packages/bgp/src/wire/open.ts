// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor } from '@sentrypeer/bytes';
import { assert } from '@sentrypeer/kernel';
import { decodeCapabilities, NO_CAPABILITIES, type Capabilities } from './capabilities.ts';
import { encodeMessage, MessageType } from './message.ts';
import { ErrorCode, notification, OpenSubcode, type Notification } from './notification.ts';

/** Stands for an AS number that does not fit into two octets (RFC 6793 §9). */
export const AS_TRANS = 23_456;

const VERSION = 4;
const PARAMETER_CAPABILITIES = 2;
/** Type and size that announce sizes of two octets (RFC 9072 §2). */
const EXTENDED = 255;

export interface Open {
  /** As in the two-octet field; the capability has the whole number. */
  readonly asn: number;
  /** Seconds: 0, or 3 and above. */
  readonly holdTimeS: number;
  /** The BGP Identifier, 1 and above. */
  readonly routerId: number;
  readonly capabilities: Capabilities;
}

/** What is wrong with an OPEN, as the answer to it. */
export interface RefusedOpen {
  readonly refused: Notification;
}

/**
 * OPEN, RFC 4271 §4.2.
 *
 * @param open.asn 1 to 4,294,967,295. @param open.capabilities As `encodeCapabilities()` writes them; `undefined` for a
 * neighbour that refused them (RFC 5492 §3).
 */
export function encodeOpen(open: {
  readonly asn: number;
  readonly holdTimeS: number;
  readonly routerId: number;
  readonly capabilities: Uint8Array | undefined;
}): Uint8Array {
  const { asn, holdTimeS, routerId, capabilities } = open;
  const parameters = capabilities === undefined ? [0] : parametersOf(capabilities);
  const body = new Uint8Array(9 + parameters.length);
  const view = new DataView(body.buffer);
  body[0] = VERSION;
  view.setUint16(1, asn > 0xffff ? AS_TRANS : asn);
  view.setUint16(3, holdTimeS);
  view.setUint32(5, routerId);
  body.set(parameters, 9);
  return encodeMessage(MessageType.open, body);
}

/** Reads the body of an OPEN. The caller checks the neighbour's values (AS, identifier). */
export function decodeOpen(body: Uint8Array): Open | RefusedOpen {
  const cursor = new Cursor(body);
  const version = cursor.u8();
  // "The Data field is a 2-octet unsigned integer, which indicates the largest, locally-supported version number" (§6.2).
  if (version !== VERSION) return refuse(OpenSubcode.version, new Uint8Array([0, VERSION]));
  const asn = cursor.u16();
  const holdTimeS = cursor.u16();
  const routerId = cursor.u32();
  if (routerId === 0) return refuse(OpenSubcode.badIdentifier);
  if (holdTimeS === 1 || holdTimeS === 2) return refuse(OpenSubcode.holdTime);
  const parameters = readParameters(cursor);
  if (parameters === undefined) return refuse(0);
  if (parameters === 'unknown') return refuse(OpenSubcode.optionalParameter);
  if (parameters.length === 0) return { asn, holdTimeS, routerId, capabilities: NO_CAPABILITIES };
  const capabilities = decodeCapabilities(parameters);
  return capabilities === undefined ? refuse(0) : { asn, holdTimeS, routerId, capabilities };
}

function refuse(subcode: number, data?: Uint8Array): RefusedOpen {
  return { refused: notification(ErrorCode.openMessage, subcode, data) };
}

/** One parameter with all capabilities; with two-octet sizes where one octet is not enough. */
function parametersOf(capabilities: Uint8Array): readonly number[] {
  const size = capabilities.length;
  if (size + 2 < EXTENDED) return [size + 2, PARAMETER_CAPABILITIES, size, ...capabilities];
  const whole = size + 3;
  assert(whole <= 0xffff, 'capabilities_size');
  return [
    EXTENDED,
    EXTENDED,
    whole >> 8,
    whole & 0xff,
    PARAMETER_CAPABILITIES,
    size >> 8,
    size & 0xff,
    ...capabilities,
  ];
}

/**
 * The values of all capability parameters; `unknown` if there is any other parameter, `undefined` if sizes do not fit.
 */
function readParameters(cursor: Cursor): readonly Uint8Array[] | 'unknown' | undefined {
  let size = cursor.u8();
  let type = size > 0 ? cursor.u8() : 0;
  // The type decides, whatever the size says (RFC 9072 §2).
  const isExtended = type === EXTENDED;
  if (isExtended) {
    size = cursor.u16();
    type = cursor.u8();
  }
  if (cursor.failedAt !== undefined) return undefined;
  if (size === 0) return cursor.remaining === 0 ? [] : undefined;
  if (size !== cursor.remaining + 1) return undefined;
  const values: Uint8Array[] = [];
  for (;;) {
    const value = cursor.raw(isExtended ? cursor.u16() : cursor.u8());
    if (cursor.failedAt !== undefined) return undefined;
    if (type !== PARAMETER_CAPABILITIES) return 'unknown';
    values.push(value);
    if (cursor.remaining === 0) return values;
    type = cursor.u8();
  }
}
