// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { SELECT_ID } from '../values/filter.ts';
import { compareDistance, type InfoHash } from '../info-hash.ts';
import {
  NODE_HEARD_MS_MAX,
  RETRY_MS,
  SEARCH_ASKED_MAX,
  SEARCH_LIST_MAX,
  SEARCH_NODES_MAX,
  SYNC_MS,
  TARGET_NODES,
} from '../limits.ts';
import type { ListenOperation } from '../node/listen-operation.ts';
import type { GetOperation, PutOperation } from '../node/operations.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import { SearchGets } from './search-gets.ts';
import { SearchListens } from './search-listens.ts';
import { SearchNode } from './search-node.ts';
import type { SearchPorts } from './search-ports.ts';
import { SearchPuts } from './search-puts.ts';
import type { Timer } from '../engine/timers.ts';
import type { ReplyMessage } from '../wire/message.ts';

/**
 * Searches for the nodes closest to a key and sends them gets, puts and listens (PROTOCOL 13). All operations on one
 * key share a search. Every step runs from a timer, so no callback interrupts another step.
 */
export class Search {
  readonly key: InfoHash;
  readonly #ports: SearchPorts;
  readonly gets: SearchGets;
  readonly puts: SearchPuts;
  readonly listens: SearchListens;
  /** Sorted by distance, closest first. */
  #nodes: SearchNode[] = [];
  #filledAtMs = -Infinity;
  #timer: Timer | undefined;
  /** Searches without operations continue until they are synced. */
  #wanted = true;
  usedAtMs: number;
  /** Nodes that answered while the search was not synced, and how many steps away the farthest of them was. */
  readonly trace = { answersCount: 0, hopsCount: 0 };
  /** Steps to the nodes that are being learnt. */
  #hopsCount = 0;

  constructor(ports: SearchPorts, key: InfoHash) {
    this.#ports = ports;
    this.key = key;
    this.usedAtMs = ports.core.clock.nowMs();
    const wake = (): void => this.wake();
    this.gets = new SearchGets(ports, wake);
    this.puts = new SearchPuts(ports, wake);
    this.listens = new SearchListens(ports, wake);
    this.wake();
  }

  get nodes(): readonly SearchNode[] {
    return this.#nodes;
  }

  /** There is no operation, and nothing is waiting. */
  get isIdle(): boolean {
    return !this.#wanted && this.gets.size === 0 && this.puts.size === 0 && this.listens.size === 0;
  }

  addGet(operation: GetOperation): void {
    this.gets.add(operation);
    this.#used();
  }

  addPut(operation: PutOperation): void {
    this.puts.add(operation, this.#nodes);
    this.#used();
  }

  addListen(operation: ListenOperation): void {
    this.listens.add(operation);
    this.#used();
  }

  cancelPut(operation: PutOperation): void {
    this.puts.cancel(operation, this.#nodes);
  }

  removeListen(operation: ListenOperation): void {
    this.listens.remove(operation, this.#nodes);
  }

  isSynced(): boolean {
    const nowMs = this.#ports.core.clock.nowMs();
    const leading = this.#leading();
    return leading.length > 0 && leading.every((each) => each.isSynced(nowMs));
  }

  /** Offers a node that may belong in the list. */
  offer(node: RemoteNode): void {
    if (node.client) return;
    if (this.#nodes.some((each) => each.node === node)) {
      this.wake(); // It may be back.
      return;
    }
    const at = this.#nodes.findIndex(
      ({ node: other }) => compareDistance(this.key, node.id, other.id) < 0,
    );
    const index = at === -1 ? this.#nodes.length : at;
    const closer = this.#nodes.slice(0, index).filter((each) => !each.isBad());
    if (closer.length >= SEARCH_NODES_MAX && !node.hasReplied) return;
    this.#nodes.splice(index, 0, new SearchNode(node, this.#hopsCount));
    node.usesCount += 1;
    this.#trim();
    this.wake();
  }

  /** Takes the next step soon. */
  wake(): void {
    this.#wakeAt(this.#ports.core.clock.nowMs());
  }

  close(): void {
    this.#ports.core.timers.cancel(this.#timer);
    for (const each of this.#nodes) this.#release(each);
    this.#nodes = [];
  }

  #used(): void {
    this.usedAtMs = this.#ports.core.clock.nowMs();
    this.#wanted = true;
    this.wake();
  }

  #wakeAt(atMs: number): void {
    if (this.#timer?.run !== undefined && this.#timer.atMs <= atMs) return;
    this.#ports.core.timers.cancel(this.#timer);
    this.#timer = this.#ports.core.timers.arm(atMs, () => this.#step());
  }

  /** Takes nodes from all known ones, at the beginning and when few are left (PROTOCOL 13.1). */
  #fill(): void {
    const nowMs = this.#ports.core.clock.nowMs();
    const few = this.#nodes.filter((each) => !each.isBad()).length < SEARCH_NODES_MAX;
    if (!few || nowMs - this.#filledAtMs < SYNC_MS) return;
    this.#filledAtMs = nowMs;
    for (const node of this.#ports.closest(this.key, SEARCH_NODES_MAX)) this.offer(node);
  }

  #leading(): readonly SearchNode[] {
    const leading: SearchNode[] = [];
    for (const each of this.#nodes) {
      if (each.isBad()) continue;
      leading.push(each);
      if (leading.length === TARGET_NODES) break;
    }
    return leading;
  }

  /**
   * Keeps the closest nodes, and the closest of those that ever answered: invented nodes, however close, never push out
   * real ones.
   */
  #trim(): void {
    let goodCount = 0;
    let answeringCount = 0;
    const kept: SearchNode[] = [];
    const nowMs = this.#ports.core.clock.nowMs();
    for (const each of this.#nodes) {
      const answering = each.node.hasReplied && !each.isBad();
      const wanted =
        goodCount < SEARCH_NODES_MAX || (answering && answeringCount < SEARCH_NODES_MAX);
      const crowded = kept.length >= SEARCH_LIST_MAX && !answering;
      if (!wanted || crowded || each.node.isGone(nowMs)) {
        this.#release(each);
        continue;
      }
      if (!each.isBad()) goodCount += 1;
      if (answering) answeringCount += 1;
      kept.push(each);
    }
    this.#nodes = kept;
  }

  #release(each: SearchNode): void {
    each.node.usesCount -= 1;
    this.#ports.requests.cancel(each.asking);
    this.listens.release(each);
    this.puts.release(each);
  }

