// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Pending {
  count: number;
  last: { readonly request: IncomingMessage; readonly answer: ServerResponse } | undefined;
  /** 1 if the last request broke off in its body, so that it is not answered. */
  broken: 0 | 1;
  whenDone: (() => void) | undefined;
}

/** Called when an answer is out, or its client gone. `ms` are milliseconds since its request came. */
type OnAnswered = (request: IncomingMessage, status: number, ms: number) => void;

/**
 * The answers that are still to be sent over a connection; several if requests are pipelined. One listener for each
 * answer: look-ups are so frequent that Fastify's hook at the end of an answer would cost them a twentieth.
 */
export class Answers {
  readonly #onAnswered: OnAnswered;
  readonly #bySocket = new WeakMap<Socket, Pending>();

  constructor(onAnswered: OnAnswered) {
    this.#onAnswered = onAnswered;
  }

  /** Before the request is handled. */
  add(request: IncomingMessage, answer: ServerResponse): void {
    const startedMs = performance.now();
    const pending = this.#pendingOf(request.socket);
    pending.count += 1;
    pending.last = { request, answer };
    answer.on('close', () => {
      pending.count -= 1;
      if (pending.last?.answer === answer) pending.last = undefined;
      this.#onAnswered(request, answer.statusCode, performance.now() - startedMs);
      if (pending.count === pending.broken) pending.whenDone?.();
    });
  }

  /**
   * What came over the connection is no longer HTTP: calls back when all complete requests are answered, at once if
   * none is pending.
   */
  afterLast(socket: Socket, whenDone: () => void): void {
    const pending = this.#bySocket.get(socket);
    if (pending === undefined || pending.count === 0) return whenDone();
    const isBroken = pending.last?.request.complete === false && !pending.last.answer.headersSent;
    pending.broken = isBroken ? 1 : 0;
    if (pending.count === pending.broken) whenDone();
    else pending.whenDone = whenDone;
  }

  #pendingOf(socket: Socket): Pending {
    let pending = this.#bySocket.get(socket);
    if (pending === undefined) {
      pending = { count: 0, last: undefined, broken: 0, whenDone: undefined };
      this.#bySocket.set(socket, pending);
    }
    return pending;
  }
}
