// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { SELECT_ID_AND_SEQUENCE } from '../values/filter.ts';
import { PUTS_PER_NODE_MAX, REANNOUNCE_MARGIN_MS, RETRY_MS } from '../limits.ts';
import type { PutOperation } from '../node/operations.ts';
import type { Timer } from '../engine/timers.ts';
import type { RequestContent } from '../routing/requests.ts';
import type { SearchPorts } from './search-ports.ts';
import type { SearchNode } from './search-node.ts';
import { lifetimeMs } from '../values/value-types.ts';
import { ErrorCode, Field, type ReplyMessage } from '../wire/message.ts';

/**
 * The puts of one search, PROTOCOL 13.5. Each goes to the leading nodes. A permanent one is looked for there first, put
 * or refreshed, and again before it expires. The probe asks only for its id, so that the answer stays small however
 * many values the key has (PROTOCOL 20.1: a list of all ends at 6,500).
 */
export class SearchPuts {
  readonly #ports: SearchPorts;
  readonly #wake: () => void;
  /** With the timers of nodes at which they are put again before they expire. */
  readonly #operations = new Map<PutOperation, Set<Timer>>();
  /** Operations that not all leading nodes have confirmed yet. */
  readonly #unsettled = new Set<PutOperation>();
  /** Those of them that were confirmed somewhere since the last check. */
  readonly #news = new Set<PutOperation>();
  #leading = '';

  constructor(ports: SearchPorts, wake: () => void) {
    this.#ports = ports;
    this.#wake = wake;
  }

  get size(): number {
    return this.#operations.size;
  }

  add(operation: PutOperation, nodes: readonly SearchNode[]): void {
    this.#operations.set(operation, new Set());
    this.#unsettled.add(operation);
    for (const each of nodes) if (each.enrolled) each.putsQueued.add(operation);
  }

