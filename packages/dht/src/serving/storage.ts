// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Core } from '../engine/core.ts';
import type { InfoHash } from '../info-hash.ts';
import {
  EVICTED_OCTETS,
  KEYS_MAX,
  STORED_OCTETS_MAX,
  STORED_OCTETS_PER_SOURCE_MAX,
  VALUE_OCTETS_MAX,
  VALUE_OVERHEAD_OCTETS,
  VALUES_PER_KEY_MAX,
} from '../limits.ts';
import { isSigned, signatureHolds } from '../values/signature.ts';
import { sameContent, sameOctets, valueSize, type Value } from '../values/value.ts';
import type { Timer } from '../engine/timers.ts';
import { CERTIFICATE_TYPE, lifetimeMs } from '../values/value-types.ts';
import { encodeSignedPart, encodeValue } from '../wire/value-codec.ts';

/** A value that is stored here. */
export interface StoredValue {
  readonly key: InfoHash;
  readonly value: Value;
  readonly packed: Uint8Array;
  /** Who put it: an IPv4 address or IPv6 /64; `undefined` if this node itself did. */
  readonly source: string | undefined;
  /** The full address it was put from. */
  readonly from?: string | undefined;
  /** Monotonic; infinite for this node's own permanent values. */
  expiresAtMs: number;
  timer: Timer | undefined;
}

/** What happened to a stored value. */
export type StorageChange = 'new' | 'edited' | 'refreshed' | 'expired';
export type OnStorageChange = (change: StorageChange, stored: StoredValue) => void;

interface Source {
  octets: number;
  readonly values: Set<StoredValue>;
}

const NO_VALUES: ReadonlyMap<bigint, StoredValue> = new Map();

/** The values of all keys, PROTOCOL 9, within limits per key, per source and in all. */
export class Storage {
  readonly #core: Core;
  readonly #onChange: OnStorageChange;
  readonly #keys = new Map<InfoHash, Map<bigint, StoredValue>>();
  readonly #sources = new Map<string, Source>();
  #octets = 0;
  #count = 0;

  constructor(core: Core, onChange: OnStorageChange) {
    this.#core = core;
    this.#onChange = onChange;
  }

  get octets(): number {
    return this.#octets;
  }

  get valuesCount(): number {
    return this.#count;
  }

  get keysCount(): number {
    return this.#keys.size;
  }

  keys(): IterableIterator<InfoHash> {
    return this.#keys.keys();
  }

  has(key: InfoHash): boolean {
    return this.#keys.has(key);
  }

  values(key: InfoHash): ReadonlyMap<bigint, StoredValue> {
    return this.#keys.get(key) ?? NO_VALUES;
  }

  /**
   * Accepts a value that another node put, or refuses it (PROTOCOL 9.1, 8.3); that node gets the same answer either
   * way.
   *
   * @param expiresAtMs The end of its life, counted from its creation.
   * @param from The address it was put from, of which `source` is the network.
   */
  putRemote(
    key: InfoHash,
    value: Value,
    source: string,
    expiresAtMs: number,
    nowMs: number,
    from = source,
  ): boolean {
    const stored = this.#keys.get(key)?.get(value.id);
    const accepted =
      stored === undefined
        ? expiresAtMs > nowMs && this.#accepts(key, value)
        : sameContent(stored.value, value) || isEdit(stored.value, value);
    if (!accepted) {
      this.#core.counters.valuesRefused += 1;
      return false;
    }
    if (stored !== undefined && sameContent(stored.value, value)) {
      this.#refresh(stored, expiresAtMs);
      return true;
    }
    const packed = encodeValue(value);
    this.#store({ key, value, packed, source, from, expiresAtMs, timer: undefined });
    return this.#keys.get(key)?.get(value.id)?.value === value;
  }

