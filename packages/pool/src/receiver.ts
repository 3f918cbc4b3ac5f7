// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Value } from '@sentrypeer/dht';
import { isNodeIdOfKey, UNSIGNED_ORIGINS } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { Bell } from './bell.ts';
import type { Claim } from './claim.ts';
import type { KeyRing, OriginKey } from './key-ring.ts';
import {
  RECENT_UUIDS_MAX,
  RECORD_RETRY_MS,
  VALUES_PER_SECOND_MAX,
  VALUES_SLICE,
  WAITING_MAX,
  WAITING_PER_ORIGIN_MAX,
} from './limits.ts';
import { parseClaim, type ClaimRefusal } from './parse-claim.ts';
import { BAD_ACTORS } from './dht-keys.ts';
import { type PoolOptions, type PoolPorts, type ReceivedEvent } from './ports.ts';
import { Quotas, type OriginClass, type QuotaRefusal } from './quotas.ts';
import { receivedEvent } from './received-event.ts';
import { RecentSet } from './recent-set.ts';
import { TokenBucket } from './token-bucket.ts';
import { claimHolds } from './verify-claim.ts';

/** Why a value of another node did not become an event. */
export type Drop = ClaimRefusal | QuotaRefusal | 'own' | 'duplicate' | 'distrusted' | 'key_unknown';

/** Counts of what happened to the values of other nodes, each value once. */
export interface ReceiverCounters {
  values: number;
  recorded: number;
  readonly dropped: Record<Drop, number>;
}

/** A claim whose key is being looked for. */
interface Waiting {
  readonly claim: Claim;
  readonly signature: Uint8Array;
  readonly from: string;
}

/**
 * Takes the values that other nodes share, one after the other, and trusts nothing in them: every member is checked,
 * signatures are verified, each origin and all together have a quota, and values of distrusted origins are dropped.
 */
export class Receiver {
  readonly counters: ReceiverCounters = {
    values: 0,
    recorded: 0,
    dropped: noDrops(),
  };
  readonly #ports: PoolPorts;
  readonly #options: PoolOptions;
  readonly #keys: KeyRing;
  readonly #bell: Bell;
  readonly #pacing: Bell;
  readonly #quotas: Quotas;
  readonly #rate: TokenBucket;
  readonly #recent = new RecentSet(RECENT_UUIDS_MAX);
  readonly #closing = new AbortController();
  readonly #waiting = new Map<string, Waiting[]>();
  #waitingCount = 0;
  #accepted: ReceivedEvent[] = [];

  constructor(ports: PoolPorts, options: PoolOptions, keys: KeyRing) {
    this.#ports = ports;
    this.#options = options;
    this.#keys = keys;
    this.#bell = new Bell(ports.wakeAfter);
    this.#pacing = new Bell(ports.wakeAfter);
    const nowMs = ports.clock.nowMs();
    this.#quotas = new Quotas(nowMs);
    const rate = { burst: VALUES_SLICE, perSecond: VALUES_PER_SECOND_MAX };
    this.#rate = new TokenBucket(rate, nowMs);
  }

  close(): void {
    this.#closing.abort();
    this.#bell.close();
    this.#pacing.close();
  }

