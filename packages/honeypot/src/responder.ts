// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseSipviciousTag } from '@sentrypeer/sip';
import type { Accounts } from './accounts.ts';
import type { Authenticator } from './authenticator.ts';
import type { CallTaker } from './call-taker.ts';
import type { Calls } from './calls.ts';
import { protocolRefusal } from './protocol-checks.ts';
import type { Registrar } from './registrar.ts';
import { noDialog } from './no-dialog.ts';
import { ownUri } from './own-uri.ts';
import { type Answer, type Draft, plainAnswer, type Request } from './request.ts';
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
        return request.inDialog ? plainAnswer(200) : this.#noDialog(request);
      case 'NOTIFY': // These belong to dialogs and subscriptions, which we never start.
      case 'PRACK':
        return this.#noDialog(request);
      default: // Personas that challenge before anything else do so here as well.
        return this.#challenged(request);
    }
  }

  /** RFC 3261 §11.2: as an INVITE to that user would be answered, but a scan gets the best answer. */
  #options(request: Request<Path>): Answer {
    const { called, fromUser } = request.message;
    const { contactEverywhere, methods } = this.#parts.worn.persona;
    const isForNobody = called.source !== 'request-uri' || called.number === undefined;
    const isKnown =
      isForNobody ||
      parseSipviciousTag(request.fromTag, fromUser)?.kind === 'target' ||
      this.#parts.accounts.exists(called.number ?? '');
    const status = isKnown ? 200 : 404;
    const keepalive = isForNobody ? methods.keepalive : undefined;
    const plain = plainAnswer(
      keepalive === undefined ? status : { status, reason: keepalive },
      [],
      'options',
    );
    if (!contactEverywhere || !isKnown) return plain;
    const headers = [['Contact', `<${ownUri(request)}>`] as const];
    const whole: Draft = { status, headers, layout: 'options', whole: true };
    return { alternatives: [[whole], ...plain.alternatives], kept: false };
  }

  #noDialog(request: Request<Path>): Answer {
    const { worn } = this.#parts;
    const isChallenged = worn.persona.methods.noTag === 'challenge' && request.toTag === undefined;
    // RFC 3261 §22.1: a CANCEL is never challenged.
    if (isChallenged && request.message.method !== 'CANCEL') return this.#challenged(request);
    return noDialog(request, worn);
  }

  #cancel(request: Request<Path>): Answer {
    const cancellation = this.#parts.calls.cancel(request);
    if (cancellation === undefined) return this.#noDialog(request);
    const answer = plainAnswer(200);
    const { octets } = cancellation;
    return octets === undefined ? answer : { ...answer, behind: octets };
  }

  #bye(request: Request<Path>): Answer {
    if (!request.inDialog) return this.#noDialog(request);
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

  /** A request to be passed on to somebody: answered as the product answers a stranger, or challenged. */
  #deliver(request: Request<Path>): Answer {
    const { method = '' } = request.message;
    if (request.toTag !== undefined) {
      if (!request.inDialog) return this.#noDialog(request);
      return plainAnswer(method === 'MESSAGE' ? 200 : 603);
    }
    const said = this.#parts.worn.persona.methods.deliver.get(method);
    return said === undefined ? this.#challenged(request) : plainAnswer(said);
  }

  /** Challenged, then answered 404. */
  #challenged(request: Request<Path>): Answer {
    const { authenticator, worn } = this.#parts;
    const { fromUser = '' } = request.message;
    const { invite } = worn.persona.challenge;
    const authentication = authenticator.authenticate(request, fromUser, invite);
    if (authentication.kind === 'accepted') return { ...plainAnswer(404), registered: true };
    return { alternatives: authentication.alternatives, kept: true };
  }
}
