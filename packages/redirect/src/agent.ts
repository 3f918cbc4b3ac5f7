// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { KeyedHash } from '@sentrypeer/bytes';
import { isTooLong } from '@sentrypeer/numbers';
import { formatResponse, parseMessage, reasonPhrase, type SipMessage } from '@sentrypeer/sip';
import {
  levelRank,
  type Judge,
  type Judgement,
  type Level,
  type Question,
} from '@sentrypeer/verdict';
import { isAnswerable, protocolError, replyPort, type Asked } from './ask.ts';
import { readCalled, type Called } from './called.ts';
import { callerAddresses } from './caller.ts';
import type { Destination } from './destination.ts';
import { KEY_PART_CHARACTERS_MAX } from './limits.ts';
import type { Refusal } from './refusal.ts';
import { unreadHeaders, verdictHeaders } from './verdict-header.ts';

export interface AgentOptions {
  /** The status for a listed call or registration. */
  readonly refusal: Refusal;
  /** Whether subjects that are only watched are refused too; otherwise they are let through. */
  readonly refusesWatched: boolean;
  /** The number to dial at the destination for a call to the emergency service itself (`urn:service:sos`). */
  readonly emergencyNumber: string;
  /** Where other calls go; without it they get 404, and the peer tries its next route. */
  readonly destination: Destination | undefined;
  /** 32 octets that only this node knows. */
  readonly secret: Uint8Array;
}

export interface AgentPorts {
  /** The one judge; `undefined` if it cannot judge now. */
  readonly judge: (...question: Parameters<Judge['judge']>) => Judgement | undefined;
}

/**
 * What happened to a call or a registration: refused because it is listed, redirected, passed to the peer's next route,
 * or not judged because that was not possible.
 */
export type Outcome = 'refused' | 'redirected' | 'passed' | 'failed';

/** One decision, to be counted and followed. */
export interface AgentDecision {
  readonly epochUs: number;
  readonly kind: 'call' | 'registration';
  readonly outcome: Outcome;
  /** Of the answer. */
  readonly status: number;
  /** The judge's level; `unread` if the request does not say which number is called. */
  readonly level: Level | 'unread';
  /** The peer that asked. */
  readonly peer: string;
  readonly transport: Asked['transport'];
  readonly callId: string;
  /** Who calls or registers, according to From and To; text from a peer. */
  readonly account: string | undefined;
  /** As dialled; text from a peer. For a registration, the account. */
  readonly number: string | undefined;
  /** The E.164 number that was judged, without its plus. */
  readonly e164: string | undefined;
  /** The address from which the peer got the request. */
  readonly address: string | undefined;
  /** 0 to 100. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** The result for a message. */
export interface Answer {
  readonly what:
    | 'decision'
    | 'keep-alive'
    | 'cancel'
    /** Refused because of its form: no such method here, malformed, no dialog of ours. */
    | 'refusal'
    /** An ACK, which ends here. */
    | 'ack'
    /** A response, or no SIP. */
    | 'nothing';
  readonly reply: Uint8Array | undefined;
  /** Port of the source's address to which the reply goes over UDP. */
  readonly replyPort: number;
  readonly decision: AgentDecision | undefined;
}

/** `undefined` if nothing can be judged now. */
type Judged = Judgement | 'unread' | undefined;

type Headers = readonly (readonly [string, string])[];

const ALLOW: Headers = [['Allow', 'INVITE, ACK, CANCEL, OPTIONS, REGISTER']];
const NO_HEADERS: Headers = [];
const NOT_LISTED_STATUS = 404;

/**
 * A redirect server (RFC 3261 §8.3) that keeps nothing between two messages (§8.2.7): the same request gets the same
 * tag, and the same answer unless the verdict changed.
 */
export class Agent {
  readonly #ports: AgentPorts;
  readonly #options: AgentOptions;
  readonly #hash: KeyedHash;

  constructor(ports: AgentPorts, options: AgentOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#hash = new KeyedHash(options.secret);
  }

  /** Answers a message of a peer that may ask. */
  receive(asked: Asked): Answer {
    const message = parseMessage(asked.octets);
    if (!isAnswerable(message)) return silence('nothing', asked);
    // §8.2.7: "A stateless UAS MUST ignore ACK requests."
    if (message.method === 'ACK') return silence('ack', asked);
    const error = protocolError(message);
    if (error !== undefined) return this.#answer(asked, message, 'refusal', error);
    switch (message.method ?? '') {
      case 'INVITE':
        // We take no part in established calls; §12.2.2 applies to requests in a dialog that we do not have.
        return message.toTag === undefined
          ? this.#decide(asked, message, 'call')
          : this.#answer(asked, message, 'refusal', 481);
      case 'REGISTER':
        return this.#decide(asked, message, 'registration');
      case 'OPTIONS':
        return this.#answer(asked, message, 'keep-alive', 200, ALLOW);
      case 'CANCEL':
        // §8.3: "For well-formed CANCEL requests, it SHOULD return a 2xx response." What it would cancel has its
        // final answer already, with the same tag (§9.2).
        return this.#answer(asked, message, 'cancel', 200);
      default:
        return this.#answer(asked, message, 'refusal', 405, ALLOW);
    }
  }

