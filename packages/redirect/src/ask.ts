// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SipMessage, Via } from '@sentrypeer/sip';

/** A message, and where it came from. */
export interface Asked {
  /** Borrowed for the duration of the call. */
  readonly octets: Uint8Array;
  readonly transport: 'UDP' | 'TCP' | 'TLS';
  /** Bare address. */
  readonly sourceIp: string;
  readonly sourcePort: number;
  /** Wall-clock microseconds. */
  readonly epochUs: number;
}

/** The answer echoes these headers, and our tag depends on them. */
const ECHOED = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
/** RFC 3261 §18.2.2: the port if sent-by names none. */
const SIP_PORT = 5060;
const PORT_UNPRIVILEGED_MIN = 1024;

/** Whether it gets an answer at all: never if it is not a request, or lacks headers that an answer echoes. */
export function isAnswerable(message: SipMessage): boolean {
  return (
    message.kind === 'request' &&
    message.method !== undefined &&
    message.requestUri !== undefined &&
    message.sipVersion !== undefined &&
    ECHOED.every((id) => (message.header(id) ?? '') !== '')
  );
}

/** The status for a request that is wrong regardless of its method (RFC 3261 §8.2); `undefined` if it is right. */
export function protocolError(message: SipMessage): 400 | 505 | undefined {
  if (message.sipVersion !== 'SIP/2.0') return 505;
  const { from, to, cseq, vias, contentLength } = message;
  const isWrongLength =
    message.header('content-length') !== undefined && contentLength === undefined;
  if (isWrongLength || vias[0] === undefined || from === undefined || to === undefined) return 400;
  // §8.1.1.5: "The method MUST match that of the request."
  if (cseq === undefined || cseq.method !== message.method) return 400;
  // §8.2.2.1 has 416 for other schemes of the Request-URI, which a proxy takes for a refusal: urn:service:sos is one.
  return undefined;
}

/**
 * RFC 3581 §4 and RFC 3261 §18.2.2: an answer over UDP goes to the source's port if `rport` asks for it, otherwise to
 * that of sent-by; always to the source's address. No forged datagram makes us send to a port below 1024.
 */
export function replyPort(via: Via | undefined, sourcePort: number): number {
  if (via === undefined || via.rport !== undefined) return sourcePort;
  const port = via.port ?? SIP_PORT;
  return port >= PORT_UNPRIVILEGED_MIN ? port : sourcePort;
}
