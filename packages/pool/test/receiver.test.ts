// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What becomes of the values of other nodes, one by one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unsignedValue, type Value } from '@sentrypeer/dht';
import { formatEventTimestamp, UNSIGNED_ORIGINS } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import type { KeyRing, OriginKey } from '../src/key-ring.ts';
import {
  BACKLOG_LOOK_MS,
  BACKLOG_MAX,
  NETWORK_ORIGINS_BURST,
  ORIGIN_EVENTS_BURST,
  RECORD_RETRY_MS,
  VALUES_PER_SECOND_MAX,
  VALUES_SLICE,
  WAITING_MAX,
  WAITING_PER_ORIGIN_MAX,
} from '../src/limits.ts';
import { importKey, type Signer } from '../src/ed25519.ts';
import type { KnownOrigin, PoolPorts, ReceivedEvent } from '../src/ports.ts';
import { Receiver } from '../src/receiver.ts';
import {
  APP_VERSION,
  legacyClaim,
  NETWORK,
  newSigner,
  NOW_US,
  octetsOf,
  recorded,
  sharedObject,
  uuidOf,
} from './claims.ts';

const OWN = newSigner();
const ALICE = newSigner();

interface Told {
  readonly kind: 'value' | 'expired';
  readonly value: Value;
  readonly from?: string;
}

