// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Value } from '@sentrypeer/dht';
import { isNodeIdOfKey, UNSIGNED_ORIGINS } from '@sentrypeer/event';
import { OperatingError, TokenBucket } from '@sentrypeer/kernel';
import { networkText } from '@sentrypeer/ip';
import { Backlog } from './backlog.ts';
import { Bell } from './bell.ts';
import type { Claim } from './claim.ts';
import type { KeyRing, OriginKey } from './key-ring.ts';
import {
  BACKLOG_LOOK_MS,
  BACKLOG_MAX,
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
import { claimHolds } from './verify-claim.ts';

/** Why a value of another node did not become an event. */
export type Drop = ClaimRefusal | QuotaRefusal | 'own' | 'duplicate' | 'distrusted' | 'key_unknown';

/** Counts of what happened to the values of other nodes, each value once it is settled. */
export interface ReceiverCounters {
  values: number;
  recorded: number;
  readonly dropped: Record<Drop, number>;
}

/** Why a value is not accepted now, but may be later. */
type Delay = QuotaRefusal | 'key_unknown';

/** Prefix lengths of the networks that tell us something: whoever has one address in them may well have all. */
const TELLER_NETWORK = { ipv4: 24, ipv6: 48 } as const;

/** A claim with what is known about its origin so far. */
interface Told {
  readonly claim: Claim;
  readonly signature: Uint8Array | undefined;
  /** The DHT node that told us; empty if unknown. */
  readonly from: string;
  /** The key that was found to have signed it. */
  readonly publicKey?: Uint8Array;
  /** Why it waits, if it does. */
  readonly delay?: Delay;
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
  readonly #looking: Bell;
  readonly #quotas: Quotas;
  readonly #rate: TokenBucket;
  readonly #recent = new RecentSet(RECENT_UUIDS_MAX);
  readonly #closing = new AbortController();
  readonly #backlog = new Backlog<Told>(BACKLOG_MAX);
  readonly #waiting = new Map<string, Told[]>();
  #waitingCount = 0;
  #accepted: ReceivedEvent[] = [];

  constructor(ports: PoolPorts, options: PoolOptions, keys: KeyRing) {
    this.#ports = ports;
    this.#options = options;
    this.#keys = keys;
    this.#bell = new Bell(ports.wakeAfter);
    this.#pacing = new Bell(ports.wakeAfter);
    this.#looking = new Bell(ports.wakeAfter);
    const nowMs = ports.clock.nowMs();
    this.#quotas = new Quotas(nowMs);
    const rate = { burst: VALUES_SLICE, perSecond: VALUES_PER_SECOND_MAX };
    this.#rate = new TokenBucket(rate, nowMs);
  }

  /** Values that wait until a quota has room, or a key is found. */
  get waitingCount(): number {
    return this.#backlog.count + this.#waitingCount;
  }

  close(): void {
    this.#closing.abort();
    this.#bell.close();
    this.#pacing.close();
    this.#looking.close();
  }

  /** Resolves after `close()`. */
  async run(): Promise<void> {
    await Promise.all([this.#listen(), this.#record(), this.#lookAgain()]);
  }

  async #listen(): Promise<void> {
    const { network, clock } = this.#ports;
    await using values = network.listen(BAD_ACTORS, { signal: this.#closing.signal });
    for await (const event of values) {
      if (event.kind !== 'value') continue;
      while (this.#accepted.length >= WAITING_MAX && !this.#pacing.closed)
        await this.#pacing.pause(RECORD_RETRY_MS); // The store refuses: the oldest in the queue are dropped.
      const waitMs = this.#rate.waitMs(clock.nowMs());
      if (waitMs > 0) await this.#pacing.pause(Math.max(waitMs, VALUES_SLICE));
      if (this.#pacing.closed) return;
      this.#rate.spend(1, clock.nowMs());
      this.#take(event.value, event.from ?? '');
    }
  }

  /** Hands accepted events to the store in batches, and retries while the store accepts nothing. */
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

  /** Waiting values are reconsidered one by one, because nobody offers them a second time. */
  async #lookAgain(): Promise<void> {
    while (!this.#looking.closed) {
      if (this.#backlog.count === 0) await this.#looking.news();
      await this.#looking.pause(BACKLOG_LOOK_MS);
      if (this.#accepted.length >= WAITING_MAX) continue; // The store accepts nothing.
      for (let looked = 0; looked < VALUES_SLICE && !this.#looking.closed; looked += 1) {
        const told = this.#backlog.take()?.entry;
        if (told !== undefined) this.#consider(told);
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
    return this.#consider({ claim, signature, from });
  }

  #consider(told: Told): void {
    const { claim, signature, publicKey } = told;
    if (this.#isKnown(claim)) return this.#drop('duplicate');
    if (signature === undefined || publicKey !== undefined) return this.#accept(told);
    const key = this.#keys.known(claim.nodeId);
    return key === undefined ? this.#wait(told) : this.#verify(told, key);
  }

  /** A known event must not use up the quota of its origin. */
  #isKnown(claim: Claim): boolean {
    return (
      this.#recent.has(identityOf(claim)) || this.#ports.isRecorded(claim.nodeId, claim.eventUuid)
    );
  }

  #wait(told: Told): void {
    const { nodeId } = told.claim;
    const ofOrigin = this.#waiting.get(nodeId);
    const isFull =
      this.#waitingCount >= WAITING_MAX || (ofOrigin?.length ?? 0) >= WAITING_PER_ORIGIN_MAX;
    if (isFull || this.#keys.isBusy(nodeId)) return this.#delay(told, 'key_unknown');
    const lookup = this.#keys.lookUp(nodeId);
    if (lookup === undefined) return this.#drop('key_unknown');
    this.#waitingCount += 1;
    if (ofOrigin !== undefined) {
      ofOrigin.push(told);
      return;
    }
    this.#waiting.set(nodeId, [told]);
    void this.#judgeLater(nodeId, lookup);
  }

  async #judgeLater(nodeId: string, lookup: Promise<OriginKey | undefined>): Promise<void> {
    const key = await lookup;
    const waiting = this.#waiting.get(nodeId) ?? [];
    this.#waiting.delete(nodeId);
    this.#waitingCount -= waiting.length;
    if (this.#closing.signal.aborted) return;
    for (const told of waiting) {
      if (key === undefined) this.#drop('key_unknown');
      else if (this.#isKnown(told.claim)) this.#drop('duplicate');
      else this.#verify(told, key);
    }
  }

  #verify(told: Told, { key, publicKey }: OriginKey): void {
    const { claim, signature } = told;
    if (signature !== undefined && claimHolds(claim, signature, key, this.#options.networkId))
      this.#accept({ ...told, publicKey });
    else this.#drop('forged');
  }

  #accept(told: Told): void {
    const { claim, publicKey, from } = told;
    const { clock, origins } = this.#ports;
    const known = origins.origin(claim.nodeId);
    const trust = known?.trust ?? 'none';
    const areUnsignedOut =
      publicKey === undefined && origins.origin(UNSIGNED_ORIGINS)?.trust === 'distrusted';
    if (trust === 'distrusted' || (areUnsignedOut && trust !== 'trusted'))
      return this.#drop('distrusted');
    const said = {
      nodeId: claim.nodeId,
      originClass: classOf(claim, trust === 'trusted'),
      network: networkText(from, TELLER_NETWORK) ?? from,
      knownMs: known === undefined ? undefined : (clock.epochUs() - known.firstSeenEpochUs) / 1000,
    };
    const refusal = this.#quotas.take(said, clock.nowMs());
    if (refusal !== undefined) return this.#delay(told, refusal);
    this.#recent.add(identityOf(claim));
    this.#accepted.push(receivedEvent(claim, { publicKey, address: from }, clock.epochUs()));
    this.#bell.ring();
  }

  #delay(told: Told, delay: Delay): void {
    const teller = networkText(told.from, TELLER_NETWORK) ?? told.from;
    const gone = this.#backlog.add(teller, { ...told, delay });
    if (gone?.delay !== undefined) this.#drop(gone.delay);
    this.#looking.ring();
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
