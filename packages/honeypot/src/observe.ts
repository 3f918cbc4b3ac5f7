// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  CalledNumberSource,
  CollectedMethod,
  DigestEvidence,
  EventDetails,
  Grade,
  MessageKind,
  Observation,
  Transport,
} from '@sentrypeer/event';
import { latin1Text } from '@sentrypeer/bytes';
import { type Credentials, decodeSipviciousTag, type SipMessage } from '@sentrypeer/sip';
import { ANOMALIES_MAX } from './limits.ts';
import type { Received } from './received.ts';

type Mutable<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] };

/** What the honeypot found out about a message, beyond its text. */
export interface Finding {
  readonly collectedMethod: CollectedMethod;
  readonly grade: Grade;
  /** Our own codes, after those of the framer and the parser. */
  readonly anomalies: readonly string[];
  readonly registered: boolean;
}

/** Headers that say who the caller claims to be or where the call should go, and where each is kept. */
const DETAIL_HEADERS: ReadonlyMap<
  string,
  | 'assertedIdentity'
  | 'preferredIdentity'
  | 'remotePartyId'
  | 'diversion'
  | 'referTo'
  | 'credentials'
> = new Map([
  ['authorization', 'credentials'],
  ['proxy-authorization', 'credentials'],
  ['p-asserted-identity', 'assertedIdentity'],
  ['p-preferred-identity', 'preferredIdentity'],
  ['remote-party-id', 'remotePartyId'],
  ['diversion', 'diversion'],
  ['refer-to', 'referTo'],
] as const);

const NO_ANOMALIES: readonly string[] = [];

/**
 * The record of a message; of any message, even if nothing in it can be read. Expensive parts are computed when needed:
 * a message that is folded into another one needs very few.
 */
export class MessageObservation implements Observation {
  readonly eventEpochUs: number;
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  readonly grade: Grade;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sipMessage: Uint8Array;
  readonly #input: Received<unknown>;
  readonly #message: SipMessage;
  readonly #finding: Finding;
  #details: EventDetails | undefined | null = null;

  constructor(input: Received<unknown>, message: SipMessage, finding: Finding) {
    this.eventEpochUs = input.epochUs;
    this.collectedMethod = finding.collectedMethod;
    this.transportType = input.transport;
    this.grade = finding.grade;
    this.sourceIp = input.sourceIp;
    this.sourcePort = input.sourcePort;
    this.destinationIp = input.destinationIp;
    this.destinationPort = input.destinationPort;
    this.sipMessage = input.octets;
    this.#input = input;
    this.#message = message;
    this.#finding = finding;
  }

  get messageKind(): MessageKind {
    return this.#message.kind;
  }

  get calledNumber(): string | undefined {
    return this.#message.called.number;
  }

  get calledNumberSource(): CalledNumberSource {
    return this.#message.called.source;
  }

  get sipMethod(): string | undefined {
    return this.#message.method;
  }

  get userAgent(): string | undefined {
    return this.#message.userAgent;
  }

  get requestUri(): string | undefined {
    return this.#message.requestUri;
  }

  get toUri(): string | undefined {
    return this.#message.to?.uri.text;
  }

  get toUser(): string | undefined {
    return this.#message.toUser;
  }

  get fromUri(): string | undefined {
    return this.#message.from?.uri.text;
  }

  get fromUser(): string | undefined {
    return this.#message.fromUser;
  }