  #decide(asked: Asked, message: SipMessage, kind: AgentDecision['kind']): Answer {
    const called = kind === 'call' ? readCalled(message) : registering(message.toUser);
    const addresses = callerAddresses(message, asked.sourceIp);
    const { address, judgement } = this.#gravest(called, kind, addresses, asked.epochUs);
    const { outcome, status, headers } = this.#verdict(kind, called, judgement);
    const decision = {
      epochUs: asked.epochUs,
      kind,
      outcome,
      status,
      level: judgement === 'unread' ? judgement : (judgement?.level ?? 'none'),
      peer: asked.sourceIp,
      transport: asked.transport,
      callId: message.callId ?? '',
      account: kind === 'call' ? message.fromUser : message.toUser,
      number: called.number,
      e164: judgement === 'unread' ? undefined : judgement?.number?.e164,
      address,
      score: judgement === 'unread' ? 0 : (judgement?.score ?? 0),
      reasons: judgement === 'unread' ? [] : (judgement?.reasons ?? []),
    };
    return { ...this.#answer(asked, message, 'decision', status, headers), decision };
  }

  /** By the address that speaks most against the call, if the caller's Via names two. */
  #gravest(
    called: Called,
    kind: AgentDecision['kind'],
    addresses: readonly string[],
    epochUs: number,
  ): { readonly address: string | undefined; readonly judgement: Judged } {
    const [first, ...others] = addresses;
    let gravest = { address: first, judgement: this.#judge(called, kind, first, epochUs) };
    for (const address of others) {
      const judgement = this.#judge(called, kind, address, epochUs);
      if (rankOf(judgement) > rankOf(gravest.judgement)) gravest = { address, judgement };
    }
    return gravest;
  }

  /**
   * A call whose number cannot be read may be a call for help, so it is let through whoever makes it. Only its number
   * could tell.
   */
  #judge(
    called: Called,
    kind: AgentDecision['kind'],
    address: string | undefined,
    epochUs: number,
  ): Judged {
    if (called.kind === 'unreadable') return 'unread';
    const asks = called.kind === 'number' ? called.question : called.number;
    const question: Question = {
      ...(asks === undefined ? {} : { number: asks }),
      ...(address === undefined ? {} : { address }),
    };
    const judgement = this.#ports.judge(question, epochUs);
    if (judgement === undefined) return undefined;
    const isUnread = judgement.number?.kind === 'none' && isTooLong(asks ?? '');
    if (isUnread && kind === 'call') return 'unread';
    // Nobody calls for help by registering: an account named like an emergency number does not protect an address.
    const { address: byAddress } = judgement;
    if (kind === 'registration' && byAddress?.listed === true && !judgement.listed) {
      return { ...judgement, ...byAddress };
    }
    return judgement;
  }

  #verdict(
    kind: AgentDecision['kind'],
    called: Called,
    judgement: Judged,
  ): { readonly outcome: Outcome; readonly status: number; readonly headers: Headers } {
    // A peer that fails open treats a 500 like no answer.
    if (judgement === undefined) return { outcome: 'failed', status: 500, headers: NO_HEADERS };
    const { refusal, refusesWatched } = this.#options;
    if (judgement !== 'unread') {
      const { level } = judgement;
      if (level === 'listed' || (level === 'watch' && refusesWatched)) {
        return { outcome: 'refused', status: refusal, headers: verdictHeaders(judgement, true) };
      }
    }
    const why = judgement === 'unread' ? unreadHeaders() : verdictHeaders(judgement, false);
    const number = judgement === 'unread' ? undefined : judgement.number;
    const uri = this.#destinationOf(kind, called, number);
    if (uri === undefined) return { outcome: 'passed', status: NOT_LISTED_STATUS, headers: why };
    return { outcome: 'redirected', status: 302, headers: [['Contact', `<${uri}>`], ...why] };
  }

  #destinationOf(
    kind: AgentDecision['kind'],
    called: Called,
    judged: Judgement['number'],
  ): string | undefined {
    const { destination, emergencyNumber } = this.#options;
    if (destination === undefined) return undefined;
    if (kind === 'registration' || called.number === undefined) return destination.registrar;
    if (called.kind === 'emergency') return destination.call(emergencyNumber, undefined);
    const isForHelp = called.kind === 'number' && judged?.kind === 'emergency';
    const number = isForHelp ? (called.dialled ?? called.number) : called.number;
    return destination.call(number, judged?.e164);
  }

  #answer(
    asked: Asked,
    message: SipMessage,
    what: Answer['what'],
    status: number,
    headers: Headers = NO_HEADERS,
  ): Answer {
    const reply = formatResponse({
      request: message,
      status,
      reason: reasonPhrase(status),
      toTag: this.#toTag(message, asked.sourceIp),
      source: { address: asked.sourceIp, port: asked.sourcePort },
      headers,
    });
    const port = replyPort(message.vias[0], asked.sourcePort);
    return { what, reply, replyPort: port, decision: undefined };
  }

  /** §8.2.7: the same request always gets the same tag, and its CANCEL with it. */
  #toTag(message: SipMessage, sourceIp: string): string {
    const parts = [message.callId, message.from?.tag, message.vias[0]?.branch, sourceIp];
    const text = parts.map((part) => (part ?? '').slice(0, KEY_PART_CHARACTERS_MAX)).join('\n');
    return this.#hash.hex(text).slice(0, 16);
  }
}

function silence(what: Answer['what'], { sourcePort }: Asked): Answer {
  return { what, reply: undefined, replyPort: sourcePort, decision: undefined };
}

function rankOf(judgement: Judged): number {
  return judgement === undefined || judgement === 'unread' ? 0 : levelRank(judgement.level);
}

function registering(account: string | undefined): Called {
  return { kind: 'number', number: account, question: account, dialled: account };
}
