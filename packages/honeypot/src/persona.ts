// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ChallengeForm, ResponseShape } from '@sentrypeer/sip';
import type { NonceShape } from './nonces.ts';
import type { TagShape } from './to-tags.ts';

/** A list to choose from. */
export type Choices<T> = readonly [T, ...T[]];

/**
 * A family of PBXs with what its members really send, kept together so that no answer contradicts another. If a family
 * differs by version there is a list, from which each node chooses by its secret. Pure data: one composer and one
 * responder follow it, and docs/personas.md says where it comes from and where it deviates.
 */
export interface Persona {
  readonly name: string;
  /** The header that names the product, and its values. */
  readonly productHeader: 'Server' | 'User-Agent';
  readonly products: Choices<string>;
  readonly tagShape: TagShape;
  /** The To tag outside dialogs: one in our own format, or the branch of the request's Via, as in PJSIP. */
  readonly tagOutsideDialogs: 'hashed' | 'branch';
  /** What every answer repeats from its request, and how. */
  readonly shape: ResponseShape;
  readonly layouts: Layouts;
  readonly challenge: PersonaChallenge;
  readonly allow: Choices<string>;
  readonly supported: string;
  readonly accept: string;
  /** Other headers that layouts name, with their values. */
  readonly otherHeaders: ReadonlyMap<string, string>;
  /** Reason phrases that differ from RFC 3261. */
  readonly reasons: ReadonlyMap<number, string>;
  readonly checks: ProtocolChecks;
  readonly methods: MethodAnswers;
  /** Whether OPTIONS and the 100 contain our Contact, like the answer to a call. */
  readonly contactEverywhere: boolean;
  /** Whether the Contact of a call repeats the number. */
  readonly contactUser: boolean;
  /** What a 200 to REGISTER contains, in this order. */
  readonly registered: readonly ('Contact' | 'Date' | 'Expires')[];
  /** Seconds missing when a registration is confirmed: PJSIP counts the time left. */
  readonly registeredSecondsGone: 0 | 1;
  readonly session: PersonaSession;
  readonly connections: ConnectionManners;
}

/**
 * The headers that an answer has between the repeated ones and Content-Length, in order. `own` stands for headers that
 * belong to the answer itself (a challenge, Contact), `body` for Content-Type; the others are optional, and left out if
 * an answer has to be short.
 */
export type Layout = readonly string[];

export interface Layouts {
  readonly usual: Layout;
  /** 100. */
  readonly trying: Layout;
  /** 200 and 404 to OPTIONS. */
  readonly options: Layout;
  /** 200 with a session description, and 180. */
  readonly call: Layout;
  /** Refusals of INVITE, including challenges. */
  readonly invite: Layout;
  /** 420. */
  readonly extension: Layout;
  /** 501. */
  readonly method: Layout;
  /** Answers of the stack below the product. */
  readonly stack: Layout;
}

interface PersonaChallenge {
  readonly form: ChallengeForm;
  readonly nonce: NonceShape;
  /** Only letters, digits, dots and underscores, because tools read others as an empty realm. */
  readonly realms: Choices<string>;
  /** Whether the realm is the host of From, if tools can read that. */
  readonly realmOfCaller: boolean;
  readonly qop: boolean;
  readonly opaque: boolean;
  /** Whether a nonce that was never ours gets `stale=true`. */
  readonly staleForForeign: boolean;
  /** Whether the challenge of a call is repeated until the ACK. */
  readonly repeated: boolean;
  /** How a call is challenged. */
  readonly invite: 401 | 407;
}

/** Status and reason phrase; the default is the persona's or that of RFC 3261. */
export interface Said {
  readonly status: number;
  readonly reason?: string;
}

/** `silence`: no answer. `ignored`: as if nothing were wrong. */
export type Check = Said | 'silence' | 'ignored';

/** Answers to checks made before the purpose of a request matters (RFC 3261 §8.2). */
interface ProtocolChecks {
  /** A version other than SIP/2.0. */
  readonly version: Check;
  readonly cseqMalformed: Check;
  readonly cseqMethod: Check;
  /** Max-Forwards 0. */
  readonly hops: Check;
  /** A method that is not defined by RFC 3261 or its updates. */
  readonly unknownMethod: Said | 'challenge';
  /** A method that is known but not in Allow. */
  readonly notAllowed: 405 | 'ignored';
  /** Methods for which an unknown extension is refused. */
  readonly require: 'all' | 'invite' | 'never';
  readonly extensionReason?: string;
  /** Whether a 420 has a Date. */
  readonly extensionDate: boolean;
  /** INVITE with a body that is not a session description. */
  readonly strangeBody: 415 | 'ignored';
}

interface MethodAnswers {
  /** OPTIONS without a user. */
  readonly keepalive?: string;
  /** The answer within a dialog that is not ours, by method; `other` for all others. */
  readonly noDialog: ReadonlyMap<string, Said | 'silence'>;
  /** The same without any To tag. */
  readonly noTag: 'as-no-dialog' | 'challenge';
  /** Requests to be passed on outside a dialog: MESSAGE, PUBLISH, REFER. */
  readonly deliver: ReadonlyMap<string, Said>;
}

/** What it does on TCP and TLS besides answering requests. */
interface ConnectionManners {
  /** Whether two line ends between messages are answered by one (RFC 5626 §4.4.1). */
  readonly answersPing: boolean;
  /** Whether it ends a connection in the instant in which something other than SIP comes, and not after a while. */
  readonly endsAtOnce: boolean;
}

interface PersonaSession {
  /** User name in the origin line. */
  readonly origin: string;
  /** Whether session id and version are those of the offer, with the version two higher. */
  readonly originOfOffer: boolean;
  /** Session name; `{version}` stands for the part after the product's name. */
  readonly name: string;
  /** Lines before `a=sendrecv`. */
  readonly attributes: readonly string[];
}
