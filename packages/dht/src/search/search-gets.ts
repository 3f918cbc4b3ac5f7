// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { matches } from '../values/filter.ts';
import { FETCHES_PER_NODE_MAX } from '../limits.ts';
import type { GetOperation } from '../node/operations.ts';
import type { SearchPorts } from './search-ports.ts';
import type { NodeGet, SearchNode } from './search-node.ts';
import { isSigned, signatureHolds } from '../values/signature.ts';
import { Field, type ReplyMessage } from '../wire/message.ts';

/** The gets of one search, PROTOCOL 13.4: first the list of ids, then value by value. */
export class SearchGets {
  readonly #ports: SearchPorts;
  readonly #wake: () => void;
  readonly #operations = new Set<GetOperation>();

  constructor(ports: SearchPorts, wake: () => void) {
    this.#ports = ports;
    this.#wake = wake;
  }

  get size(): number {
    return this.#operations.size;
  }

  add(operation: GetOperation): void {
    this.#operations.add(operation);
  }

  /** A get that this node has not been asked yet. */
  unasked(each: SearchNode): GetOperation | undefined {
    for (const operation of this.#operations) if (!each.gets.has(operation)) return operation;
    return undefined;
  }

  begin(each: SearchNode, operation: GetOperation): NodeGet {
    const nodeGet: NodeGet = { queue: [], openCount: 0, paused: false, done: false };
    each.gets.set(operation, nodeGet);
    return nodeGet;
  }

  /** Takes the first answer: ids, or whole values if the node does not support ids. */
  listed(each: SearchNode, operation: GetOperation, { args }: ReplyMessage): void {
    const nodeGet = each.gets.get(operation);
    if (nodeGet === undefined) return;
    this.#report(operation, { args });
    const column = args.fields?.fields.indexOf(Field.id) ?? -1;
    for (const row of args.fields?.rows ?? []) {
      const id = row[column];
      if (typeof id === 'bigint' && id !== 0n) nodeGet.queue.push(id);
    }
    this.#fetch(each, operation, nodeGet);
  }

  /** Ends the gets that all leading nodes have answered. */
  finish(leading: readonly SearchNode[]): void {
    for (const operation of this.#operations) {
      if (!leading.every((each) => each.gets.get(operation)?.done === true)) continue;
      this.#end(operation);
    }
  }

  /** No node is left to ask. */
  fail(): void {
    for (const operation of this.#operations) this.#end(operation);
  }

  #end(operation: GetOperation): void {
    this.#operations.delete(operation);
    operation.finish(this.#ports.family);
  }

  #fetch(each: SearchNode, operation: GetOperation, nodeGet: NodeGet): void {
    if (nodeGet.paused) return;
    while (nodeGet.openCount < FETCHES_PER_NODE_MAX) {
      const id = nodeGet.queue.at(-1);
      if (id === undefined) break;
      if (operation.isFetched(id)) {
        nodeGet.queue.pop();
        continue;
      }
      if (this.#pause(each, operation, nodeGet)) return;
      nodeGet.queue.pop();
      operation.claim(id);
      nodeGet.openCount += 1;
      this.#fetchOne(each, operation, nodeGet, id);
    }
    if (nodeGet.openCount > 0) return;
    nodeGet.done = true;
    this.#wake();
  }

  /** Whether the node was asked enough in this tick; the rest follows in the next. */
  #pause(each: SearchNode, operation: GetOperation, nodeGet: NodeGet): boolean {
    const { clock, timers } = this.#ports.core;
    const waitMs = each.spend(1, clock.nowMs());
    if (waitMs === 0) return false;
    nodeGet.paused = true;
    timers.arm(clock.nowMs() + waitMs, () => {
      nodeGet.paused = false;
      this.#fetch(each, operation, nodeGet);
    });
    return true;
  }

  #fetchOne(each: SearchNode, operation: GetOperation, nodeGet: NodeGet, id: bigint): void {
    const over = (): void => {
      nodeGet.openCount -= 1;
      if (each.node.expired) nodeGet.queue.length = 0;
      this.#fetch(each, operation, nodeGet);
    };
    const filter = { select: [], where: [{ field: Field.id, id }] };
    this.#ports.requests.send(
      each.node,
      { name: 'get', args: { key: operation.key, filter } },
      {
        onReply: (reply) => {
          this.#report(operation, reply);
          over();
        },
        onError: () => {
          over();
          return true;
        },
        onStale: () => {
          each.suspectedAtMs = this.#ports.core.clock.nowMs();
          this.#wake();
        },
        onExpired: over,
      },
    );
  }

  #report(operation: GetOperation, { args }: Pick<ReplyMessage, 'args'>): void {
    for (const slot of args.slots ?? []) {
      if (!('value' in slot) || slot.value.id === 0n) continue;
      if (isSigned(slot.value) && !signatureHolds(slot.value))
        this.#ports.core.counters.signaturesRefused += 1;
      else if (matches(slot.value, operation.where)) operation.report(slot.value);
    }
  }
}