  #step(): void {
    const nowMs = this.#ports.core.clock.nowMs();
    if (this.isIdle) return;
    this.usedAtMs = nowMs;
    this.#trim();
    if (this.#nodes.every(({ node }) => node.expired)) this.#filledAtMs = -Infinity; // Other nodes may be known by now.
    this.#fill();
    if (this.#nodes.every(({ node }) => node.expired)) {
      this.#expire();
      return;
    }
    const leading = this.#leading();
    this.#ask(leading, nowMs);
    if (leading.length > 0 && leading.every((each) => each.isSynced(nowMs))) {
      this.#wanted = false;
      this.gets.finish(leading);
      this.puts.step(leading);
      this.listens.step(this.#nodes);
    }
    this.#wakeNext(leading, nowMs);
  }

  #ask(leading: readonly SearchNode[], nowMs: number): void {
    let askedCount = leading.filter((each) => each.asking !== undefined).length;
    for (const each of leading) {
      if (askedCount >= SEARCH_ASKED_MAX) return;
      if (each.asking !== undefined || nowMs < each.askAgainAtMs) continue;
      const get = this.gets.unasked(each);
      if (get === undefined && each.isSynced(nowMs)) continue;
      this.#askNode(each, get);
      askedCount += 1;
    }
  }

  #askNode(each: SearchNode, get: GetOperation | undefined): void {
    const content =
      get === undefined
        ? ({ name: 'find', args: { target: this.key } } as const)
        : ({
            name: 'get',
            args: { key: this.key, filter: { select: SELECT_ID, where: get.where } },
          } as const);
    const nodeGet = get === undefined ? undefined : this.gets.begin(each, get);
    const over = (): void => {
      each.asking = undefined;
      each.askAgainAtMs = this.#ports.core.clock.nowMs() + RETRY_MS;
      if (nodeGet !== undefined) nodeGet.done = true;
      this.wake();
    };
    each.asking = this.#ports.requests.send(each.node, content, {
      onReply: (reply) => {
        each.asking = undefined;
        this.#answered(each, reply);
        if (get !== undefined) this.gets.listed(each, get, reply);
        this.wake();
      },
      onError: () => {
        over();
        return true;
      },
      onStale: () => {
        each.suspectedAtMs = this.#ports.core.clock.nowMs();
        this.wake();
      },
      onExpired: over,
    });
  }

  #answered(each: SearchNode, { args }: ReplyMessage): void {
    if (args.token === undefined) {
      this.#ports.ban(each.node);
      return;
    }
    each.token = args.token;
    each.syncedAtMs = this.#ports.core.clock.nowMs();
    this.#hopsCount = each.hopsCount + 1;
    if (this.#wanted) {
      this.trace.answersCount += 1;
      this.trace.hopsCount = Math.max(this.trace.hopsCount, this.#hopsCount);
    }
    this.#ports.learn([...(args.n4 ?? []), ...(args.n6 ?? [])], each.node);
    this.#hopsCount = 0;
  }

  #expire(): void {
    this.#wanted = false;
    const hadNodes = this.#nodes.length > 0;
    for (const each of this.#nodes) this.#release(each);
    this.#nodes = [];
    this.gets.fail();
    this.puts.fail();
    if (hadNodes) this.#ports.onSearchExpired();
  }

  #wakeNext(leading: readonly SearchNode[], nowMs: number): void {
    let atMs = Infinity;
    for (const each of leading) {
      if (each.askAgainAtMs > nowMs) atMs = Math.min(atMs, each.askAgainAtMs);
      const outdatedAtMs = each.syncedAtMs + SYNC_MS;
      if (outdatedAtMs > nowMs) atMs = Math.min(atMs, outdatedAtMs);
    }
    atMs = Math.min(atMs, this.listens.nextAtMs(this.#nodes, nowMs));
    if (this.puts.size > 0 || this.listens.size > 0)
      atMs = Math.min(atMs, nowMs + NODE_HEARD_MS_MAX);
    if (atMs !== Infinity && !this.isIdle) this.#wakeAt(atMs);
  }
}
