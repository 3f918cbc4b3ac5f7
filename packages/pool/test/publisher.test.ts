// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What this node puts into the DHT of its own events, when, and what it does not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PutResult } from '@sentrypeer/dht';
import { formatEventTimestamp, type RecordedEvent } from '@sentrypeer/event';
import { POOL_CURSOR, POOL_SINCE_CURSOR } from '@sentrypeer/follow/cursors';
import { OperatingError } from '@sentrypeer/kernel';
import { BAD_ACTORS, publicKeyHash, valueIdOf } from '../src/dht-keys.ts';
import { sharedUuid } from '../src/disclosure.ts';
import { importKey } from '../src/ed25519.ts';
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
  SHARED_OCTETS_MAX,
} from '../src/limits.ts';
import { parseClaim } from '../src/parse-claim.ts';
import type { PoolOptions, PoolPorts } from '../src/ports.ts';
import { Publisher } from '../src/publisher.ts';
import { claimHolds } from '../src/verify-claim.ts';
import { APP_VERSION, NETWORK, newSigner, NOW_US, recorded, uuidOf } from './claims.ts';

const OWN = newSigner();
const ANNOUNCED: PutResult = { announced: true, id: 1n, nodesCount: 8 };

interface Put {
  readonly hash: unknown;
  readonly content: { readonly data: Uint8Array; readonly userType?: string };
  readonly options: { readonly id?: bigint; readonly permanent?: boolean };
}

interface Setting {
  /** Honey ids of cursors, by name. @default sharing began before the first event */
  readonly cursors?: Readonly<Record<string, number>>;
  readonly events?: readonly RecordedEvent[];
  readonly options?: Partial<PoolOptions>;
  readonly isConnected?: boolean;
  /** What becomes of puts. @default they are announced at once */
  readonly answer?: (put: Put) => Promise<PutResult>;
}

/** A publisher whose log, network and time are the test's. */
function newPublisher(setting: Setting = {}) {
  const events: RecordedEvent[] = [...(setting.events ?? [])];
  const cursors = new Map(Object.entries(setting.cursors ?? { [POOL_CURSOR]: 0 }));
  const puts: Put[] = [];
  const cancelled: unknown[][] = [];
  const logged: unknown[][] = [];
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const state = {
    nowMs: 0,
    drawn: 0,
    isConnected: setting.isConnected ?? true,
    connection: Promise.withResolvers<void>(),
    readsCount: 0,
    onRead: (): unknown => undefined,
  };
  if (state.isConnected) state.connection.resolve();
  const log = (...values: readonly unknown[]): void => void logged.push([...values]);
  const ports = {
    network: {
      get isConnected() {
        return state.isConnected;
      },
      connected: (signal: AbortSignal) => {
        const { promise, reject } = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        if (signal.aborted) reject(new Error('aborted'));
        return Promise.race([promise, state.connection.promise]);
      },
      put: (hash: unknown, content: Put['content'], options: Put['options']) => {
        const put = { hash, content, options };
        puts.push(put);
        return setting.answer?.(put) ?? Promise.resolve(ANNOUNCED);
      },
      cancel: (...values: readonly unknown[]) => void cancelled.push([...values]),
    },
    log: {
      eventsAfter: (id: number, limit: number) => {
        state.readsCount += 1;
        state.onRead();
        return events.filter(({ honeyId }) => honeyId > id).slice(0, limit);
      },
      lastHoneyId: () => events.at(-1)?.honeyId ?? 0,
      cursor: (name: string) => cursors.get(name),
    },
    cursors: { saveCursor: (name: string, id: number) => void cursors.set(name, id) },
    signer: OWN,
    clock: { nowMs: () => state.nowMs, epochUs: () => NOW_US + state.nowMs * 1000 },
    random: {
      fill: (octets: Uint8Array) =>
        new DataView(octets.buffer, octets.byteOffset).setUint32(0, state.drawn),
    },
    logger: { debug: log, info: log, warn: log, error: log },
    wakeAfter: (ms: number, run: () => void) => {
      const timer = { atMs: state.nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  } as unknown as PoolPorts;
  const publisher = new Publisher(
    ports,
    {
      networkId: NETWORK,
      appVersion: APP_VERSION,
      budgetOctets: 1_000_000,
      delayMsMax: 0,
      ...setting.options,
    },
    undefined,
  );
  const pass = async (ms: number, turns = 20): Promise<void> => {
    const untilMs = state.nowMs + ms;
    for (;;) {
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      const [next] = [...timers].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      timers.delete(next);
      state.nowMs = next.atMs;
      next.run();
    }
    state.nowMs = untilMs;
  };
  const connect = (): void => {
    state.isConnected = true;
    state.connection.resolve();
  };
  const disconnect = (): void => {
    if (!state.isConnected) return;
    state.isConnected = false;
    state.connection = Promise.withResolvers();
  };
  /** Those of events. */
  const values = (): readonly Put[] => puts.filter(({ hash }) => hash === BAD_ACTORS);
  const ids = (): readonly unknown[] => values().map(({ options }) => options.id);
  return {
    publisher,
    events,
    cursors,
    puts,
    cancelled,
    logged,
    timers,
    state,
    pass,
    connect,
    disconnect,
    values,
    ids,
    [Symbol.asyncDispose]: () => publisher.stop(),
  };
}

/** Events of different sources. */
function eventsOf(count: number, from = 1): readonly RecordedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const honeyId = from + index;
    return recorded(OWN.nodeId, {
      honeyId,
      sourceIp: `45.${(honeyId >> 8) % 250}.${honeyId & 255}.1`,
    });
  });
}

