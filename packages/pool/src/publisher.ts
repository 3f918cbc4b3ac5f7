// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PutResult } from '@sentrypeer/dht';
import { parseEventTimestamp, type RecordedEvent } from '@sentrypeer/event';
import { followedEvents, Pump, type Sink } from '@sentrypeer/follow';
import { POOL_CURSOR, POOL_SINCE_CURSOR } from '@sentrypeer/follow/cursors';
import { sourceKey } from '@sentrypeer/ip';
import { OperatingError, TokenBucket } from '@sentrypeer/kernel';
import { Bell } from './bell.ts';
import { Contacts } from './contacts.ts';
import { DayBudget, type BudgetState } from './day-budget.ts';
import { Disclosure, sharedUuid } from './disclosure.ts';
import { encodeClaim, isSharable } from './encode-claim.ts';
import {
  DELAYED_MAX,
  KEY_ANNOUNCE_MS_MAX,
  LOG_EVENTS_MAX,
  PERMANENT_VALUES_MAX,
  PUTS_BURST_MAX,
  PUTS_OPEN_MAX,
  PUTS_PER_SECOND_MAX,
  RECORD_RETRY_MS,
  REPLAYED_ROWS_MAX,
  SHARED_AGE_US_MAX,
} from './limits.ts';
import { BAD_ACTORS, publicKeyHash, valueIdOf } from './dht-keys.ts';
import type { PoolOptions, PoolPorts } from './ports.ts';

/** The value that is put for an event. */
interface Value {
  readonly id: bigint;
  readonly data: Uint8Array;
}

/** Counts of what happened to this node's own events. */
export interface PublisherCounters {
  /** Values put, and octets of them, since the start. */
  values: number;
  octets: number;
  /** Values that the closest nodes confirmed. */
  confirmed: number;
  /** The same source, number and method in the same hour. */
  repeated: number;
  /** Not SIP, from no public address, or with a number that does not fit. */
  unfit: number;
  overBudget: number;
  tooOld: number;
}

/**
 * Shares this node's own events: follows the log by a separate cursor, so nothing waits for the DHT. The newest values
 * are kept alive; older ones expire. After a restart the same values are put again with the same ids and content, so
 * other nodes see nothing new.
 */
export class Publisher implements Sink<RecordedEvent> {
  readonly counters: PublisherCounters = {
    values: 0,
    octets: 0,
    confirmed: 0,
    repeated: 0,
    unfit: 0,
    overBudget: 0,
    tooOld: 0,
  };
  readonly #ports: PoolPorts;
  readonly #options: PoolOptions;
  readonly #bell: Bell;
  readonly #disclosure = new Disclosure();
  readonly #contacts = new Contacts();
  readonly #budget: DayBudget;
  readonly #rate: TokenBucket;
  readonly #closing = new AbortController();
  /** Ids of the values kept alive, oldest first. */
  readonly #kept: bigint[] = [];
  readonly #pump: Pump<RecordedEvent>;
  /** Cancels the delay of each event that waits for it. */
  readonly #delayed = new Set<() => void>();
  readonly #drawn = new Uint8Array(4);
  #openPuts = 0;
  #hasResumed = false;

