// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyObject } from 'node:crypto';
import { Field } from '@sentrypeer/dht';
import { nodeIdOfKey } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { Bell } from './bell.ts';
import { importKey } from './ed25519.ts';
import {
  KEY_LOOKUP_MS_MAX,
  KEY_LOOKUPS_OPEN_MAX,
  KEY_LOOKUPS_WAITING_MAX,
  KEY_MISSING_MS,
  KEY_RETRY_MS,
  KEYS_MAX,
} from './limits.ts';
import { publicKeyHash, valueIdOf } from './dht-keys.ts';
import type { PoolPorts } from './ports.ts';

/** A key of an origin, for checking and for keeping. */
export interface OriginKey {
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}

/**
 * Keys of origins. A node id is derived from its key, so a key proves itself. It is looked up in the database, then in
 * the DHT, where its owner keeps it. The number of look-ups at a time is limited, because anybody can make ids.
 */
export class KeyRing {
  readonly #ports: PoolPorts;
  readonly #keys = new Map<string, OriginKey>();
  readonly #missingSinceMs = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<OriginKey | undefined>>();
  readonly #waiting: (() => void)[] = [];
  readonly #bells = new Set<Bell>();
  #openCount = 0;
  readonly #closing = new AbortController();

  constructor(ports: PoolPorts) {
    this.#ports = ports;
  }

  /** A cached key. */
  known(nodeId: string): OriginKey | undefined {
    const own = this.#keys.get(nodeId);
    if (own !== undefined) return own;
    const recorded = this.#ports.origins.origin(nodeId)?.publicKey;
    return recorded === undefined ? undefined : this.learn(nodeId, recorded);
  }

  /** Keeps a key learned from anybody; `undefined` if it is not that node's key. */
  learn(nodeId: string, publicKey: Uint8Array): OriginKey | undefined {
    const key = importKey(publicKey);
    if (key === undefined || nodeIdOfKey(publicKey) !== nodeId) return undefined;
    const known = { publicKey: new Uint8Array(publicKey), key };
    this.#keys.set(nodeId, known);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > KEYS_MAX && oldest !== undefined) this.#keys.delete(oldest);
    return known;
  }

  /** Whether a look-up of this key has to wait until others are done. */
  isBusy(nodeId: string): boolean {
    return !this.#lookups.has(nodeId) && this.#lookups.size >= KEY_LOOKUPS_WAITING_MAX;
  }

  /**
   * Looks the key up in the DHT. Returns `undefined` at once if too many look-ups run, or if the key was not there just
   * before.
   */
  lookUp(nodeId: string): Promise<OriginKey | undefined> | undefined {
    const under = this.#lookups.get(nodeId);
    if (under !== undefined) return under;
    const missingSinceMs = this.#missingSinceMs.get(nodeId);
    if (missingSinceMs !== undefined) {
      if (this.#ports.clock.nowMs() - missingSinceMs < KEY_MISSING_MS) return undefined;
      this.#missingSinceMs.delete(nodeId);
    }
    if (this.#lookups.size >= KEY_LOOKUPS_WAITING_MAX || this.#closing.signal.aborted)
      return undefined;
    const lookup = this.#find(nodeId).finally(() => this.#lookups.delete(nodeId));
    this.#lookups.set(nodeId, lookup);
    return lookup;
  }

  /** Makes look-ups end without a result. */
  close(): void {
    this.#closing.abort();
    for (const bell of this.#bells) bell.close();
    for (const go of this.#waiting.splice(0)) go();
  }

  async #find(nodeId: string): Promise<OriginKey | undefined> {
    if (this.#openCount >= KEY_LOOKUPS_OPEN_MAX)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#openCount += 1;
    try {
      const found = (await this.#get(nodeId)) ?? (await this.#getAgain(nodeId));
      if (found === undefined) this.#miss(nodeId);
      return found;
    } finally {
      this.#openCount -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** A new node may have put its event before its key has arrived everywhere. */
  async #getAgain(nodeId: string): Promise<OriginKey | undefined> {
    if (this.#closing.signal.aborted) return undefined;
    const bell = new Bell(this.#ports.wakeAfter);
    this.#bells.add(bell);
    await bell.pause(KEY_RETRY_MS);
    this.#bells.delete(bell);
    return this.known(nodeId) ?? this.#get(nodeId);
  }

  async #get(nodeId: string): Promise<OriginKey | undefined> {
    const { network, wakeAfter } = this.#ports;
    const late = new AbortController();
    const cancel = wakeAfter(KEY_LOOKUP_MS_MAX, () => late.abort());
    const signal = AbortSignal.any([late.signal, this.#closing.signal]);
    try {
      const where = [{ field: Field.id, id: valueIdOf(nodeId) }];
      for (const value of await network.get(publicKeyHash(nodeId), { where, signal })) {
        const known = this.learn(nodeId, value.data);
        if (known !== undefined) return known;
      }
      return undefined;
    } catch (error) {
      // Too late, or the node is closed: treated as missing.
      if (signal.aborted || error instanceof OperatingError) return undefined;
      throw error;
    } finally {
      cancel();
    }
  }

  #miss(nodeId: string): void {
    this.#missingSinceMs.set(nodeId, this.#ports.clock.nowMs());
    const [oldest] = this.#missingSinceMs.keys();
    if (this.#missingSinceMs.size > KEYS_MAX && oldest !== undefined)
      this.#missingSinceMs.delete(oldest);
  }
}
