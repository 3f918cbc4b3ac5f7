// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { LISTEN_NODES, LISTEN_REPEAT_MS, RETRY_MS } from '../limits.ts';
import type { ListenOperation } from '../node/listen-operation.ts';
import type { SearchPorts } from './search-ports.ts';
import type { NodeListen, SearchNode } from './search-node.ts';
import { ErrorCode, type Arguments } from '../wire/message.ts';

/** The `ve` of our listens: it asks for updates that we answer. */
const VERSION = 1;

/** The listens of one search, PROTOCOL 13.6: subscriptions at the four closest nodes, repeated before they run out. */
export class SearchListens {
  readonly #ports: SearchPorts;
  readonly #wake: () => void;
  readonly #operations = new Set<ListenOperation>();

  constructor(ports: SearchPorts, wake: () => void) {
    this.#ports = ports;
    this.#wake = wake;
  }

  get size(): number {
    return this.#operations.size;
  }

  add(operation: ListenOperation): void {
    this.#operations.add(operation);
  }

  /** There is no message for this: the subscription is no longer repeated (PROTOCOL 10.1). */
  remove(operation: ListenOperation, nodes: readonly SearchNode[]): void {
    this.#operations.delete(operation);
    for (const each of nodes) this.#drop(each, operation);
  }

  step(nodes: readonly SearchNode[]): void {
    const nowMs = this.#ports.core.clock.nowMs();
    for (const operation of this.#operations) {
      let servedCount = 0;
      for (const each of nodes) {
        if (servedCount >= LISTEN_NODES) break;
        if (!each.isSynced(nowMs)) continue;
        if (!each.candidate) servedCount += 1;
        this.#serve(each, operation, nowMs);
      }
    }
  }

  /**
   * When the next subscription is to be renewed. One that was due and could not be renewed does not count: its node has
   * to answer first, or another one, and that wakes the search.
   */
  nextAtMs(nodes: readonly SearchNode[], nowMs: number): number {
    let atMs = Infinity;
    let servedCount = 0;
    for (const each of nodes) {
      if (servedCount >= LISTEN_NODES) break;
      for (const { request, repeatAtMs } of each.listens.values())
        if (request === undefined && repeatAtMs > nowMs) atMs = Math.min(atMs, repeatAtMs);
      if (!each.isBad()) servedCount += 1;
    }
    return atMs;
  }

  release(each: SearchNode): void {
    for (const operation of each.listens.keys()) this.#drop(each, operation);
  }

  #drop(each: SearchNode, operation: ListenOperation): void {
    const listen = each.listens.get(operation);
    if (listen === undefined) return;
    each.listens.delete(operation);
    each.node.sockets.delete(listen.socketId);
    this.#ports.requests.cancel(listen.request);
  }

  #serve(each: SearchNode, operation: ListenOperation, nowMs: number): void {
    let listen = each.listens.get(operation);
    if (listen !== undefined && !each.node.sockets.has(listen.socketId)) {
      this.#drop(each, operation); // The node was given up meanwhile; it needs a new subscription.
      listen = undefined;
    }
    if (listen === undefined) {
      listen = { socketId: each.node.nextTid(), request: undefined, repeatAtMs: nowMs };
      each.listens.set(operation, listen);
      each.node.sockets.set(listen.socketId, (args) => this.#pushed(each, operation, args));
    }
    if (listen.request !== undefined || nowMs < listen.repeatAtMs) return;
    this.#listen(each, operation, listen);
  }

  #listen(each: SearchNode, operation: ListenOperation, listen: NodeListen): void {
    const { key, where } = operation;
    const filter = where.length === 0 ? undefined : { select: [], where };
    const args = { version: VERSION, key, token: each.token, socketId: listen.socketId, filter };
    listen.request = this.#ports.requests.send(
      each.node,
      { name: 'listen', args },
      {
        onReply: (reply) => {
          each.node.authErrorsCount = 0;
          listen.request = undefined;
          listen.repeatAtMs = this.#ports.core.clock.nowMs() + LISTEN_REPEAT_MS;
          // This does not extend how long the node counts as synced (PROTOCOL 10.4).
          if (reply.args.token !== undefined && each.token !== undefined)
            each.token = reply.args.token;
          this.#wake();
        },
        onError: (code) => {
          listen.request = undefined;
          listen.repeatAtMs = this.#ports.core.clock.nowMs() + RETRY_MS;
          if (code === ErrorCode.unauthorized) {
            each.desync();
            each.askAgainAtMs = listen.repeatAtMs;
            this.#drop(each, operation); // A new subscription receives what was missed (PROTOCOL 10.4).
          }
          this.#wake();
          return true;
        },
        onStale: () => {
          each.suspectedAtMs = this.#ports.core.clock.nowMs();
          this.#wake();
        },
        onExpired: () => {
          this.#drop(each, operation);
          this.#wake();
        },
      },
    );
  }

  #pushed(each: SearchNode, operation: ListenOperation, args: Arguments): void {
    if (args.token !== undefined && each.token !== undefined) each.token = args.token;
    const { clock } = this.#ports.core;
    const ageMs =
      args.created === undefined ? 0 : Math.max(0, clock.epochUs() / 1000 - args.created * 1000);
    for (const slot of args.slots ?? [])
      if ('value' in slot)
        operation.receive(each.node, slot.value, ageMs, each.node.endpoint.address);
    operation.refresh(each.node, args.refreshed ?? []);
    operation.expire(each.node, args.expired ?? []);
  }
}