const idOf = ({ eventUuid }: RecordedEvent): bigint => valueIdOf(sharedUuid(OWN, eventUuid));

/** A second before the time of the test, and that much earlier. */
const earlier = (us: number): string => formatEventTimestamp(NOW_US - us);

test('sharing begins at the end of the log, and goes on from there after a restart', async () => {
  await using first = newPublisher({ cursors: {}, events: eventsOf(5) });
  await first.pass(0);
  assert.deepEqual([first.cursors.get(POOL_CURSOR), first.cursors.get(POOL_SINCE_CURSOR)], [5, 5]);
  assert.deepEqual(first.values(), []);
  await using again = newPublisher({ cursors: { [POOL_CURSOR]: 3 }, events: eventsOf(5) });
  await again.pass(0);
  assert.equal(again.cursors.get(POOL_SINCE_CURSOR), undefined);
  assert.deepEqual(again.ids(), eventsOf(5).slice(3).map(idOf));
});

test('the key of this node is put before the first of its events', async () => {
  const key = Promise.withResolvers<PutResult>();
  await using made = newPublisher({
    events: eventsOf(1),
    answer: ({ hash }) => (hash === BAD_ACTORS ? Promise.resolve(ANNOUNCED) : key.promise),
  });
  await made.pass(KEY_ANNOUNCE_MS_MAX - 1);
  assert.deepEqual(made.puts, [
    {
      hash: publicKeyHash(OWN.nodeId),
      content: { data: OWN.publicKey, userType: 'application/octet-stream' },
      options: { id: valueIdOf(OWN.nodeId), permanent: true },
    },
  ]);
  key.resolve(ANNOUNCED);
  await made.pass(0);
  assert.equal(made.values().length, 1);
  assert.equal(made.timers.size, 0);
});

test('a key that is not announced in time, or cannot be, does not delay events for longer', async () => {
  await using late = newPublisher({
    events: eventsOf(1),
    answer: () => Promise.withResolvers<PutResult>().promise,
  });
  await late.pass(KEY_ANNOUNCE_MS_MAX);
  assert.equal(late.values().length, 1);
  await using failed = newPublisher({
    events: eventsOf(1),
    answer: () => Promise.reject(new OperatingError('no_nodes', 'nobody answers')),
  });
  await failed.pass(0);
  assert.equal(failed.values().length, 1);
  assert.deepEqual(failed.logged, [
    ['pool_put_failed', { code: 'no_nodes' }],
    ['pool_put_failed', { code: 'no_nodes' }],
  ]);
  assert.equal(failed.publisher.counters.confirmed, 0);
});

test('an event is put as a signed claim that is kept, under an id that follows from it', async () => {
  const [event = recorded(OWN.nodeId)] = eventsOf(1);
  await using made = newPublisher({ events: [event] });
  await made.pass(0);
  const [put] = made.values();
  assert.equal(put?.content.userType, 'text/plain');
  assert.deepEqual(put.options, { id: idOf(event), permanent: true });
  const parsed = parseClaim(put.content.data, NOW_US);
  const key = importKey(OWN.publicKey);
  assert.ok(parsed.ok && parsed.signature !== undefined && key !== undefined);
  assert.ok(claimHolds(parsed.claim, parsed.signature, key, NETWORK));
  assert.equal(parsed.claim.eventUuid, sharedUuid(OWN, event.eventUuid));
  const { values, octets, confirmed } = made.publisher.counters;
  assert.deepEqual([values, octets, confirmed], [1, put.content.data.length, 1]);
  assert.equal(made.publisher.keptCount, 1);
});

