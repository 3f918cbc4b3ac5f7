// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { canonicalAddress, sourceKey } from '@sentrypeer/ip';
import { systemClock } from '@sentrypeer/kernel';
import { CONNECTIONS_SPARED_MAX, CONNECTIONS_SPARED_SHARE, REQUEST_TENURE_MS } from './limits.ts';

/** Connections of one source. The first of each set is the oldest. */
interface Source {
  readonly key: string;
  /** Without a request in progress, by when the last one ended. */
  readonly idle: Set<Socket>;
  readonly busy: Set<Socket>;
}

/**
 * Keeps room for connections: if there are too many, the source with the most of them loses one, first those without a
 * request. If no source has more than a few, the one that has been without a request for the longest time goes, whoever
 * it belongs to; if all have one, that whose request has been arriving for the longest time. Otherwise somebody who
 * opens them all and says nothing, or never ends a request, from one address or from a thousand, would keep the PBX out.
 */
export class ConnectionRoom {
  readonly #countMax: number;
  /** Connections of one source that count as few. */
  readonly #spared: number;
  readonly #onFull: (source: string | undefined) => void;
  readonly #sources = new Map<string, Source>();
  readonly #known = new WeakMap<Socket, { readonly source: Source; requests: number }>();
  /** All without a request, idle longest first. */
  readonly #idle = new Set<Socket>();
  /** All with a request, busy longest first. */
  readonly #busy = new Map<
    Socket,
    { readonly request: IncomingMessage; readonly sinceMs: number }
  >();
  #count = 0;

  private constructor(countMax: number, onFull: (source: string | undefined) => void) {
    this.#countMax = countMax;
    this.#spared = Math.min(
      CONNECTIONS_SPARED_MAX,
      Math.floor(countMax / CONNECTIONS_SPARED_SHARE),
    );
    this.#onFull = onFull;
  }

  /**
   * Keeps room in a server from now on.
   *
   * @param countMax Connections at a time, 1 and above.
   * @param onFull Called for each connection that was closed, with the source that had too many, if there was one.
   */
  static keepIn(
    server: Server,
    countMax: number,
    onFull: (source: string | undefined) => void,
  ): void {
    const room = new ConnectionRoom(countMax, onFull);
    server.maxConnections = countMax + 1; // One more for the newcomer, until another one is closed.
    server.on('connection', (socket: Socket) => room.#add(socket));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      room.#noteRequest(request, 1);
      response.once('close', () => room.#noteRequest(request, -1));
    });
  }

  #add(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const key = sourceKey(canonicalAddress(address) ?? address);
    const source = this.#sources.getOrInsertComputed(key, () => {
      return { key, idle: new Set(), busy: new Set() };
    });
    source.idle.add(socket);
    this.#idle.add(socket);
    this.#known.set(socket, { source, requests: 0 });
    this.#count += 1;
    socket.once('close', () => this.#remove(socket, source));
    if (this.#count > this.#countMax) this.#makeRoom(socket, source);
  }

  #makeRoom(newcomer: Socket, its: Source): void {
    let most = its;
    for (const source of this.#sources.values()) if (sizeOf(source) > sizeOf(most)) most = source;
    const isMany = sizeOf(most) > this.#spared;
    const [idle] = isMany ? most.idle : this.#idle;
    const [busy] = most.busy;
    // Requests in progress are left alone, unless their source has more than its share, or they do not end.
    const takes = sizeOf(most) > sizeOf(its) + 1 ? busy : this.#arrivingLongest(its);
    const gone = (idle === newcomer ? undefined : idle) ?? takes ?? newcomer;
    this.#remove(gone, this.#known.get(gone)?.source ?? its);
    gone.destroy();
    this.#onFull(isMany ? most.key : undefined);
  }

  /**
   * For a source with a few: whose request has not arrived although it had its time. An answer may last, as a stream of
   * events does.
   */
  #arrivingLongest(its: Source): Socket | undefined {
    if (sizeOf(its) > this.#spared) return undefined;
    const latestMs = systemClock.nowMs() - REQUEST_TENURE_MS;
    for (const [socket, { request, sinceMs }] of this.#busy) {
      if (sinceMs > latestMs) return undefined;
      if (!request.complete) return socket;
    }
    return undefined;
  }

  #remove(socket: Socket, source: Source): void {
    if (!source.idle.delete(socket) && !source.busy.delete(socket)) return;
    this.#idle.delete(socket);
    this.#busy.delete(socket);
    this.#count -= 1;
    if (sizeOf(source) === 0) this.#sources.delete(source.key);
  }

  #noteRequest(request: IncomingMessage, more: 1 | -1): void {
    const { socket } = request;
    const known = this.#known.get(socket);
    if (known === undefined) return;
    known.requests += more;
    const { idle, busy } = known.source;
    const isBusy = known.requests > 0;
    const [from, to] = isBusy ? [idle, busy] : [busy, idle];
    if (!from.delete(socket)) return;
    to.add(socket);
    if (isBusy) {
      this.#idle.delete(socket);
      this.#busy.set(socket, { request, sinceMs: systemClock.nowMs() });
    } else {
      this.#busy.delete(socket);
      this.#idle.add(socket);
    }
  }
}

function sizeOf({ idle, busy }: Source): number {
  return idle.size + busy.size;
}
