// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import type { InfoHash } from '../info-hash.ts';
import { NODE_HEARD_MS_MAX, NODE_REPLIED_MS_MAX } from '../limits.ts';
import type { Timer } from '../engine/timers.ts';
import type { Arguments, ReplyMessage } from '../wire/message.ts';

const U32_RANGE = 0x1_0000_0000;

/** Gets what a storer pushes to one subscription of ours. */
export type OnPush = (args: Arguments) => void;

/** What its maker hears of a request. Exactly one of reply, error that ends it, and expiry comes, unless it is cancelled. */
export interface RequestHandlers {
  readonly onReply: (reply: ReplyMessage) => void;
  /** Answers whether the error ends the request; else it runs into its timeout (PROTOCOL 4.9). */
  readonly onError?: (code: number) => boolean;
  /** The second attempt goes out. */
  readonly onStale?: () => void;
  readonly onExpired?: () => void;
}

/** One question that is out. */
export interface Request {
  readonly node: RemoteNode;
  readonly tid: number;
  readonly endpoint: Endpoint;
  readonly handlers: RequestHandlers;
  readonly datagrams: readonly Uint8Array[];
  attemptsCount: number;
  waitMs: number;
  timer: Timer | undefined;
}

/** Another node as we know it, PROTOCOL 11.1. One for each id and family. */
export class RemoteNode {
  readonly id: InfoHash;
  readonly family: Family;
  endpoint: Endpoint;
  heardAtMs = -Infinity;
  repliedAtMs = -Infinity;
  /** A request ran out of attempts; anything heard from it clears this. */
  expired = false;
  /** It wants to be neither listed nor stored at; known from the first contact. */
  client = false;
  authErrorsCount = 0;
  /** Tables, searches and the like that hold this node; at 0 it may be forgotten. */
  usesCount = 0;
  /** A question to another address that claims to be this node is out. */
  probing = false;
  /** Octets of updates that wait for its answer. */
  pushedOctets = 0;
  readonly requests = new Map<number, Request>();
  /** Our subscriptions at this node by socket id. */
  readonly sockets = new Map<number, OnPush>();
  #tid: number;

  /** @param firstTid Where its transaction ids begin, any u32. */
  constructor(id: InfoHash, endpoint: Endpoint, firstTid: number) {
    this.id = id;
    this.endpoint = endpoint;
    this.family = familyOf(endpoint.address);
    this.#tid = firstTid;
  }

  /** For a transaction or a socket: unique among those of this node for a long time, never 0. */
  nextTid(): number {
    this.#tid = (this.#tid + 1) % U32_RANGE;
    if (this.#tid === 0 || this.requests.has(this.#tid) || this.sockets.has(this.#tid))
      return this.nextTid();
    return this.#tid;
  }

  /** It ever answered us: it is more than a name. */
  get hasReplied(): boolean {
    return this.repliedAtMs !== -Infinity;
  }

  /** PROTOCOL 11.2. */
  isGood(nowMs: number): boolean {
    return (
      !this.expired &&
      nowMs - this.repliedAtMs < NODE_REPLIED_MS_MAX &&
      nowMs - this.heardAtMs < NODE_HEARD_MS_MAX
    );
  }

  /** Expired for so long that a search gives it up. */
  isGone(nowMs: number): boolean {
    return this.expired && nowMs - this.heardAtMs >= NODE_HEARD_MS_MAX;
  }
}