  cancel(operation: PutOperation, nodes: readonly SearchNode[]): void {
    // They would keep what was cancelled in memory for ten minutes.
    for (const timer of this.#operations.get(operation) ?? [])
      this.#ports.core.timers.cancel(timer);
    this.#operations.delete(operation);
    this.#unsettled.delete(operation);
    for (const each of nodes) {
      each.putsQueued.delete(operation);
      each.puts.delete(operation);
    }
  }

  step(leading: readonly SearchNode[]): void {
    for (const each of leading) {
      if (!each.enrolled) {
        each.enrolled = true;
        for (const operation of this.#operations.keys()) each.putsQueued.add(operation);
      }
      this.#pump(each);
    }
    this.#settle(leading);
  }

  /** The list has no node left: puts that are not permanent have failed (PROTOCOL 13.3). */
  fail(): void {
    for (const operation of this.#operations.keys()) {
      if (!operation.permanent) this.cancel(operation, []);
      operation.finish(this.#ports.family, false);
    }
  }

  release(each: SearchNode): void {
    each.putsQueued.clear();
    each.enrolled = false;
  }

  /** Ends puts that every leading node has confirmed. */
  #settle(leading: readonly SearchNode[]): void {
    const names = leading.map(({ node }) => node.id).join(' ');
    const looked = names === this.#leading ? this.#news : this.#unsettled;
    this.#leading = names;
    for (const operation of looked) {
      if (!leading.every((each) => each.puts.get(operation)?.state === 'confirmed')) continue;
      this.#unsettled.delete(operation);
      if (!operation.permanent) this.cancel(operation, leading);
      operation.finish(this.#ports.family, true);
    }
    this.#news.clear();
  }

  #pump(each: SearchNode): void {
    const nowMs = this.#ports.core.clock.nowMs();
    if (each.putsPaused) return;
    for (const operation of each.putsQueued) {
      if (each.putsOpenCount >= PUTS_PER_NODE_MAX || !each.isSynced(nowMs)) return;
      if (!this.#operations.has(operation)) {
        each.putsQueued.delete(operation); // Cancelled, or done without this node.
        continue;
      }
      const waitMs = each.spend(operation.permanent ? 2 : 1, nowMs);
      if (waitMs > 0) {
        this.#pause(each, waitMs);
        return;
      }
      each.putsQueued.delete(operation);
      each.puts.set(operation, { state: 'open' });
      each.putsOpenCount += 1;
      if (operation.permanent) this.#probe(each, operation);
      else this.#put(each, operation);
    }
  }

  #pause(each: SearchNode, waitMs: number): void {
    const { clock, timers } = this.#ports.core;
    each.putsPaused = true;
    timers.arm(clock.nowMs() + waitMs, () => {
      each.putsPaused = false;
      this.#wake();
    });
  }

  #probe(each: SearchNode, operation: PutOperation): void {
    const { key, value } = operation;
    const where = [{ field: Field.id, id: value.id }] as const;
    this.#send(
      each,
      operation,
      { name: 'get', args: { key, filter: { select: SELECT_ID_AND_SEQUENCE, where } } },
      (reply) => {
        if (reply.args.token !== undefined) each.token = reply.args.token;
        if (knows(reply, value.id, value.sequence)) this.#refresh(each, operation);
        else this.#put(each, operation);
      },
    );
  }

  #put(each: SearchNode, operation: PutOperation): void {
    const { key, permanent, created, packed } = operation;
    const args = { key, token: each.token, created: permanent ? undefined : created };
    this.#send(each, operation, { name: 'put', args, packed: [packed] }, (reply) =>
      this.#confirmed(each, operation, reply),
    );
  }

  #refresh(each: SearchNode, operation: PutOperation): void {
    const args = { key: operation.key, valueId: operation.value.id, token: each.token };
    this.#send(each, operation, { name: 'refresh', args }, (reply) =>
      this.#confirmed(each, operation, reply),
    );
  }

  #send(
    each: SearchNode,
    operation: PutOperation,
    content: RequestContent,
    onReply: (reply: ReplyMessage) => void,
  ): void {
    if (operation.cancelled) {
      this.#over(each, operation);
      return;
    }
    this.#ports.requests.send(each.node, content, {
      onReply,
      onError: (code) => {
        if (code === ErrorCode.notFound && content.name === 'refresh') this.#put(each, operation);
        else {
          if (code === ErrorCode.unauthorized) this.#refused(each);
          this.#over(each, operation);
          this.#retry(each, operation);
        }
        return true;
      },
      onStale: () => {
        each.suspectedAtMs = this.#ports.core.clock.nowMs();
        this.#wake();
      },
      onExpired: () => {
        this.#over(each, operation);
        this.#retry(each, operation);
      },
    });
  }

  /** A new token is asked for, but not in a tight loop. */
  #refused(each: SearchNode): void {
    each.desync();
    each.askAgainAtMs = this.#ports.core.clock.nowMs() + RETRY_MS;
  }

  #retry(each: SearchNode, operation: PutOperation): void {
    const { clock, timers } = this.#ports.core;
    timers.arm(clock.nowMs() + RETRY_MS, () => {
      if (!this.#operations.has(operation) || !each.enrolled) return;
      each.putsQueued.add(operation);
      this.#wake();
    });
  }

  #over(each: SearchNode, operation: PutOperation): void {
    each.puts.delete(operation);
    each.putsOpenCount -= 1;
    this.#wake();
  }

  #confirmed(each: SearchNode, operation: PutOperation, { args }: ReplyMessage): void {
    each.node.authErrorsCount = 0;
    this.#over(each, operation);
    if (operation.cancelled || args.valueId !== operation.value.id) return; // PROTOCOL 4.5: `vid` is required.
    each.puts.set(operation, { state: 'confirmed' });
    operation.confirmedCount += 1;
    if (this.#unsettled.has(operation)) this.#news.add(operation);
    const againTimers = this.#operations.get(operation);
    if (!operation.permanent || againTimers === undefined) return;
    const { clock, timers } = this.#ports.core;
    const againAtMs = clock.nowMs() + lifetimeMs(operation.value.type) - REANNOUNCE_MARGIN_MS;
    const timer = timers.arm(againAtMs, () => {
      againTimers.delete(timer);
      if (!each.enrolled) return;
      each.putsQueued.add(operation);
      this.#wake();
    });
    againTimers.add(timer);
  }
}

/** Whether the answer to a probe lists the value in this version or a later one. */
function knows({ args }: ReplyMessage, id: bigint, sequence: number): boolean {
  const { fields, rows } = args.fields ?? { fields: [], rows: [] };
  const idAt = fields.indexOf(Field.id);
  const sequenceAt = fields.indexOf(Field.sequence);
  const listed = rows.some((row) => {
    const found = row[sequenceAt];
    return row[idAt] === id && typeof found === 'bigint' && found >= BigInt(sequence);
  });
  return listed || (args.slots ?? []).some((slot) => 'value' in slot && slot.value.id === id);
}
