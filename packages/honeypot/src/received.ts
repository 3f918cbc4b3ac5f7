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
  /** Codes of what the framer found odd. */
  readonly framingAnomalies: readonly string[];
  /** The message never came to its end: it is recorded as far as it came, and never answered. */
  readonly isUnfinished?: boolean;
  /**
   * No reply may go to the source now, as it had all that it may get: none is made, and for a request without credentials
   * nothing is decided, as if it had been lost on its way. It is recorded as ever.
   */
  readonly isUnanswered?: boolean;
  /** The first octets that came before the message on its stream and belong to none. */
  readonly skipped?: Uint8Array;
  /** The message came in a WebSocket (RFC 7118). */
  readonly isWebSocket?: boolean;
  /** A web page's script may have had its visitor send the message, so it says nothing of whose address it came from. */
  readonly isFromPage?: boolean;
  /** What a TLS client told of itself: the fingerprint of its ClientHello, and the server it asked for. */
  readonly hello?: { readonly ja4: string; readonly serverName: string | undefined } | undefined;
  /** Why the framer refused these octets; they are recorded and never answered. */
  readonly notSip?: string;
  /** The socket or connection; handed back with delayed replies and otherwise not looked at. */
  readonly path: Path;
}

/** What is to be recorded of a message and what is to be sent for it. */
export interface Reaction {
  readonly observation: Observation;
  /** To be sent at once, in this order, to the address and port that the message came from. */
  readonly replies: readonly Uint8Array[];
  /** A request that is answered was not, because of `isUnanswered`. */
  readonly isWithheld?: boolean;
  /** The connection is of no more use and may be closed after the replies. */
  readonly close: boolean;
}

/** A reply whose time has come; it goes to the address and port that the request came from. */
export interface DelayedReply<Path> {
  readonly path: Path;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly octets: Uint8Array;
}
