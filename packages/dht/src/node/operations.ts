// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';
import { infoHash, type InfoHash } from '../info-hash.ts';
import { FETCH_COPIES_MAX, GET_VALUES_MAX } from '../limits.ts';
import type { Value } from '../values/value.ts';
import type { Condition } from '../wire/message.ts';
import { encodeSignedPart } from '../wire/value-codec.ts';

/** Tells different contents apart: covers everything except id, priority and push type. */
export function contentDigest(value: Value): string {
  if (value.cypher !== undefined) return infoHash(value.cypher);
  const signed = infoHash(encodeSignedPart(value));
  return value.signature === undefined ? signed : `${signed} ${infoHash(value.signature)}`;
}

/** One get of the application, in all families at once. */
export class GetOperation {
  readonly key: InfoHash;
  readonly where: readonly Condition[];
  readonly #onValue: (value: Value) => void;
  readonly #onDone: () => void;
  readonly #open: Set<Family>;
  readonly #reported = new Set<string>();
  readonly #fetchesById = new Map<bigint, number>();

  constructor(
    key: InfoHash,
    where: readonly Condition[],
    families: readonly Family[],
    callbacks: { readonly onValue: (value: Value) => void; readonly onDone: () => void },
  ) {
    this.key = key;
    this.where = where;
    this.#open = new Set(families);
    this.#onValue = callbacks.onValue;
    this.#onDone = callbacks.onDone;
  }

  /** Reports a value once for each id and content. */
  report(value: Value): void {
    if (this.#open.size === 0 || this.#reported.size >= GET_VALUES_MAX) return;
    const name = `${value.id} ${contentDigest(value)}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#onValue(value);
  }

  /** Whether it is not worth fetching another copy of the value. */
  isFetched(id: bigint): boolean {
    const count = this.#fetchesById.get(id) ?? 0;
    return count === 0 ? this.#fetchesById.size >= GET_VALUES_MAX : count >= FETCH_COPIES_MAX;
  }

  /** A copy is being fetched. */
  claim(id: bigint): void {
    this.#fetchesById.set(id, (this.#fetchesById.get(id) ?? 0) + 1);
  }

  /** A family has found everything there is. */
  finish(family: Family): void {
    if (this.#open.delete(family) && this.#open.size === 0) this.#onDone();
  }
}

/** One put of the application. A permanent one continues until it is cancelled. */
export class PutOperation {
  readonly key: InfoHash;
  readonly value: Value;
  readonly packed: Uint8Array;
  readonly permanent: boolean;
  /** Unix seconds, for values that are not permanent (PROTOCOL 4.5). */
  readonly created: number;
  /** Nodes that have confirmed it. */
  confirmedCount = 0;
  cancelled = false;
  readonly #onSettled: (ok: boolean) => void;
  readonly #open: Set<Family>;
  #succeeded = false;
  #settled = false;

  constructor(
    content: Pick<PutOperation, 'key' | 'value' | 'packed' | 'permanent' | 'created'>,
    families: readonly Family[],
    onSettled: (ok: boolean) => void,
  ) {
    this.key = content.key;
    this.value = content.value;
    this.packed = content.packed;
    this.permanent = content.permanent;
    this.created = content.created;
    this.#open = new Set(families);
    this.#onSettled = onSettled;
  }

  /**
   * The closest nodes of a family have it, or none could be reached. A put succeeds if either family succeeds (PROTOCOL
   * 16).
   */
  finish(family: Family, ok: boolean): void {
    if (!this.#open.delete(family)) return;
    this.#succeeded ||= ok;
    if (this.#open.size === 0) this.#settle(this.#succeeded);
  }

  cancel(): void {
    this.cancelled = true;
    this.#settle(this.#succeeded);
  }

  #settle(ok: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onSettled(ok);
  }
}
