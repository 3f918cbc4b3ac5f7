// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How sure it is that the source address is the attacker's (docs/architecture.md, "Evidence grades"). */
export type Grade = 'seen' | 'returned' | 'handshake';

export type Transport = 'UDP' | 'TCP' | 'TLS';

/** Whether the honeypot answers (`responsive`) or only listens (`passive`). */
export type CollectedMethod = 'passive' | 'responsive';

/** The part of the message that named the called number. */
export type CalledNumberSource = 'request-uri' | 'to' | 'none';

/** What arrived, regardless of its contents. */
export type MessageKind = 'request' | 'response' | 'not-sip';

/** Digest credentials as sent; together they let the password be looked for offline (RFC 7616 §3.4). */
export interface DigestEvidence {
  readonly user: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm?: string;
  readonly qop?: string;
  readonly nc?: string;
  readonly cnonce?: string;
  readonly opaque?: string;
}

/** Details that only some messages have. Kept as one JSON text, so that common events stay small. */
export interface EventDetails {
  readonly callId?: string;
  readonly phoneContext?: string;
  /** `sip:user:password@host`: the password part of the Request-URI's or To's user information. */
  readonly uriPassword?: string;
  readonly digest?: DigestEvidence;
  /** Authorization scheme other than Digest. */
  readonly authorizationScheme?: string;
  /** What a SIPVicious From tag says when read as hexadecimal text (svcrack: `user:password`). */
  readonly decodedFromTag?: string;
  readonly assertedIdentity?: string;
  readonly preferredIdentity?: string;
  readonly remotePartyId?: string;
  readonly diversion?: string;
  readonly referTo?: string;
  /** JA4 fingerprint of the TLS client. */
  readonly ja4?: string;
  /** The server that the TLS client asked for (SNI). */
  readonly serverName?: string;
  /** The first octets before the message on its stream that belong to no message, one character per octet. */
  readonly skippedBefore?: string;
  /** The message came in a WebSocket (RFC 7118). */
  readonly webSocket?: boolean;
  /** The account and password were accepted by the honeypot. */
  readonly registered?: boolean;
  /** The grade that the sharing node claims; nothing here proves it. */
  readonly claimedGrade?: Grade;
}

/** What the honeypot says about one message, before the event is numbered and recorded. */
export type Observation = Omit<BadActorEvent, 'eventUuid' | 'createdByNodeId'>;

/** One contact by somebody who has no legitimate reason to contact a honeypot: the noun that all packages share. */
export interface BadActorEvent {
  /** RFC 9562 version 7, lower case. */
  readonly eventUuid: string;
  /** Wall-clock microseconds since the epoch at which the message was received. */
  readonly eventEpochUs: number;
  readonly createdByNodeId: string;
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  readonly grade: Grade;
  readonly messageKind: MessageKind;
  /** Bare address; IPv4-mapped IPv6 is written as IPv4. */
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
  /** Decoded once, with prefixes; `undefined` if the message names no number. */
  readonly calledNumber: string | undefined;
  readonly calledNumberSource: CalledNumberSource;
  readonly sipMethod: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestUri: string | undefined;
  readonly toUri: string | undefined;
  readonly toUser: string | undefined;
  readonly fromUri: string | undefined;
  readonly fromUser: string | undefined;
  /** Codes of what was odd about the message, in the order found; documented in docs/errors.md. */
  readonly anomalies: readonly string[];
  readonly details: EventDetails | undefined;
  /** The octets as received. Borrowed: copy them to keep the event beyond the call. */
  readonly sipMessage: Uint8Array;
}