  constructor(ports: PoolPorts, options: PoolOptions, budgetState: unknown) {
    this.#ports = ports;
    this.#options = options;
    this.#bell = new Bell(ports.wakeAfter);
    this.#budget = new DayBudget(options.budgetOctets, budgetState);
    const rate = { burst: PUTS_BURST_MAX, perSecond: PUTS_PER_SECOND_MAX };
    this.#rate = new TokenBucket(rate, ports.clock.nowMs());
    const { log, cursors } = ports;
    // At the first start sharing begins at the end of the log, because older events were not meant to be shared.
    if (log.cursor(POOL_CURSOR) === undefined)
      cursors.saveCursor(POOL_SINCE_CURSOR, log.lastHoneyId());
    this.#pump = new Pump({ ...ports, log: followedEvents(log) }, this, {
      name: POOL_CURSOR,
      settleMs: 0,
      settleEntriesMax: 1,
      closeMsMax: 0, // Events that are not shared yet wait for the next start.
      retryMsMin: RECORD_RETRY_MS,
    });
  }

  get budgetState(): BudgetState {
    return this.#budget.state(this.#ports.clock.epochUs());
  }

  /** Values that are kept alive. */
  get keptCount(): number {
    return this.#kept.length;
  }

  /** New events were committed. */
  wake(): void {
    this.#pump.wake();
  }

  /** Rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#pump.running;
  }

  /**
   * Stops sharing; values already put stay alive as long as the DHT node runs. Of those delayed the newest follow at the
   * next start ({@link PERMANENT_VALUES_MAX}). Idempotent.
   */
  async stop(): Promise<void> {
    this.#closing.abort();
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    this.#bell.close();
    await this.#pump.close();
    await this.#pump.running; // A put in progress ends first, because the DHT node is closed next.
  }

  /** Shares the key first, then the values that were alive when the previous run ended. */
  async resume(settledId: number): Promise<number> {
    if (this.#hasResumed) return settledId;
    await this.#shareKey();
    const since = this.#ports.log.cursor(POOL_SINCE_CURSOR) ?? settledId;
    await this.#replay(Math.max(since, settledId - REPLAYED_ROWS_MAX), settledId);
    this.#hasResumed = true;
    return settledId;
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    if (!this.#ports.network.isConnected) await this.#connected();
    for (const event of events) {
      if (this.#bell.closed) return;
      await this.#share(event);
    }
  }

  /** The DHT node repeats a put; there is nothing to wait for. */
  async settle(): Promise<void> {}

  async close(): Promise<void> {}

  /** Others check our signatures with it, so it goes ahead of the first of them. */
  async #shareKey(): Promise<void> {
    await this.#connected();
    if (this.#bell.closed) return;
    const { network, signer, wakeAfter } = this.#ports;
    const content = { data: signer.publicKey, userType: 'application/octet-stream' };
    const options = { id: valueIdOf(signer.nodeId), permanent: true };
    const shared = this.#tolerate(() =>
      network.put(publicKeyHash(signer.nodeId), content, options),
    );
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = wakeAfter(KEY_ANNOUNCE_MS_MAX, resolve);
    const { signal } = this.#closing;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([shared, late]);
    cancel(); // A remaining timer would delay the end of the program.
  }

  /** A put that fails in the network does not stop sharing. */
  async #tolerate(put: () => Promise<PutResult>): Promise<boolean> {
    try {
      return (await put()).announced;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#ports.logger.debug('pool_put_failed', { code: error.code });
      return false;
    }
  }

  /** Finds out what was shared in this hour and which values were alive, and puts those again. */
  async #replay(from: number, to: number): Promise<void> {
    const newest: RecordedEvent[] = [];
    for (let position = from; position < to && !this.#bell.closed;) {
      const events = this.#ports.log.eventsAfter(position, LOG_EVENTS_MAX);
      for (const event of events) {
        const said = event.honeyId <= to ? this.#disclosed(event) : undefined;
        if (typeof said === 'object') newest.push(said);
      }
      newest.splice(0, newest.length - PERMANENT_VALUES_MAX);
      position = events.at(-1)?.honeyId ?? to;
      await nextTurn();
    }
    if (newest.length > 0) await this.#connected();
    for (const said of newest) {
      const value = this.#encode(said);
      if (value !== undefined && !this.#bell.closed) this.#put(value);
    }
  }

  async #share(event: RecordedEvent): Promise<void> {
    if (!this.#isOwn(event)) return;
    const said = this.#disclosed(event);
    if (typeof said === 'string') {
      this.counters[said] += 1;
      return;
    }
    const value = this.#encode(said);
    const { clock } = this.#ports;
    if (value === undefined) this.counters.unfit += 1;
    else if (!this.#budget.take(sourceKey(event.sourceIp), value.data.length, clock.epochUs()))
      this.counters.overBudget += 1;
    else {
      const waitMs = this.#rate.waitMs(clock.nowMs());
      if (waitMs > 0) await this.#bell.pause(waitMs);
      while (
        (this.#openPuts >= PUTS_OPEN_MAX || this.#delayed.size >= DELAYED_MAX) &&
        !this.#bell.closed
      )
        await this.#bell.pause(RECORD_RETRY_MS);
      if (this.#bell.closed) return;
      this.#rate.spend(1, clock.nowMs());
      this.#putLater(value);
    }
  }

  /** The event as others may know it, with its contact remembered; or why it is not shared. */
  #disclosed(event: RecordedEvent): RecordedEvent | 'tooOld' | 'unfit' | 'repeated' {
    if (!this.#isOwn(event)) return 'unfit';
    const epochUs = parseEventTimestamp(event.eventTimestamp) ?? 0;
    const said = this.#disclosure.ofEvent(event, epochUs);
    if (!isSharable(said)) return 'unfit';
    if (this.#ports.clock.epochUs() - epochUs > SHARED_AGE_US_MAX) return 'tooOld';
    return this.#contacts.isNew(said, epochUs) ? said : 'repeated';
  }

  #isOwn(event: RecordedEvent): boolean {
    return event.createdByNodeId === this.#ports.signer.nodeId && event.isHearsay !== true;
  }

  #encode(said: RecordedEvent): Value | undefined {
    const { networkId, appVersion } = this.#options;
    const { signer } = this.#ports;
    const eventUuid = sharedUuid(signer, said.eventUuid);
    const data = encodeClaim({ ...said, eventUuid }, { signer, network: networkId, appVersion });
    return data === undefined ? undefined : { id: valueIdOf(eventUuid), data };
  }

  /** The time of sharing could reveal who was met when, so it is random. */
  #putLater(value: Value): void {
    this.#ports.random.fill(this.#drawn);
    const share = new DataView(this.#drawn.buffer).getUint32(0) / 2 ** 32;
    const waitMs = this.#options.delayMsMax * share;
    if (waitMs === 0) return this.#put(value);
    const cancel = this.#ports.wakeAfter(waitMs, () => {
      this.#delayed.delete(cancel);
      this.#put(value);
    });
    this.#delayed.add(cancel);
  }

  #put({ id, data }: Value): void {
    const { network } = this.#ports;
    this.counters.values += 1;
    this.counters.octets += data.length;
    this.#openPuts += 1;
    this.#kept.push(id);
    const content = { data, userType: 'text/plain' };
    void this.#tolerate(() => network.put(BAD_ACTORS, content, { id, permanent: true })).then(
      (announced) => {
        if (announced) this.counters.confirmed += 1;
        this.#openPuts -= 1;
      },
    );
    if (this.#kept.length <= PERMANENT_VALUES_MAX) return;
    const oldest = this.#kept.shift();
    if (oldest !== undefined) network.cancel(BAD_ACTORS, oldest);
  }

  async #connected(): Promise<void> {
    try {
      await this.#ports.network.connected(this.#closing.signal);
    } catch (error) {
      // Closed while waiting: the caller checks for that.
      if (!this.#bell.closed) throw error;
    }
  }
}