test('nothing is put until the DHT is connected, whenever that is', async () => {
  await using made = newPublisher({ events: eventsOf(1), isConnected: false });
  await made.pass(0);
  assert.deepEqual(made.puts, []);
  made.connect();
  await made.pass(0);
  assert.equal(made.puts.length, 2);
});

test('events wait while the DHT is not connected any more', async () => {
  await using made = newPublisher();
  await made.pass(0);
  made.disconnect();
  made.events.push(...eventsOf(1));
  made.publisher.wake();
  await made.pass(0);
  assert.deepEqual(made.values(), []);
  made.connect();
  await made.pass(0);
  assert.equal(made.values().length, 1);
});

test('the key is put once, also if the pump begins again', async () => {
  await using made = newPublisher();
  await made.pass(0);
  assert.equal(await made.publisher.resume(7), 7);
  assert.equal(made.puts.length, 1);
});

test('`wake()` tells of new events', async () => {
  await using made = newPublisher();
  await made.pass(0);
  const [event = recorded(OWN.nodeId)] = eventsOf(1);
  made.events.push(event);
  made.publisher.wake();
  await made.pass(0);
  assert.deepEqual(made.ids(), [idOf(event)]);
  assert.equal(made.cursors.get(POOL_CURSOR), 1);
});

test('events are counted by why they are not shared; those of others are not counted at all', async () => {
  const of = (honeyId: number, changes: Partial<RecordedEvent>): RecordedEvent =>
    recorded(OWN.nodeId, { honeyId, sourceIp: `45.1.${honeyId}.1`, ...changes });
  const events = [
    of(1, {}),
    of(2, { sourceIp: '45.1.1.1' }),
    of(3, { createdByNodeId: uuidOf('another') }),
    of(4, { isHearsay: true }),
    of(5, { sipMethod: 'NOT_FOUND' }),
    of(6, { sourceIp: '10.0.0.1' }),
    of(7, { eventTimestamp: earlier(SHARED_AGE_US_MAX) }),
    of(8, { eventTimestamp: earlier(SHARED_AGE_US_MAX + 1000) }),
    of(9, { eventTimestamp: 'no time' }),
  ];
  await using made = newPublisher({ events });
  await made.pass(0);
  const { values, repeated, unfit, tooOld, overBudget } = made.publisher.counters;
  assert.deepEqual(
    { values, repeated, unfit, tooOld, overBudget },
    { values: 2, repeated: 1, unfit: 2, tooOld: 2, overBudget: 0 },
  );
  assert.equal(made.cursors.get(POOL_CURSOR), 9);
});

test('an event that is too large for a value is unfit', async () => {
  await using made = newPublisher({
    events: eventsOf(1),
    options: { appVersion: 'x'.repeat(500) },
  });
  await made.pass(0);
  assert.equal(made.publisher.counters.unfit, 1);
  assert.deepEqual(made.values(), []);
});

test('what exceeds the octets of a day is not shared', async () => {
  await using made = newPublisher({ events: eventsOf(3), options: { budgetOctets: 16_000 } });
  made.state.nowMs = 5;
  await made.pass(0);
  // One source may have a sixteenth.
  assert.equal(made.publisher.counters.overBudget, 0);
  const { octets } = made.publisher.counters;
  assert.deepEqual(made.publisher.budgetState, {
    day: Math.floor(NOW_US / 86_400_000_000),
    octets,
  });
  await using poor = newPublisher({ events: eventsOf(3), options: { budgetOctets: 100 } });
  await poor.pass(0);
  assert.deepEqual([poor.publisher.counters.overBudget, poor.values().length], [3, 0]);
});

test('fifty values are put at once, then five a second', async () => {
  await using made = newPublisher({ events: eventsOf(PUTS_BURST_MAX + 10) });
  await made.pass(0, 200);
  assert.equal(made.values().length, PUTS_BURST_MAX);
  await made.pass(1000 / PUTS_PER_SECOND_MAX - 1);
  assert.equal(made.values().length, PUTS_BURST_MAX);
  await made.pass(1);
  assert.equal(made.values().length, PUTS_BURST_MAX + 1);
  await made.pass(9 * (1000 / PUTS_PER_SECOND_MAX));
  assert.equal(made.values().length, PUTS_BURST_MAX + 10);
});

