// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { sameEndpoint } from '../address.ts';
import type { Core } from '../engine/core.ts';
import {
  AUTH_ERRORS_MAX,
  REQUEST_ATTEMPTS_MAX,
  REQUEST_WAIT_MS,
  REQUEST_WAIT_SPREAD_MS,
} from '../limits.ts';
import type { RemoteNode, Request, RequestHandlers } from './remote-node.ts';
import { encodeQuery, type OutgoingArguments } from '../wire/encode-message.ts';
import { fragment } from '../wire/fragment.ts';
import {
  ErrorCode,
  type ErrorMessage,
  type QueryName,
  type ReplyMessage,
} from '../wire/message.ts';

export interface RequestContent {
  readonly name: QueryName;
  readonly args: Omit<OutgoingArguments, 'id' | 'values'>;
  /** Packed values, sent inline or in parts. */
  readonly packed?: readonly Uint8Array[];
}

/** Sends requests, repeats them, and matches answers to requests (PROTOCOL 11.3, 11.4). */
export class Requests {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * @param endpoint Where the node is asked; normally its own.
   * @param attemptsMax 1: asked once, to see who is there.
   */
  send(
    node: RemoteNode,
    content: RequestContent,
    handlers: RequestHandlers,
    endpoint: Endpoint = node.endpoint,
    attemptsMax = REQUEST_ATTEMPTS_MAX,
  ): Request {
    const { envelope, id } = this.#core;
    const tid = node.nextTid();
    const { name, packed } = content;
    const args = { ...content.args, id };
    const datagrams =
      packed === undefined
        ? [encodeQuery(envelope, name, tid, args)]
        : fragment(packed, { network: envelope.network, tid }, (values) =>
            encodeQuery(envelope, name, tid, { ...args, values }),
          );
    const request: Request = {
      node,
      tid,
      endpoint,
      handlers,
      datagrams,
      attemptsCount: 0,
      // A request that is sent only once waits as long as two attempts of other requests.
      waitMs: attemptsMax === 1 ? 2 * REQUEST_WAIT_MS : REQUEST_WAIT_MS,
      timer: undefined,
      attemptsMax,
    };
    node.requests.set(tid, request);
    node.usesCount += 1;
    this.#core.counters.requestsSent += 1;
    this.#attempt(request);
    return request;
  }

  cancel(request: Request | undefined): void {
    if (request === undefined || !this.#isOut(request)) return;
    this.#remove(request);
  }

  /** Whether an answer with this transaction id is awaited from there. */
  awaits(node: RemoteNode, tid: number, source: Endpoint): boolean {
    const request = node.requests.get(tid);
    return request !== undefined && sameEndpoint(request.endpoint, source);
  }

  /** An answer counts if node id, transaction id and address match the request. `false`: they do not. */
  answer(node: RemoteNode, message: ReplyMessage | ErrorMessage, source: Endpoint): boolean {
    const request = node.requests.get(message.tid);
    if (request === undefined || !sameEndpoint(request.endpoint, source)) return false;
    this.#core.counters.repliesMatched += 1;
    node.endpoint = source; // The transaction id proves it: a node that moves is followed.
    node.heardAtMs = this.#core.clock.nowMs();
    node.repliedAtMs = node.heardAtMs;
    node.expired = false;
    node.heardOnly = false;
    if (message.kind === 'reply') {
      this.#remove(request);
      request.handlers.onReply(message);
      return true;
    }
    if (message.code === ErrorCode.unauthorized) node.authErrorsCount += 1;
    if (request.handlers.onError?.(message.code) === true) this.#remove(request);
    if (node.authErrorsCount > AUTH_ERRORS_MAX) {
      node.authErrorsCount = 0;
      this.expire(node);
    }
    return true;
  }

  /** The node does not answer: all its requests fail, and its subscriptions end. */
  expire(node: RemoteNode): void {
    node.expired = true;
    node.sockets.clear();
    for (const request of node.requests.values().toArray()) {
      if (!this.#isOut(request)) continue;
      this.#remove(request);
      this.#core.counters.requestsExpired += 1;
      request.handlers.onExpired?.();
    }
  }

  #isOut(request: Request): boolean {
    return request.node.requests.get(request.tid) === request;
  }

  #remove(request: Request): void {
    if (!this.#isOut(request)) return;
    request.node.requests.delete(request.tid);
    request.node.usesCount -= 1;
    this.#core.timers.cancel(request.timer);
  }

  #attempt(request: Request): void {
    request.attemptsCount += 1;
    if (request.attemptsCount > 1) this.#core.counters.retransmissions += 1;
    this.#core.outbox.transmit(request.datagrams, request.endpoint);
    const { clock, chance, timers } = this.#core;
    request.waitMs = request.waitMs * 2 + chance.below(REQUEST_WAIT_SPREAD_MS + 1);
    request.timer = timers.arm(clock.nowMs() + request.waitMs, () => this.#due(request));
  }

  #due(request: Request): void {
    if (request.attemptsCount >= request.attemptsMax) {
      // A request to a foreign address says nothing about the node's own address, and neither does one that was sent
      // only once.
      const told = request.attemptsMax > 1 && sameEndpoint(request.endpoint, request.node.endpoint);
      if (told) this.expire(request.node);
      else {
        this.#remove(request);
        request.handlers.onExpired?.();
      }
      return;
    }
    this.#attempt(request);
    if (request.attemptsCount === 2) request.handlers.onStale?.();
  }
}
