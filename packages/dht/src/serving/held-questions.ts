// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { endpointKey } from '../address.ts';
import { HELD_ADDRESSES_MAX, HELD_MS, HELD_PER_ADDRESS_MAX } from '../engine/limits.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import type { QueryMessage } from '../wire/message.ts';

/** A request whose address has not yet shown that it receives our datagrams. */
export interface HeldQuestion {
  readonly message: QueryMessage;
  readonly node: RemoteNode;
  readonly heldAtMs: number;
}

/** Requests that wait for an answer to our ping, by the address and port they came from. */
export class HeldQuestions {
  readonly #byAddress = new Map<string, HeldQuestion[]>();

  /** A repeated request replaces the first one. `false`: there are too many. */
  hold(message: QueryMessage, node: RemoteNode, source: Endpoint, nowMs: number): boolean {
    const key = endpointKey(source);
    const kept = (this.#byAddress.get(key) ?? []).filter(
      (held) => nowMs - held.heldAtMs < HELD_MS && held.message.tid !== message.tid,
    );
    if (kept.length >= HELD_PER_ADDRESS_MAX) return false;
    // Leaves out the parts that would keep the datagram's octets in memory: values, and the token, which was wrong.
    const args = { ...message.args, slots: undefined, token: undefined, seenAddress: undefined };
    kept.push({ message: { ...message, args }, node, heldAtMs: nowMs });
    this.#byAddress.delete(key);
    this.#byAddress.set(key, kept);
    const [oldest] = this.#byAddress.keys();
    if (oldest !== undefined && this.#byAddress.size > HELD_ADDRESSES_MAX)
      this.#byAddress.delete(oldest);
    return true;
  }

  /** Removes and returns the requests that wait there, in the order of arrival. */
  release(source: Endpoint, nowMs: number): readonly HeldQuestion[] {
    const key = endpointKey(source);
    const held = this.#byAddress.get(key) ?? [];
    this.#byAddress.delete(key);
    return held.filter(({ heldAtMs }) => nowMs - heldAtMs < HELD_MS);
  }
}