  get details(): EventDetails | undefined {
    if (this.#details === null)
      this.#details = detailsOf(this.#input, this.#message, this.#finding.registered);
    return this.#details;
  }

  get anomalies(): readonly string[] {
    return anomaliesOf(this.#input, this.#message, this.#finding);
  }
}

/** The record of octets that the framer refused. */
export function observeRefused(
  input: Received<unknown>,
  refusal: string,
  finding: Finding,
): Observation {
  return {
    eventEpochUs: input.epochUs,
    collectedMethod: finding.collectedMethod,
    transportType: input.transport,
    grade: finding.grade,
    messageKind: 'not-sip',
    sourceIp: input.sourceIp,
    sourcePort: input.sourcePort,
    destinationIp: input.destinationIp,
    destinationPort: input.destinationPort,
    calledNumber: undefined,
    calledNumberSource: 'none',
    sipMethod: undefined,
    userAgent: undefined,
    requestUri: undefined,
    toUri: undefined,
    toUser: undefined,
    fromUri: undefined,
    fromUser: undefined,
    details: input.hello === undefined ? undefined : helloDetails(input.hello),
    anomalies: [refusal, ...input.framingAnomalies.filter((code) => code !== refusal)],
    sipMessage: input.octets,
  };
}

function anomaliesOf(
  input: Received<unknown>,
  message: SipMessage,
  finding: Finding,
): readonly string[] {
  // Reading a header may add anomalies.
  void message.called;
  void message.to;
  void message.from;
  void message.cseq;
  void message.vias;
  const noted = message.anomalies();
  if (noted.length + input.framingAnomalies.length + finding.anomalies.length === 0) {
    return NO_ANOMALIES;
  }
  const codes = new Set([
    ...input.framingAnomalies,
    ...noted.map(({ code }) => code),
    ...finding.anomalies,
  ]);
  return [...codes].slice(0, ANOMALIES_MAX);
}

function detailsOf(
  input: Received<unknown>,
  message: SipMessage,
  registered: boolean,
): EventDetails | undefined {
  let details: Mutable<EventDetails> | undefined =
    input.hello === undefined ? undefined : helloDetails(input.hello);
  const tag = message.from?.tag;
  const decodedFromTag = tag === undefined ? undefined : decodeSipviciousTag(tag);
  if (decodedFromTag !== undefined) (details ??= {}).decodedFromTag = decodedFromTag;
  const { phoneContext, password } = message.called;
  if (phoneContext !== undefined) (details ??= {}).phoneContext = phoneContext;
  if (password !== undefined) (details ??= {}).uriPassword = password;
  for (const line of message.headers) {
    const key = DETAIL_HEADERS.get(line.id);
    if (key !== undefined) addHeader((details ??= {}), message, line.value, key);
  }
  if (input.skipped !== undefined) (details ??= {}).skippedBefore = latin1Text(input.skipped);
  if (input.isWebSocket === true) (details ??= {}).webSocket = true;
  if (registered) (details ??= {}).registered = true;
  const { callId } = message;
  if (details !== undefined && callId !== undefined) details.callId = callId;
  return details;
}

function helloDetails(hello: NonNullable<Received<unknown>['hello']>): Mutable<EventDetails> {
  const { ja4, serverName } = hello;
  return serverName === undefined ? { ja4 } : { ja4, serverName };
}

function addHeader(
  details: Mutable<EventDetails>,
  message: SipMessage,
  value: string,
  key: Exclude<ReturnType<(typeof DETAIL_HEADERS)['get']>, undefined>,
): void {
  if (key !== 'credentials') {
    details[key] ??= value;
    return;
  }
  const { credentials } = message;
  if (credentials === undefined) return;
  if (credentials.isDigest) details.digest ??= digestOf(credentials);
  else details.authorizationScheme ??= credentials.scheme;
}

/** As sent: with all of it the password can be searched for offline. */
function digestOf(credentials: Credentials): DigestEvidence {
  const { username, realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque } = credentials;
  return {
    user: username ?? '',
    realm: realm ?? '',
    nonce: nonce ?? '',
    uri: uri ?? '',
    response: response ?? '',
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(qop === undefined ? {} : { qop }),
    ...(nc === undefined ? {} : { nc }),
    ...(cnonce === undefined ? {} : { cnonce }),
    ...(opaque === undefined ? {} : { opaque }),
  };
}
