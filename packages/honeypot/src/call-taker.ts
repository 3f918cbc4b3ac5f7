// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Text, type KeyedHash } from '@sentrypeer/bytes';
import { looksLikeNumber, parseSipviciousTag, type SipMessage } from '@sentrypeer/sip';
import type { Accounts } from './accounts.ts';
import { accountOf, type Authenticator } from './authenticator.ts';
import type { CallPolicy } from './call-policy.ts';
import { SDP_OCTETS_MAX } from './limits.ts';
import { noDialog } from './no-dialog.ts';
import { ownUri } from './own-uri.ts';
import {
  type Alternatives,
  type Answer,
  type Draft,
  type Header,
  plainAnswer,
  type Request,
} from './request.ts';
import { sessionDescription } from './sdp.ts';
import type { Sources } from './sources.ts';
import type { WornPersona } from './worn-persona.ts';

export interface CallTakerParts {
  readonly accounts: Accounts;
  readonly authenticator: Authenticator;
  readonly policy: CallPolicy;
  readonly sources: Sources;
  readonly worn: WornPersona;
  readonly hash: KeyedHash;
}

/** The From tag of the first request of svcrack, always the same. */
const SVCRACK_FIRST_TAG = '3206210844';
/** Longer numbers are outside; shorter ones are extensions, ours or nobody's. */
const EXTENSION_DIGITS_MAX = 5;

/** Answers INVITE: to accounts as REGISTER is answered, to numbers by the call policy. */
export class CallTaker {
  readonly #parts: CallTakerParts;

  constructor(parts: CallTakerParts) {
    this.#parts = parts;
  }

  answer(request: Request<unknown>): Answer {
    if (request.toTag !== undefined) {
      if (!request.inDialog) return noDialog(request, this.#parts.worn);
      return { alternatives: this.#answers(request), kept: true };
    }
    const account = accountInQuestion(request);
    if (account !== undefined) return this.#answerForAccount(request, account);
    const { number } = request.message.called;
    if (number === undefined || !this.#takes(request, number)) return plainAnswer(404);
    return this.#take(request);
  }

  #answerForAccount(request: Request<unknown>, account: string): Answer {
    const { accounts, authenticator, worn } = this.#parts;
    if (!accounts.exists(account)) return plainAnswer(404);
    const { invite: inviteChallenge } = worn.persona.challenge;
    const authentication = authenticator.authenticate(request, account, inviteChallenge);
    if (authentication.kind === 'accepted') return { ...this.#take(request), registered: true };
    return { alternatives: authentication.alternatives, kept: true };
  }

  #takes(request: Request<unknown>, number: string): boolean {
    const { accounts, policy, sources } = this.#parts;
    if (!isOutside(number)) return accounts.exists(number);
    const { sourceIp, nowMs } = request;
    return policy.accepts(number, sources.of(sourceIp, nowMs), sourceIp);
  }

  /**
   * A proved source hears ringing and waits. For any other, nothing may follow later: it gets ringing and the answer at
   * once, or only the answer, or a challenge, whose nonce will be the proof.
   */
  #take(request: Request<unknown>): Answer {
    const { worn } = this.#parts;
    const routes = recordRoutes(request.message, worn);
    const ringing: Draft = { status: 180, headers: routes, layout: 'call' };
    if (request.proved) {
      return {
        alternatives: [[tryingOf(request, worn), ringing]],
        kept: true,
        ringing: { answered: this.#answers(request), cancelled: [[{ status: 487 }]] },
      };
    }
    const { authenticator } = this.#parts;
    const lean = this.#answered(request, true);
    const challenge = authenticator.authenticate(request, '', worn.persona.challenge.invite);
    const last = challenge.kind === 'challenge' ? challenge.alternatives : [];
    return { alternatives: [[ringing, lean], [lean], ...last], kept: true };
  }

  /** The session in full, or else as short as it can be. */
  #answers(request: Request<unknown>): Alternatives {
    return [[this.#answered(request, false)], [this.#answered(request, true)]];
  }

  #answered(request: Request<unknown>, lean: boolean): Draft {
    const { message, input, callId } = request;
    const { worn } = this.#parts;
    const hasOffer = message.bodySize > 0;
    const body = sessionDescription({
      worn,
      address: input.destinationIp,
      sessionId: this.#parts.hash.number(`session ${callId}`),
      offer: hasOffer ? latin1Text(message.body.subarray(0, SDP_OCTETS_MAX)) : undefined,
      lean,
    });
    const headers: readonly Header[] = [
      ...recordRoutes(message, worn),
      ['Contact', contactOf(request, worn)],
    ];
    return { status: 200, headers, body, layout: 'call' };
  }
}

/**
 * The account that an INVITE is about when it is not a call: the one in its credentials, or the one under test. In
 * svwar the users of From, To and Request-URI are equal; svcrack has none in the Request-URI, and its From tag
 * distinguishes it from a call.
 */
function accountInQuestion(request: Request<unknown>): string | undefined {
  const { message, credentials } = request;
  if (credentials?.username !== undefined) return accountOf(credentials.username);
  const { fromUser, toUser, called } = message;
  if (fromUser === undefined || fromUser !== toUser) return undefined;
  if (called.source === 'request-uri') return called.number === fromUser ? fromUser : undefined;
  return isSvcrack(request) ? fromUser : undefined;
}

function isSvcrack(request: Request<unknown>): boolean {
  const { fromTag } = request;
  return fromTag === SVCRACK_FIRST_TAG || parseSipviciousTag(fromTag)?.kind === 'guess';
}

function isOutside(number: string): boolean {
  return looksLikeNumber(number) && number.length > EXTENSION_DIGITS_MAX;
}

function tryingOf(request: Request<unknown>, worn: WornPersona): Draft {
  if (!worn.persona.contactEverywhere || worn.persona.layouts.trying.indexOf('own') === -1) {
    return { status: 100 };
  }
  return { status: 100, headers: [['Contact', contactOf(request, worn)]] };
}

/** RFC 3261 §12.1.1: responses that create a dialog copy Record-Route in its order; some products always copy it. */
function recordRoutes(message: SipMessage, worn: WornPersona): readonly Header[] {
  if (message.header('record-route') === undefined) return [];
  const { order } = worn.persona.shape;
  if (order !== 'as-in-request' && order.includes('Record-Route')) return [];
  return message.headerValues('record-route').map((value) => ['Record-Route', value]);
}

/** Our own address and port; with the called number, if there is one and the product repeats it. */
function contactOf(request: Request<unknown>, worn: WornPersona): string {
  const { number } = request.message.called;
  const isPlain = number !== undefined && looksLikeNumber(number) && !number.includes(' ');
  const isRepeated = isPlain && worn.persona.contactUser;
  return `<${ownUri(request, isRepeated ? `${number.replaceAll('#', '%23')}@` : '')}>`;
}