  /** Stores a value of this node itself, replacing an earlier one with the same id. */
  putLocal(key: InfoHash, value: Value, expiresAtMs: number): void {
    const stored = this.#keys.get(key)?.get(value.id);
    if (stored !== undefined && stored.source === undefined && sameContent(stored.value, value)) {
      if (stored.expiresAtMs === Infinity && expiresAtMs !== Infinity) {
        stored.expiresAtMs = expiresAtMs; // It is no longer permanent.
        this.#arm(stored);
      }
      this.#refresh(stored, expiresAtMs);
      return;
    }
    this.#store({
      key,
      value,
      packed: encodeValue(value),
      source: undefined,
      expiresAtMs,
      timer: undefined,
    });
  }

  /** Restarts the life of a value (PROTOCOL 4.6). An unknown id is ignored. */
  refresh(key: InfoHash, id: bigint, nowMs: number): void {
    const stored = this.#keys.get(key)?.get(id);
    if (stored !== undefined) this.#refresh(stored, nowMs + lifetimeMs(stored.value.type));
  }

  /** Lets a value that this node held permanently expire like any other. */
  release(key: InfoHash, id: bigint, nowMs: number): void {
    const stored = this.#keys.get(key)?.get(id);
    if (stored?.expiresAtMs !== Infinity) return;
    stored.expiresAtMs = nowMs + lifetimeMs(stored.value.type);
    this.#arm(stored);
  }

  /** The timer is armed once for a life that may be extended many times, and then again for the rest. */
  #arm(stored: StoredValue): void {
    if (stored.expiresAtMs === Infinity) return;
    stored.timer = this.#core.timers.arm(stored.expiresAtMs, () => {
      if (stored.expiresAtMs > this.#core.clock.nowMs()) {
        this.#arm(stored);
        return;
      }
      this.#core.counters.valuesExpired += 1;
      this.#remove(stored);
    });
  }

  #accepts(key: InfoHash, value: Value): boolean {
    if (valueSize(value) > VALUE_OCTETS_MAX || value.type === CERTIFICATE_TYPE) return false;
    if (isSigned(value) && !signatureHolds(value)) return false;
    const values = this.#keys.get(key);
    return values === undefined ? this.#keys.size < KEYS_MAX : values.size < VALUES_PER_KEY_MAX;
  }

  #refresh(stored: StoredValue, expiresAtMs: number): void {
    stored.expiresAtMs = Math.max(stored.expiresAtMs, expiresAtMs);
    this.#core.counters.valuesRefreshed += 1;
    this.#onChange('refreshed', stored);
  }

  #store(stored: StoredValue): void {
    const before = this.#keys.get(stored.key)?.get(stored.value.id);
    if (before !== undefined) this.#forget(before);
    const values = this.#keys.get(stored.key) ?? new Map<bigint, StoredValue>();
    this.#keys.set(stored.key, values);
    values.set(stored.value.id, stored);
    this.#arm(stored);
    this.#account(stored, 1);
    this.#core.counters.valuesStored += 1;
    this.#makeRoom(stored.source);
    // A value that is evicted again at once is not reported.
    if (values.get(stored.value.id) === stored)
      this.#onChange(before === undefined ? 'new' : 'edited', stored);
  }

  #remove(stored: StoredValue): void {
    this.#forget(stored);
    this.#onChange('expired', stored);
  }

  #forget(stored: StoredValue): void {
    const values = this.#keys.get(stored.key);
    if (values?.get(stored.value.id) !== stored) return;
    values.delete(stored.value.id);
    this.#core.timers.cancel(stored.timer);
    if (values.size === 0) this.#keys.delete(stored.key);
    this.#account(stored, -1);
  }

  #account(stored: StoredValue, sign: 1 | -1): void {
    if (stored.source === undefined) return; // Local values belong to the caller, who limits them.
    const octets = costOf(stored) * sign;
    this.#octets += octets;
    this.#count += sign;
    const source = this.#sources.get(stored.source) ?? { octets: 0, values: new Set() };
    source.octets += octets;
    if (sign === 1) source.values.add(stored);
    else source.values.delete(stored);
    if (source.values.size === 0) this.#sources.delete(stored.source);
    else this.#sources.set(stored.source, source);
  }

  #makeRoom(name: string | undefined): void {
    const source = name === undefined ? undefined : this.#sources.get(name);
    if (source !== undefined && source.octets > STORED_OCTETS_PER_SOURCE_MAX)
      this.#evict(source, STORED_OCTETS_PER_SOURCE_MAX - EVICTED_OCTETS);
    while (this.#octets > STORED_OCTETS_MAX) {
      // PROTOCOL 9.2: the source that uses most loses the value that would expire first.
      const [largest, second] = [...this.#sources.values()].sort((a, b) => b.octets - a.octets);
      if (largest === undefined) return;
      this.#evict(
        largest,
        Math.max(largest.octets - EVICTED_OCTETS, (second?.octets ?? 0) - EVICTED_OCTETS),
      );
    }
  }

  #evict(source: Source, octets: number): void {
    const oldest = [...source.values].sort((a, b) => a.expiresAtMs - b.expiresAtMs);
    for (const stored of oldest) {
      if (source.octets <= octets) return;
      this.#core.counters.valuesEvicted += 1;
      this.#remove(stored);
    }
  }
}

function costOf(stored: StoredValue): number {
  return stored.packed.length + VALUE_OVERHEAD_OCTETS;
}

/** PROTOCOL 8.3, for another value under the id of a stored one. */
function isEdit(stored: Value, incoming: Value): boolean {
  if (!isSigned(stored) || !isSigned(incoming)) return false;
  if (!sameOctets(stored.owner, incoming.owner) || !signatureHolds(incoming)) return false;
  if (valueSize(incoming) > VALUE_OCTETS_MAX) return false;
  if (incoming.sequence !== stored.sequence) return incoming.sequence > stored.sequence;
  return sameOctets(encodeSignedPart(stored), encodeSignedPart(incoming));
}
