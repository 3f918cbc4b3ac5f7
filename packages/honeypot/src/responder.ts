// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseSipviciousTag } from '@sentrypeer/sip';
import type { Accounts } from './accounts.ts';
import type { Authenticator } from './authenticator.ts';
import type { CallTaker } from './call-taker.ts';
import type { Calls } from './calls.ts';
import { protocolRefusal } from './protocol-checks.ts';
import type { Registrar } from './registrar.ts';
import { type Answer, plainAnswer, type Request } from './request.ts';
import type { WornPersona } from './worn-persona.ts';

export interface ResponderParts<Path> {
  readonly accounts: Accounts;
  readonly authenticator: Authenticator;
  readonly registrar: Registrar;
  readonly callTaker: CallTaker;
  readonly calls: Calls<Path>;
  readonly worn: WornPersona;
}

/** Which answer a request gets, by its method. Never relays, never calls out, never acts on what it is told. */
export class Responder<Path> {
  readonly #parts: ResponderParts<Path>;

  constructor(parts: ResponderParts<Path>) {
    this.#parts = parts;
  }

  answer(request: Request<Path>): Answer {
    const { registrar, callTaker, worn } = this.#parts;
    const refusal = protocolRefusal(request, worn);
    if (refusal !== undefined) return refusal;
    switch (request.message.method ?? '') {
      case 'OPTIONS':
        return this.#options(request);
      case 'REGISTER':
        return registrar.answer(request, request.message.toUser);
      case 'INVITE':
        return callTaker.answer(request);
      case 'CANCEL':
        return this.#cancel(request);
      case 'BYE':
        return this.#bye(request);
      case 'SUBSCRIBE':
        return this.#subscribe(request);
      case 'MESSAGE':
      case 'PUBLISH':
      case 'REFER':
        return this.#deliver(request);
      case 'INFO':
      case 'UPDATE':
        return plainAnswer(request.inDialog ? 200 : 481);
      default: // NOTIFY and PRACK belong to what we never begin.
        return plainAnswer(481);
    }
  }

  /** RFC 3261 §11.2: as an INVITE to that user would be answered, but a scan gets the best there is. */
  #options(request: Request<Path>): Answer {
    const { called, fromUser } = request.message;
    const isKnown =
      called.source !== 'request-uri' ||
      called.number === undefined ||
      parseSipviciousTag(request.fromTag, fromUser)?.kind === 'target' ||
      this.#parts.accounts.exists(called.number);
    return { alternatives: [[{ status: isKnown ? 200 : 404, capabilities: true }]], kept: false };
  }

  #cancel(request: Request<Path>): Answer {
    const cancellation = this.#parts.calls.cancel(request);
    if (cancellation.kind === 'unknown') return plainAnswer(481);
    const answer = plainAnswer(200);
    return cancellation.kind === 'late' ? answer : { ...answer, behind: cancellation.octets };
  }

  #bye(request: Request<Path>): Answer {
    if (!request.inDialog) return plainAnswer(481);
    this.#parts.calls.hangUp(request);
    return plainAnswer(200);
  }

  /** Enumerated like REGISTER. Never a 200: it would oblige us to send NOTIFY. */
  #subscribe(request: Request<Path>): Answer {
    const { accounts, authenticator } = this.#parts;
    const account = request.message.called.number;
    if (account === undefined || !accounts.exists(account)) return plainAnswer(404);
    const authentication = authenticator.authenticate(request, account, 401);
    if (authentication.kind === 'accepted') return { ...plainAnswer(489), registered: true };
    return { alternatives: authentication.alternatives, kept: true };
  }

  /** A request for somebody else is challenged, then answered 404. */
  #deliver(request: Request<Path>): Answer {
    const { authenticator, worn } = this.#parts;
    const { method, fromUser = '' } = request.message;
    if (request.toTag !== undefined) {
      if (!request.inDialog) return plainAnswer(481);
      return plainAnswer(method === 'MESSAGE' ? 200 : 603);
    }
    const { inviteChallenge } = worn.persona;
    const authentication = authenticator.authenticate(request, fromUser, inviteChallenge);
    if (authentication.kind === 'accepted') return { ...plainAnswer(404), registered: true };
    return { alternatives: authentication.alternatives, kept: true };
  }
}