/** A receiver whose values come, whose store answers, and whose time passes when the test says so. */
function newReceiver() {
  const queue: Told[] = [];
  let news = Promise.withResolvers<void>();
  const state = {
    nowMs: 0,
    isClosed: false,
    newCount: (events: readonly ReceivedEvent[]): Promise<number> => Promise.resolve(events.length),
  };
  const origins = new Map<string, KnownOrigin>();
  const recordedIds = new Set<string>();
  const recordedEvents: ReceivedEvent[] = [];
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const keys = new Map<string, OriginKey>();
  const lookups = new Map<string, PromiseWithResolvers<OriginKey | undefined>>();
  const ring = {
    isFull: false,
    isMissing: false,
    known: (id: string) => keys.get(id),
    isBusy: () => ring.isFull,
    lookUp: (id: string) => {
      if (ring.isMissing) return undefined;
      const lookup = lookups.get(id) ?? Promise.withResolvers<OriginKey | undefined>();
      lookups.set(id, lookup);
      return lookup.promise;
    },
  };
  const listened = {
    async *[Symbol.asyncIterator]() {
      while (!state.isClosed) {
        const told = queue.shift();
        if (told !== undefined) yield told;
        else await news.promise;
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const ports = {
    network: {
      listen: (_hash: string, { signal }: { signal: AbortSignal }) => {
        signal.addEventListener('abort', () => {
          state.isClosed = true;
          news.resolve();
        });
        return listened;
      },
    },
    origins: { origin: (id: string) => origins.get(id) },
    isRecorded: (nodeId: string, uuid: string) => recordedIds.has(`${nodeId} ${uuid}`),
    record: async (events: readonly ReceivedEvent[]) => {
      const count = await state.newCount(events);
      recordedEvents.push(...events);
      return count;
    },
    signer: OWN,
    clock: { nowMs: () => state.nowMs, epochUs: () => NOW_US + state.nowMs * 1000 },
    wakeAfter: (ms: number, run: () => void) => {
      const timer = { atMs: state.nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  } as unknown as PoolPorts;
  const options = { networkId: NETWORK, appVersion: APP_VERSION, budgetOctets: 0, delayMsMax: 0 };
  const receiver = new Receiver(ports, options, ring as unknown as KeyRing);
  const turns = async (count = 5): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await nextTurn();
  };
  const pass = async (ms: number): Promise<void> => {
    const untilMs = state.nowMs + ms;
    for (;;) {
      await turns();
      const [next] = [...timers].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      timers.delete(next);
      state.nowMs = next.atMs;
      next.run();
    }
    state.nowMs = untilMs;
    await turns(300); // The store gets a batch in each turn.
  };
  const tell = (data: Uint8Array, from = '45.9.9.9', value: Partial<Value> = {}): void => {
    const told = { ...unsignedValue(1n, { data }), ...value };
    queue.push({ kind: 'value', value: told, from });
    const before = news;
    news = Promise.withResolvers();
    before.resolve();
  };
  const dropped = (): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(receiver.counters.dropped).filter(([, count]) => count > 0));
  return {
    receiver,
    state,
    origins,
    recordedIds,
    recordedEvents,
    keys,
    ring,
    lookups,
    queue,
    tell,
    pass,
    dropped,
    running: receiver.run(),
  };
}

const TIME = formatEventTimestamp(NOW_US - 1_000_000);

/** A value of a node that signs nothing. */
function unsigned(event: string, by = 'legacy node'): Uint8Array {
  return legacyClaim({
    event_uuid: uuidOf(event),
    created_by_node_id: uuidOf(by),
    event_timestamp: TIME,
  });
}

function signed(signer: Signer, honeyId: number, network = NETWORK): Uint8Array {
  return octetsOf(sharedObject(signer, recorded(signer.nodeId, { honeyId }), network));
}

function keyOf({ publicKey }: Signer): OriginKey {
  const key = importKey(publicKey);
  assert.ok(key !== undefined);
  return { key, publicKey };
}

test('values are taken 32 at a time, a thousand a second', async () => {
  const { receiver, tell, pass } = newReceiver();
  for (let index = 0; index < 2000; index += 1) tell(new TextEncoder().encode('rubbish'));
  await pass(0);
  assert.equal(receiver.counters.values, VALUES_SLICE);
  await pass(VALUES_SLICE - 1);
  assert.equal(receiver.counters.values, VALUES_SLICE, 'other work has its turn');
  await pass(1);
  assert.ok(receiver.counters.values > VALUES_SLICE);
  await pass(1000 - VALUES_SLICE);
  const { values } = receiver.counters;
  assert.ok(Math.abs(values - VALUES_PER_SECOND_MAX) <= 2 * VALUES_SLICE, `${values} in a second`);
  receiver.close();
});

test('encrypted values, what has expired, and what says that it is of this node are not taken', async () => {
  const { receiver, tell, pass, queue, dropped } = newReceiver();
  queue.push({ kind: 'expired', value: unsignedValue(1n, { data: unsigned('gone') }) });
  tell(unsigned('secret'), '45.9.9.9', { cypher: new Uint8Array(10) });
  tell(legacyClaim({ created_by_node_id: OWN.nodeId, event_timestamp: TIME }));
  tell(signed(OWN, 1));
  await pass(0);
  assert.deepEqual(dropped(), { not_json: 1, own: 1, unsigned: 1 });
  assert.equal(receiver.counters.values, 3);
  receiver.close();
});

test('what is recorded, or was told a moment ago, is a duplicate and uses up no quota', async () => {
  const { receiver, tell, pass, recordedIds, recordedEvents, dropped } = newReceiver();
  recordedIds.add(`${uuidOf('legacy node')} ${uuidOf('known')}`);
  tell(unsigned('known'));
  tell(unsigned('new'));
  tell(unsigned('new'));
  tell(unsigned('new', 'another node'));
  await pass(100);
  assert.deepEqual(dropped(), { duplicate: 2 });
  assert.equal(receiver.counters.recorded, 2);
  assert.deepEqual(
    recordedEvents.map(({ origin: { address } }) => address),
    ['45.9.9.9', '45.9.9.9'],
  );
  receiver.close();
});

test('what the store refuses is offered again, what it knew counts as a duplicate, and a bug ends it', async () => {
  const { receiver, state, tell, pass, recordedEvents, dropped, running } = newReceiver();
  let refusals = 0;
  state.newCount = async () => {
    refusals += 1;
    throw new OperatingError('disk_full', 'nothing can be recorded');
  };
  tell(unsigned('a'));
  tell(unsigned('b'));
  await pass(RECORD_RETRY_MS - 1);
  assert.equal(refusals, 1);
  await pass(RECORD_RETRY_MS);
  assert.equal(refusals, 2);
  assert.equal(receiver.counters.recorded, 0);
  state.newCount = async (events) => events.length - 1;
  await pass(RECORD_RETRY_MS);
  assert.equal(receiver.counters.recorded, recordedEvents.length - 1);
  assert.deepEqual(dropped(), { duplicate: 1 });
  assert.equal(recordedEvents.length, 2, 'each once');
  state.newCount = async () => {
    throw new Error('a bug');
  };
  const ended = assert.rejects(running, /a bug/);
  tell(unsigned('c'));
  await pass(100);
  await ended;
});

test('while the store takes nothing, no more is taken than it can be given', async () => {
  const { receiver, state, origins, tell, pass } = newReceiver();
  const stuck = Promise.withResolvers<void>();
  state.newCount = (events) => stuck.promise.then(() => events.length);
  const trusted: KnownOrigin = { trust: 'trusted', publicKey: undefined, firstSeenEpochUs: 0 };
  origins.set(uuidOf('legacy node'), trusted);
  for (let index = 0; index < WAITING_MAX + 100; index += 1) tell(unsigned(`event ${index}`));
  await pass(10_000);
  assert.equal(receiver.counters.values, WAITING_MAX);
  stuck.resolve();
  await pass(3000);
  assert.equal(receiver.counters.values, WAITING_MAX + 100);
  assert.equal(receiver.counters.recorded, WAITING_MAX + 100);
  receiver.close();
});

test('claims of an origin wait for its key, and are judged in their order when it is found', async () => {
  const { receiver, tell, pass, lookups, recordedEvents, recordedIds, dropped } = newReceiver();
  tell(signed(ALICE, 1));
  tell(signed(ALICE, 2));
  tell(signed(ALICE, 3, NETWORK + 1));
  tell(signed(ALICE, 4));
  await pass(0);
  assert.equal(receiver.waitingCount, 4);
  assert.equal(lookups.size, 1, 'one look-up for all');
  // Recorded from elsewhere meanwhile.
  const uuid = recorded(ALICE.nodeId, { honeyId: 4 }).eventUuid;
  recordedIds.add(`${ALICE.nodeId} ${uuid}`);
  lookups.get(ALICE.nodeId)?.resolve(keyOf(ALICE));
  await pass(100);
  assert.equal(receiver.waitingCount, 0);
  assert.deepEqual(
    recordedEvents.map(({ event, origin }) => [event.eventUuid, origin.publicKey]),
    [1, 2].map((honeyId) => [recorded(ALICE.nodeId, { honeyId }).eventUuid, ALICE.publicKey]),
  );
  assert.deepEqual(dropped(), { forged: 1, duplicate: 1 });
  receiver.close();
});

test('claims whose key is not found are dropped, also if it was missing just before', async () => {
  const { receiver, tell, pass, lookups, ring, dropped } = newReceiver();
  tell(signed(ALICE, 1));
  tell(signed(ALICE, 2));
  await pass(0);
  lookups.get(ALICE.nodeId)?.resolve(undefined);
  await pass(0);
  assert.deepEqual(dropped(), { key_unknown: 2 });
  ring.isMissing = true;
  tell(signed(ALICE, 3));
  await pass(0);
  assert.deepEqual(dropped(), { key_unknown: 3 });
  assert.equal(receiver.waitingCount, 0);
  receiver.close();
});

test('one origin makes so many claims wait for its key; the others wait behind those of other tellers', async () => {
  const { receiver, tell, pass, lookups, keys, recordedEvents, dropped } = newReceiver();
  const count = WAITING_PER_ORIGIN_MAX + 10;
  const data = Array.from({ length: count }, (_, index) => signed(ALICE, index));
  for (const octets of data) tell(octets);
  await pass(2000);
  assert.equal(receiver.waitingCount, data.length);
  // The key is found: what waited for it is recorded as its quota allows, then the rest.
  keys.set(ALICE.nodeId, keyOf(ALICE));
  lookups.get(ALICE.nodeId)?.resolve(keyOf(ALICE));
  await pass(100);
  assert.equal(recordedEvents.length, ORIGIN_EVENTS_BURST);
  assert.equal(receiver.waitingCount, data.length - ORIGIN_EVENTS_BURST);
  assert.deepEqual(dropped(), {});
  await pass(3 * 60_000);
  assert.ok(recordedEvents.length > ORIGIN_EVENTS_BURST + 20, 'by and by all of them');
  receiver.close();
});

test('claims wait as well while too many keys are looked up, and are looked at every second', async () => {
  const { receiver, tell, pass, ring, lookups, dropped } = newReceiver();
  ring.isFull = true;
  tell(signed(ALICE, 1));
  await pass(BACKLOG_LOOK_MS - 1);
  assert.deepEqual([receiver.waitingCount, lookups.size], [1, 0]);
  ring.isFull = false;
  await pass(1);
  assert.deepEqual([receiver.waitingCount, lookups.size], [1, 1]);
  assert.deepEqual(dropped(), {});
  receiver.close();
});

test('of too many values that wait the newest of whoever told most is dropped, with the reason why it waited', async () => {
  const { receiver, tell, pass, ring, dropped } = newReceiver();
  ring.isFull = true;
  const unsaid = { ...ALICE, sign: () => new Uint8Array(64) }; // It is not checked.
  for (let index = 0; index < BACKLOG_MAX + 20; index += 1) tell(signed(unsaid, index));
  tell(signed(newSigner(), 1), '46.9.9.9');
  await pass(6000);
  assert.equal(receiver.waitingCount, BACKLOG_MAX);
  assert.deepEqual(dropped(), { key_unknown: 21 });
  receiver.close();
});

test('one network tells so many new origins, whichever of its addresses tells them', async () => {
  const { receiver, tell, pass, recordedEvents } = newReceiver();
  for (let index = 0; index < NETWORK_ORIGINS_BURST + 20; index += 1) {
    tell(unsigned(`event ${index}`, `origin ${index}`), `45.9.9.${index % 250}`);
  }
  await pass(800);
  assert.equal(recordedEvents.length, NETWORK_ORIGINS_BURST);
  assert.equal(receiver.waitingCount, 20);
  tell(unsigned('elsewhere', 'origin elsewhere'), '45.9.10.1');
  await pass(100);
  assert.equal(recordedEvents.length, NETWORK_ORIGINS_BURST + 1);
  receiver.close();
});

test('an origin that signs nothing is distrusted with all of its kind, unless it is trusted; one that signs is not', async () => {
  const { receiver, origins, tell, pass, keys, recordedEvents, dropped } = newReceiver();
  const as = (trust: KnownOrigin['trust']): KnownOrigin => ({
    trust,
    publicKey: undefined,
    firstSeenEpochUs: 0,
  });
  origins.set(UNSIGNED_ORIGINS, as('distrusted'));
  origins.set(uuidOf('friend'), as('trusted'));
  const mallory = newSigner();
  origins.set(mallory.nodeId, as('distrusted'));
  for (const signer of [ALICE, mallory]) keys.set(signer.nodeId, keyOf(signer));
  tell(unsigned('a'));
  tell(unsigned('b', 'friend'));
  tell(signed(ALICE, 1));
  tell(signed(mallory, 1));
  await pass(100);
  assert.deepEqual(dropped(), { distrusted: 2 });
  assert.deepEqual(
    recordedEvents.map(({ nodeId }) => nodeId),
    [uuidOf('friend'), ALICE.nodeId],
  );
  receiver.close();
});

test('a receiver that is closed ends, and judges nothing that waits', async () => {
  const { receiver, tell, pass, lookups, running, dropped, recordedEvents } = newReceiver();
  tell(signed(ALICE, 1));
  await pass(0);
  receiver.close();
  lookups.get(ALICE.nodeId)?.resolve(keyOf(ALICE));
  await running;
  await pass(10_000);
  assert.deepEqual([recordedEvents.length, dropped()], [0, {}]);
});
