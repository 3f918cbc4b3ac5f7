// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ListenOperation } from '../node/listen-operation.ts';
import { ASK_TICK_MS, ASKED_PER_TICK_MAX, SYNC_MS } from '../limits.ts';
import type { GetOperation, PutOperation } from '../node/operations.ts';
import type { RemoteNode, Request } from '../routing/remote-node.ts';

/** The progress of a get at one node. */
export interface NodeGet {
  /** Ids that are still to be fetched. */
  readonly queue: bigint[];
  openCount: number;
  /** It continues automatically at the next tick. */
  paused: boolean;
  done: boolean;
}

/** The progress of a put at one node. */
export interface NodePut {
  state: 'open' | 'confirmed';
}

/** One of our subscriptions at one node. */
export interface NodeListen {
  readonly socketId: number;
  request: Request | undefined;
  /** When to listen again, or try again. */
  repeatAtMs: number;
}

/** A node in the list of a search, PROTOCOL 13.1. */
export class SearchNode {
  readonly node: RemoteNode;
  token: Uint8Array | undefined;
  /** When it last answered a find or get. */
  syncedAtMs = -Infinity;
  /** When a first attempt was last left unanswered. */
  suspectedAtMs = -Infinity;
  /** Steps from the nodes we knew at the beginning. */
  readonly hopsCount: number;
  /** The find or get in flight. */
  asking: Request | undefined;
  /** Not asked before this. */
  askAgainAtMs = -Infinity;
  readonly gets = new WeakMap<GetOperation, NodeGet>();
  readonly puts = new WeakMap<PutOperation, NodePut>();
  /** Puts that wait for their turn at this node. */
  readonly putsQueued = new Set<PutOperation>();
  putsOpenCount = 0;
  /** The waiting puts continue automatically at the next tick. */
  putsPaused = false;
  /** Whether all puts of the search were queued here. */
  enrolled = false;
  readonly listens = new Map<ListenOperation, NodeListen>();

  #tickAtMs = -Infinity;
  #spentCount = 0;

  constructor(node: RemoteNode, hopsCount: number) {
    this.node = node;
    this.hopsCount = hopsCount;
  }

  /** It left a first attempt unanswered: it does not count until it answers anything (PROTOCOL 13.3). */
  get candidate(): boolean {
    return this.suspectedAtMs > this.node.repliedAtMs;
  }

  isBad(): boolean {
    return this.candidate || this.node.expired;
  }

  isSynced(nowMs: number): boolean {
    return !this.node.expired && this.token !== undefined && nowMs - this.syncedAtMs < SYNC_MS;
  }

  /**
   * Takes this many requests from the node's allowance in this tick: real nodes ignore nodes that ask too much
   * (PROTOCOL 15). Returns 0, or the milliseconds after which to try again, with nothing taken.
   */
  spend(requestsCount: number, nowMs: number): number {
    if (nowMs - this.#tickAtMs >= ASK_TICK_MS) {
      this.#tickAtMs = nowMs;
      this.#spentCount = 0;
    }
    if (this.#spentCount + requestsCount > ASKED_PER_TICK_MAX)
      return this.#tickAtMs + ASK_TICK_MS - nowMs;
    this.#spentCount += requestsCount;
    return 0;
  }

  /** Its token was refused: a new one is needed before anything else. */
  desync(): void {
    this.token = undefined;
    this.syncedAtMs = -Infinity;
  }
}
