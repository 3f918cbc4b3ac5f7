// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Core } from '../engine/core.ts';
import { matches } from '../values/filter.ts';
import type { InfoHash } from '../info-hash.ts';
import { LISTEN_STORERS_MAX, LISTEN_VALUES_PER_STORER_MAX } from '../limits.ts';
import { contentDigest } from './operations.ts';
import { isSigned, signatureHolds } from '../values/signature.ts';
import { sameOctets, type Value } from '../values/value.ts';
import { lifetimeMs } from '../values/value-types.ts';
import type { Condition } from '../wire/message.ts';

/** An event of a listen. */
export type ListenEvent =
  /** A value that was not there before, or new content of a known id. */
  | {
      readonly kind: 'value';
      readonly value: Value;
      /**
       * The node that sent us the value: the one that put it, if it was put here, otherwise one that stores it;
       * `undefined`: this node itself.
       */
      readonly from: string | undefined;
    }
  /** No storing node has any content of this id any more. */
  | { readonly kind: 'expired'; readonly id: bigint };

/** A value as one storing node has it. */
interface Held {
  readonly digest: string;
  readonly lifetimeMs: number;
  expiresAtMs: number;
}

/** Live contents of one id, each with the number of storing nodes that have it. */
interface Alive {
  readonly counts: Map<string, number>;
  /** The newest content if it is signed: older ones are ignored. */
  owner: Uint8Array | undefined;
  sequence: number;
}

/**
 * One listen of the application. It remembers what each storing node holds, so that a value is reported when the first
 * node has it and its end when the last node drops it (PROTOCOL 10.3). When a storing node vanishes, its values stay
 * and expire by our own clock.
 */
export class ListenOperation {
  readonly key: InfoHash;
  readonly where: readonly Condition[];
  readonly #core: Core;
  readonly #onEvent: (event: ListenEvent) => void;
  readonly #storers = new Map<object, Map<bigint, Held>>();
  readonly #alive = new Map<bigint, Alive>();
  closed = false;

  constructor(
    core: Core,
    key: InfoHash,
    where: readonly Condition[],
    onEvent: (event: ListenEvent) => void,
  ) {
    this.#core = core;
    this.key = key;
    this.where = where;
    this.#onEvent = onEvent;
  }

  /** Number of values alive now. */
  get valuesCount(): number {
    return this.#alive.size;
  }

  /** @param ageMs How long ago the value was put; `-Infinity` if the storing node is sure to report its end. */
  receive(storer: object, value: Value, ageMs = 0, from?: string): void {
    if (this.closed || value.id === 0n || !matches(value, this.where)) return;
    const digest = contentDigest(value);
    const life = lifetimeMs(value.type);
    const expiresAtMs = this.#core.clock.nowMs() + life - Math.min(ageMs, life);
    const held = this.#heldBy(storer);
    const before = held?.get(value.id);
    if (held === undefined) return;
    if (before?.digest === digest) {
      before.expiresAtMs = Math.max(before.expiresAtMs, expiresAtMs);
      return;
    }
    if (isSigned(value) && !signatureHolds(value)) {
      this.#core.counters.signaturesRefused += 1;
      return;
    }
    const entry = { digest, lifetimeMs: life, expiresAtMs };
    held.delete(value.id); // New content goes to the end, after older content.
    held.set(value.id, entry);
    this.#arm(storer, value.id, entry);
    this.#appear(value, digest, from);
    if (before !== undefined) this.#vanish(value.id, before.digest);
    const [oldest] = held;
    if (oldest !== undefined && held.size > LISTEN_VALUES_PER_STORER_MAX)
      this.#drop(storer, oldest[0], oldest[1]);
  }

  refresh(storer: object, ids: readonly bigint[]): void {
    const held = this.#storers.get(storer);
    const nowMs = this.#core.clock.nowMs();
    for (const id of ids) {
      const entry = held?.get(id);
      if (entry !== undefined) entry.expiresAtMs = nowMs + entry.lifetimeMs;
    }
  }

  expire(storer: object, ids: readonly bigint[]): void {
    for (const id of ids) {
      const entry = this.#storers.get(storer)?.get(id);
      if (entry !== undefined) this.#drop(storer, id, entry);
    }
  }

  #heldBy(storer: object): Map<bigint, Held> | undefined {
    const known = this.#storers.get(storer);
    if (known !== undefined) return known;
    if (this.#storers.size >= LISTEN_STORERS_MAX) return undefined;
    const held = new Map<bigint, Held>();
    this.#storers.set(storer, held);
    return held;
  }

  #arm(storer: object, id: bigint, entry: Held): void {
    if (entry.expiresAtMs === Infinity) return; // Its storing node will report its end.
    this.#core.timers.arm(entry.expiresAtMs, () => {
      if (this.closed || this.#storers.get(storer)?.get(id) !== entry) return;
      if (entry.expiresAtMs > this.#core.clock.nowMs()) this.#arm(storer, id, entry);
      else this.#drop(storer, id, entry);
    });
  }

  #drop(storer: object, id: bigint, entry: Held): void {
    const held = this.#storers.get(storer);
    held?.delete(id);
    if (held?.size === 0) this.#storers.delete(storer);
    this.#vanish(id, entry.digest);
  }

  #appear(value: Value, digest: string, from: string | undefined): void {
    const alive = this.#alive.get(value.id) ?? {
      counts: new Map(),
      owner: undefined,
      sequence: -1,
    };
    this.#alive.set(value.id, alive);
    const count = alive.counts.get(digest) ?? 0;
    alive.counts.set(digest, count + 1);
    if (count > 0) return;
    if (alive.owner !== undefined && sameOctets(alive.owner, value.owner)) {
      if (value.sequence <= alive.sequence) return;
    }
    alive.owner = value.owner;
    alive.sequence = value.sequence;
    this.#onEvent({ kind: 'value', value, from });
  }

  #vanish(id: bigint, digest: string): void {
    const alive = this.#alive.get(id);
    const count = alive?.counts.get(digest);
    if (alive === undefined || count === undefined) return;
    if (count > 1) alive.counts.set(digest, count - 1);
    else alive.counts.delete(digest);
    if (alive.counts.size > 0) return;
    this.#alive.delete(id);
    if (!this.closed) this.#onEvent({ kind: 'expired', id });
  }
}
