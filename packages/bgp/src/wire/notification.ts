// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Text, utf8FromLatin1 } from '@sentrypeer/bytes';
import { isUnsafeCode } from '@sentrypeer/kernel';
import { COMMUNICATION_OCTETS_MAX } from '../limits.ts';
import { encodeMessage, MessageType } from './message.ts';

/** Why a session ends (RFC 4271 §4.5). */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

export const ErrorCode = {
  messageHeader: 1,
  openMessage: 2,
  updateMessage: 3,
  holdTimerExpired: 4,
  finiteStateMachine: 5,
  cease: 6,
  /** RFC 7313 §5. */
  routeRefresh: 7,
  /** RFC 9687 §4. */
  sendHoldTimerExpired: 8,
} as const;

/** RFC 4486, RFC 8538. */
export const CeaseSubcode = {
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  administrativeReset: 4,
  connectionRejected: 5,
  collision: 7,
  outOfResources: 8,
} as const;

/** RFC 4271 §6.2, RFC 5492 §5. */
export const OpenSubcode = {
  version: 1,
  badPeerAs: 2,
  badIdentifier: 3,
  optionalParameter: 4,
  holdTime: 6,
  capability: 7,
} as const;

/** As IANA's registries name them. */
const NAMES: readonly (readonly [code: string, subcodes: readonly string[]])[] = [
  ['Reserved', []],
  [
    'Message Header Error',
    ['Unspecific', 'Connection Not Synchronized', 'Bad Message Length', 'Bad Message Type'],
  ],
  [
    'OPEN Message Error',
    [
      'Unspecific',
      'Unsupported Version Number',
      'Bad Peer AS',
      'Bad BGP Identifier',
      'Unsupported Optional Parameter',
      'Authentication Failure',
      'Unacceptable Hold Time',
      'Unsupported Capability',
      '',
      '',
      '',
      'Role Mismatch',
    ],
  ],
  [
    'UPDATE Message Error',
    [
      'Unspecific',
      'Malformed Attribute List',
      'Unrecognized Well-known Attribute',
      'Missing Well-known Attribute',
      'Attribute Flags Error',
      'Attribute Length Error',
      'Invalid ORIGIN Attribute',
      'AS Routing Loop',
      'Invalid NEXT_HOP Attribute',
      'Optional Attribute Error',
      'Invalid Network Field',
      'Malformed AS_PATH',
    ],
  ],
  ['Hold Timer Expired', []],
  [
    'Finite State Machine Error',
    [
      'Unspecified Error',
      'Receive Unexpected Message in OpenSent State',
      'Receive Unexpected Message in OpenConfirm State',
      'Receive Unexpected Message in Established State',
    ],
  ],
  [
    'Cease',
    [
      '',
      'Maximum Number of Prefixes Reached',
      'Administrative Shutdown',
      'Peer De-configured',
      'Administrative Reset',
      'Connection Rejected',
      'Other Configuration Change',
      'Connection Collision Resolution',
      'Out of Resources',
      'Hard Reset',
      'BFD Down',
    ],
  ],
  ['ROUTE-REFRESH Message Error', ['', 'Invalid Message Length']],
  ['Send Hold Timer Expired', []],
];

const NO_DATA = new Uint8Array(0);

export function notification(code: number, subcode = 0, data: Uint8Array = NO_DATA): Notification {
  return { code, subcode, data };
}

/** Such as `Cease/Administrative Shutdown`; numbers for what has no name. */
export function notificationName({ code, subcode }: Notification): string {
  const [name, subcodes = []] = NAMES[code] ?? [];
  if (name === undefined || code === 0) return `error ${code}/${subcode}`;
  const detail = subcodes[subcode] ?? '';
  if (detail !== '') return `${name}/${detail}`;
  return subcode === 0 ? name : `${name}/${subcode}`;
}

export function encodeNotification({ code, subcode, data }: Notification): Uint8Array {
  const body = new Uint8Array(2 + data.length);
  body[0] = code;
  body[1] = subcode;
  body.set(data, 2);
  return encodeMessage(MessageType.notification, body);
}

/** @param body At least two octets; copied. */
export function decodeNotification(body: Uint8Array): Notification {
  return { code: body[0] ?? 0, subcode: body[1] ?? 0, data: new Uint8Array(body.subarray(2)) };
}

/** Cease/Administrative Shutdown or Reset with a text for the other operator, cut to whole characters (RFC 9003 §2). */
export function shutdownNotification(subcode: number, text: string): Notification {
  const cut = new Uint8Array(COMMUNICATION_OCTETS_MAX);
  const { written } = new TextEncoder().encodeInto(text, cut);
  const data = new Uint8Array(1 + written);
  data[0] = written;
  data.set(cut.subarray(0, written), 1);
  return notification(ErrorCode.cease, subcode, data);
}

/**
 * The other operator's text. Anything unsafe for a terminal becomes a blank.
 *
 * @returns `undefined` if there is none, or if it is malformed.
 */
export function shutdownCommunication({ code, subcode, data }: Notification): string | undefined {
  const isShutdown =
    subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset;
  const size = data[0] ?? 0;
  if (code !== ErrorCode.cease || !isShutdown || size === 0 || data.length < 1 + size)
    return undefined;
  const text = utf8FromLatin1(latin1Text(data.subarray(1, 1 + size)));
  return Array.from(text, (character) =>
    isUnsafeCode(character.codePointAt(0) ?? 0) ? ' ' : character,
  ).join('');
}
