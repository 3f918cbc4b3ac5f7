// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import type { InfoHash } from '../info-hash.ts';
import { NODE_HEARD_MS_MAX, NODE_REPLIED_MS_MAX } from '../limits.ts';
import type { Timer } from '../engine/timers.ts';
import type { Arguments, ReplyMessage } from '../wire/message.ts';

/** Gets what a storing node pushes to one of our subscriptions. */
export type OnPush = (args: Arguments) => void;

/** Callbacks of a request. Exactly one of reply, final error and expiry is called, unless the request is cancelled. */
export interface RequestHandlers {
  readonly onReply: (reply: ReplyMessage) => void;
  /** Returns whether the error ends the request; otherwise the request runs until its time-out (PROTOCOL 4.9). */
  readonly onError?: (code: number) => boolean;
  /** The second attempt goes out. */
  readonly onStale?: () => void;
  readonly onExpired?: () => void;
}

/** One request in flight. */
export interface Request {
  readonly node: RemoteNode;
  readonly tid: number;
  readonly endpoint: Endpoint;
  readonly handlers: RequestHandlers;
  readonly datagrams: readonly Uint8Array[];
  attemptsCount: number;
  waitMs: number;
  timer: Timer | undefined;
  /** How often it is sent. If it is sent only once, silence says nothing about the node. */
  readonly attemptsMax: number;
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
  /** The node wants neither to be listed nor to store values; known from the first contact. */
  client = false;
  authErrorsCount = 0;
  /** Tables, searches and the like that hold this node; at 0 it may be forgotten. */
  usesCount = 0;
  /** When an address that claims to be this node was last pinged. */
  probedAtMs = -Infinity;
  /** It has sent us something, but has neither answered us nor been named by another node, so we do not pass it on. */
  heardOnly = false;
  /** Octets of updates that wait for its answer. */
  pushedOctets = 0;
  readonly requests = new Map<number, Request>();
  /** Our subscriptions at this node by socket id. */
  readonly sockets = new Map<number, OnPush>();
  readonly #draw: () => number;

  /**
   * @param draw A random u32: a node that sees one transaction id must not know the next, or it could answer for
   * others.
   */
  constructor(id: InfoHash, endpoint: Endpoint, draw: () => number) {
    this.id = id;
    this.endpoint = endpoint;
    this.family = familyOf(endpoint.address);
    this.#draw = draw;
  }

  /** For a transaction or a socket: unique among those of this node, never 0. */
  nextTid(): number {
    for (;;) {
      const tid = this.#draw();
      if (tid !== 0 && !this.requests.has(tid) && !this.sockets.has(tid)) return tid;
    }
  }

  /** Whether it ever answered us, and so is more than a name. */
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

  /** Expired for so long that searches give it up. */
  isGone(nowMs: number): boolean {
    return this.expired && nowMs - this.heardAtMs >= NODE_HEARD_MS_MAX;
  }
}
