// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation, Transport } from '@sentrypeer/event';

/** One datagram, or one message of a stream, as it was received. */
export interface Received<Path> {
  /** Borrowed for the duration of the call. */
  readonly octets: Uint8Array;
  readonly transport: Transport;
  /** Bare address; IPv4-mapped IPv6 is written as IPv4. */
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
  /** Wall-clock microseconds since the epoch. */
  readonly epochUs: number;
  /** Codes of anomalies that the framer found. */
  readonly framingAnomalies: readonly string[];
  /** The message was cut off or broke the rules of its transport: it is recorded as far as it came, and never answered. */
  readonly isUnfinished?: boolean;
  /**
   * No reply may go to the source now, because its reply budget is used up: none is made, and for a request without
   * credentials nothing is decided, as if it had been lost on its way. It is recorded as usual.
   */
  readonly isUnanswered?: boolean;
  /** The first octets before the message on its stream that belong to no message. */
  readonly skipped?: Uint8Array;
  /** The message came in a WebSocket (RFC 7118). */
  readonly isWebSocket?: boolean;
  /**
   * A web page's script may have made its visitor send the message, so it says nothing about the owner of the source
   * address.
   */
  readonly isFromPage?: boolean;
  /** What a TLS client revealed about itself: the fingerprint of its ClientHello, and the server it asked for. */
  readonly hello?: { readonly ja4: string; readonly serverName: string | undefined } | undefined;
  /** Why the framer refused these octets; they are recorded and never answered. */
  readonly notSip?: string;
  /** The socket or connection; handed back with delayed replies and otherwise not looked at. */
  readonly path: Path;
}

/** What to record about a message and what to send in reply. */
export interface Reaction {
  readonly observation: Observation;
  /** To be sent at once, in this order, to the address and port that the message came from. */
  readonly replies: readonly Uint8Array[];
  /** The request would have been answered, but was not because of `isUnanswered`. */
  readonly isWithheld?: boolean;
  /** The connection is no longer useful and may be closed after the replies: soon, or at once. */
  readonly close: boolean | 'at-once';
}

/** A reply whose time has come; it goes to the address and port that the request came from. */
export interface DelayedReply<Path> {
  readonly path: Path;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly octets: Uint8Array;
}