test('no more puts are open than may be', async () => {
  const open: PromiseWithResolvers<PutResult>[] = [];
  await using made = newPublisher({
    events: eventsOf(PUTS_OPEN_MAX + 4),
    answer: ({ hash }) => {
      if (hash !== BAD_ACTORS) return Promise.resolve(ANNOUNCED);
      const put = Promise.withResolvers<PutResult>();
      open.push(put);
      return put.promise;
    },
  });
  await made.pass(20_000);
  assert.equal(made.values().length, PUTS_OPEN_MAX);
  open[0]?.resolve({ ...ANNOUNCED, announced: false });
  open[1]?.resolve(ANNOUNCED);
  await made.pass(RECORD_RETRY_MS);
  assert.equal(made.values().length, PUTS_OPEN_MAX + 2);
  assert.equal(made.publisher.counters.confirmed, 1);
});

test('a value is put after a random part of the longest delay', async () => {
  await using made = newPublisher({ options: { delayMsMax: 1000 } });
  await made.pass(0);
  for (const [drawn, delayMs] of [
    [0x8000_0000, 500],
    [0x4000_0000, 250],
    [0, 0],
  ] as const) {
    const before = made.values().length;
    made.state.drawn = drawn;
    made.events.push(...eventsOf(1, made.events.length + 1));
    made.publisher.wake();
    await made.pass(Math.max(0, delayMs - 1));
    assert.equal(made.values().length, delayMs === 0 ? before + 1 : before);
    await made.pass(1);
    assert.equal(made.values().length, before + 1);
  }
});

test('no more values wait for their delay than may', async () => {
  await using made = newPublisher({
    events: eventsOf(DELAYED_MAX + 2),
    options: { delayMsMax: 1e7 },
  });
  made.state.drawn = 0xffff_ffff;
  await made.pass(200_000, 3);
  const waiting = [...made.timers].filter(({ atMs }) => atMs > 9e6);
  assert.equal(waiting.length, DELAYED_MAX);
  assert.deepEqual(made.values(), []);
  waiting[0]?.run();
  await made.pass(RECORD_RETRY_MS);
  assert.deepEqual(made.values().length, 1);
  assert.equal([...made.timers].filter(({ atMs }) => atMs > 9e6).length, DELAYED_MAX + 1);
});

test('the newest values are kept alive, older ones cancelled', async () => {
  const events = eventsOf(PERMANENT_VALUES_MAX + 2);
  await using made = newPublisher({ events });
  await made.pass(1000, 200);
  assert.equal(made.publisher.keptCount, PERMANENT_VALUES_MAX);
  assert.deepEqual(
    made.cancelled,
    events.slice(0, 2).map((event) => [BAD_ACTORS, idOf(event)]),
  );
});

test('after a restart the newest values are put again, and nothing else that was shared', async () => {
  const events = [
    ...eventsOf(PERMANENT_VALUES_MAX + 3),
    recorded(OWN.nodeId, { honeyId: 54, createdByNodeId: uuidOf('another') }),
    recorded(OWN.nodeId, { honeyId: 55, sourceIp: '10.0.0.1' }),
  ];
  await using made = newPublisher({
    events: [
      ...events,
      ...eventsOf(1, 3).map((event) => ({ ...event, honeyId: 56 })),
      ...eventsOf(1, 57),
    ],
    cursors: { [POOL_CURSOR]: 55, [POOL_SINCE_CURSOR]: 0 },
  });
  await made.pass(0, 200);
  const newest = events.slice(3, 3 + PERMANENT_VALUES_MAX);
  assert.deepEqual(made.ids(), [...newest, ...eventsOf(1, 57)].map(idOf));
  const { repeated, unfit } = made.publisher.counters;
  assert.deepEqual([repeated, unfit], [1, 0], 'shared in this hour already');
});

test('what was recorded before sharing began is not put again', async () => {
  const events = eventsOf(5);
  await using made = newPublisher({
    events,
    cursors: { [POOL_CURSOR]: 5, [POOL_SINCE_CURSOR]: 3 },
  });
  await made.pass(0);
  assert.deepEqual(made.ids(), events.slice(3).map(idOf));
});

test('after a restart so many rows are looked at, and no more', async () => {
  const last = REPLAYED_ROWS_MAX + 100;
  const [before, first] = eventsOf(2, last - REPLAYED_ROWS_MAX);
  assert.ok(before !== undefined && first !== undefined);
  await using made = newPublisher({
    events: [before, first, ...eventsOf(1, last)],
    cursors: { [POOL_CURSOR]: last, [POOL_SINCE_CURSOR]: 0 },
  });
  await made.pass(0);
  assert.deepEqual(made.ids(), [first, ...eventsOf(1, last)].map(idOf));
});

