// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Pending {
  count: number;
  whenDone: (() => void) | undefined;
}

/** Which answers are still to go out over a connection; several where requests are pipelined. */
export class Answers {
  readonly #bySocket = new WeakMap<Socket, Pending>();

  add(socket: Socket, answer: ServerResponse): void {
    const pending = this.#bySocket.get(socket) ?? { count: 0, whenDone: undefined };
    pending.count += 1;
    this.#bySocket.set(socket, pending);
    answer.once('close', () => {
      pending.count -= 1;
      if (pending.count === 0) pending.whenDone?.();
    });
  }

  /** Calls when the last answer is out, at once where none is pending. */
  afterLast(socket: Socket, whenDone: () => void): void {
    const pending = this.#bySocket.get(socket);
    if (pending === undefined || pending.count === 0) whenDone();
    else pending.whenDone = whenDone;
  }
}