  /** Resolves after `close()`. */
  async run(): Promise<void> {
    await Promise.all([this.#listen(), this.#record()]);
  }

  async #listen(): Promise<void> {
    const { network, clock } = this.#ports;
    await using values = network.listen(BAD_ACTORS, { signal: this.#closing.signal });
    for await (const event of values) {
      if (event.kind !== 'value') continue;
      while (this.#accepted.length >= WAITING_MAX && !this.#pacing.closed)
        await this.#pacing.pause(RECORD_RETRY_MS); // The store takes nothing: the oldest values are dropped from the queue.
      const waitMs = this.#rate.waitMs(clock.nowMs());
      if (waitMs > 0) await this.#pacing.pause(Math.max(waitMs, VALUES_SLICE));
      if (this.#pacing.closed) return;
      this.#rate.take();
      this.#take(event.value, event.from ?? '');
    }
  }

  /** Hands accepted events to the store in batches, and tries again while the store takes nothing. */
  async #record(): Promise<void> {
    while (!this.#bell.closed) {
      const batch = this.#accepted.slice(0, VALUES_SLICE);
      if (batch.length === 0) {
        await this.#bell.news();
        continue;
      }
      try {
        const newCount = await this.#ports.record(batch);
        this.counters.recorded += newCount;
        this.counters.dropped.duplicate += batch.length - newCount; // Recorded in an earlier run.
        this.#accepted = this.#accepted.slice(batch.length);
        await nextTurn();
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        await this.#bell.pause(RECORD_RETRY_MS);
      }
    }
  }

  #take(value: Value, from: string): void {
    this.counters.values += 1;
    const parsed =
      value.cypher === undefined
        ? parseClaim(value.data, this.#ports.clock.epochUs())
        : ({ ok: false, code: 'not_json' } as const);
    if (!parsed.ok) return this.#drop(parsed.code);
    const { claim, signature } = parsed;
    if (claim.nodeId === this.#ports.signer.nodeId) return this.#drop('own');
    if (this.#recent.has(identityOf(claim))) return this.#drop('duplicate');
    if (signature === undefined) return this.#accept(claim, undefined, from);
    const key = this.#keys.known(claim.nodeId);
    if (key === undefined) return this.#wait({ claim, signature, from });
    return this.#verify({ claim, signature, from }, key);
  }

  #wait(waiting: Waiting): void {
    const { nodeId } = waiting.claim;
    const ofOrigin = this.#waiting.get(nodeId);
    const isFull =
      this.#waitingCount >= WAITING_MAX || (ofOrigin?.length ?? 0) >= WAITING_PER_ORIGIN_MAX;
    const lookup = isFull ? undefined : this.#keys.lookUp(nodeId);
    if (lookup === undefined) return this.#drop('key_unknown');
    this.#waitingCount += 1;
    if (ofOrigin !== undefined) {
      ofOrigin.push(waiting);
      return;
    }
    this.#waiting.set(nodeId, [waiting]);
    void this.#judgeLater(nodeId, lookup);
  }

  async #judgeLater(nodeId: string, lookup: Promise<OriginKey | undefined>): Promise<void> {
    const key = await lookup;
    const claims = this.#waiting.get(nodeId) ?? [];
    this.#waiting.delete(nodeId);
    this.#waitingCount -= claims.length;
    if (this.#closing.signal.aborted) return;
    for (const waiting of claims) {
      if (key === undefined) this.#drop('key_unknown');
      else if (this.#recent.has(identityOf(waiting.claim))) this.#drop('duplicate');
      else this.#verify(waiting, key);
    }
  }

  #verify({ claim, signature, from }: Waiting, key: OriginKey): void {
    if (claimHolds(claim, signature, key.key, this.#options.networkId))
      this.#accept(claim, key.publicKey, from);
    else this.#drop('forged');
  }

  #accept(claim: Claim, publicKey: Uint8Array | undefined, from: string): void {
    const { clock, origins } = this.#ports;
    const known = origins.origin(claim.nodeId);
    const trust = known?.trust ?? 'none';
    const areUnsignedOut =
      publicKey === undefined && origins.origin(UNSIGNED_ORIGINS)?.trust === 'distrusted';
    if (trust === 'distrusted' || (areUnsignedOut && trust !== 'trusted'))
      return this.#drop('distrusted');
    const refusal = this.#quotas.take(
      claim.nodeId,
      classOf(claim, trust === 'trusted'),
      known === undefined ? undefined : (clock.epochUs() - known.firstSeenEpochUs) / 1000,
      clock.nowMs(),
    );
    if (refusal !== undefined) return this.#drop(refusal);
    this.#recent.add(identityOf(claim));
    this.#accepted.push(receivedEvent(claim, { publicKey, address: from }, clock.epochUs()));
    this.#bell.ring();
  }

  #drop(reason: Drop): void {
    this.counters.dropped[reason] += 1;
  }
}

/** Anybody can copy the UUID of another origin's event, so an event is identified by origin and UUID. */
function identityOf({ nodeId, eventUuid }: Claim): string {
  return `${nodeId} ${eventUuid}`;
}

function classOf(claim: Claim, isTrusted: boolean): OriginClass {
  if (isTrusted) return 'trusted';
  return isNodeIdOfKey(claim.nodeId) ? 'signed' : 'unsigned';
}

function noDrops(): Record<Drop, number> {
  return {
    too_large: 0,
    not_json: 0,
    member_missing: 0,
    member_invalid: 0,
    future: 0,
    too_old: 0,
    special_address: 0,
    unsigned: 0,
    forged: 0,
    own: 0,
    duplicate: 0,
    distrusted: 0,
    key_unknown: 0,
    origin_quota: 0,
    class_quota: 0,
    new_origins: 0,
  };
}