test('what is put again after a restart waits for the connection, and is not put once it is stopped', async () => {
  for (const isStopped of [false, true]) {
    const made = newPublisher({
      events: eventsOf(2),
      cursors: { [POOL_CURSOR]: 2, [POOL_SINCE_CURSOR]: 0 },
    });
    made.state.onRead = made.disconnect;
    await made.pass(0);
    assert.deepEqual(made.values(), []);
    if (isStopped) await made.publisher.stop();
    made.connect();
    await made.pass(0);
    assert.equal(made.values().length, isStopped ? 0 : 2);
    await made.publisher.stop();
  }
});

test('what is too large is not put again after a restart either', async () => {
  await using made = newPublisher({
    events: eventsOf(2),
    cursors: { [POOL_CURSOR]: 2, [POOL_SINCE_CURSOR]: 0 },
    options: { appVersion: 'x'.repeat(500) },
  });
  await made.pass(0);
  assert.deepEqual([made.values(), made.cursors.get(POOL_CURSOR)], [[], 2]);
});

test('a log of which the newest events were removed is read to its end', async () => {
  await using made = newPublisher({
    events: eventsOf(3),
    cursors: { [POOL_CURSOR]: 5, [POOL_SINCE_CURSOR]: 0 },
  });
  await made.pass(0);
  assert.deepEqual(made.ids().slice(0, 3), eventsOf(3).map(idOf));
  assert.equal(made.cursors.get(POOL_CURSOR), 3, 'ids started over');
});

test('the log is read in slices after a restart, of which no more follow once it is stopped', async () => {
  const rows = 3 * LOG_EVENTS_MAX;
  const setting = {
    events: eventsOf(rows),
    cursors: { [POOL_CURSOR]: rows, [POOL_SINCE_CURSOR]: 0 },
  };
  await using made = newPublisher(setting);
  let readsAtPut = 0;
  made.state.onRead = () => {
    if (made.values().length === 0) readsAtPut = made.state.readsCount;
  };
  await made.pass(0, 200);
  assert.equal(readsAtPut, 3);
  const stopped = newPublisher(setting);
  stopped.state.onRead = () => void stopped.publisher.stop();
  await stopped.publisher.running;
  // The second one is that of the pump, which ends.
  assert.deepEqual([stopped.state.readsCount, stopped.values()], [2, []]);
});

test('`stop()` leaves events that have not been looked at, and what they may cost', async () => {
  const made = newPublisher({ events: eventsOf(PUTS_BURST_MAX + 10) });
  await made.pass(0, 200);
  await made.publisher.stop();
  const { octets } = made.publisher.counters;
  assert.ok(made.publisher.budgetState.octets <= octets + SHARED_OCTETS_MAX, 'of one that waited');
});

test('`stop()` ends the wait for a connection, for the key, for a rate and for delays', async () => {
  const lonely = newPublisher({ events: eventsOf(1), isConnected: false });
  const keyless = newPublisher({
    events: eventsOf(1),
    answer: () => Promise.withResolvers<PutResult>().promise,
  });
  const many = newPublisher({ events: eventsOf(PUTS_BURST_MAX + 10) });
  const delayed = newPublisher({ events: eventsOf(3), options: { delayMsMax: 1000 } });
  delayed.state.drawn = 0x8000_0000;
  for (const made of [lonely, keyless, many, delayed]) {
    await made.pass(0, 200);
    const before = made.values().length;
    await made.publisher.stop();
    await made.publisher.stop();
    await made.publisher.running;
    await made.pass(20_000);
    assert.equal(made.values().length, before);
    assert.equal(made.timers.size, 0);
  }
  assert.deepEqual(
    [lonely, keyless, many, delayed].map(({ puts }) => puts.length),
    [0, 1, 1 + PUTS_BURST_MAX, 1],
  );
});

test('a bug ends sharing, and is told', async () => {
  const broken = newPublisher({ answer: () => Promise.reject(new Error('a bug')) });
  await assert.rejects(broken.publisher.running, /a bug/);
  const unconnected = newPublisher({ isConnected: false });
  unconnected.state.connection.reject(new Error('no network'));
  await assert.rejects(unconnected.publisher.running, /no network/);
});
