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
  CLASS_EVENTS_BURST,
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
    timers,
    tell,
    pass,
    dropped,
    running: receiver.run(),
  };
}

/** Whose signature is no signature, for values that nobody checks. */
const UNSAID = { ...ALICE, sign: () => new Uint8Array(64) };

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

test('a receiver that is closed takes nothing of what it had no time for', async () => {
  const { receiver, tell, pass, running } = newReceiver();
  for (let index = 0; index < VALUES_SLICE + 8; index += 1) tell(unsigned(`event ${index}`));
  await pass(0);
  receiver.close();
  await running;
  assert.equal(receiver.counters.values, VALUES_SLICE);
});

test('a value of which nobody knows who told it is taken, with that word', async () => {
  const { receiver, queue, tell, pass, recordedEvents } = newReceiver();
  queue.push({ kind: 'value', value: unsignedValue(1n, { data: unsigned('a') }) });
  tell(new TextEncoder().encode('rubbish'));
  await pass(0);
  assert.deepEqual(
    recordedEvents.map(({ origin }) => origin.address),
    [''],
  );
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
  const { receiver, state, origins, keys, ring, tell, pass } = newReceiver();
  const stuck = Promise.withResolvers<void>();
  state.newCount = (events) => stuck.promise.then(() => events.length);
  const trusted: KnownOrigin = { trust: 'trusted', publicKey: undefined, firstSeenEpochUs: 0 };
  origins.set(uuidOf('legacy node'), trusted);
  ring.isFull = true;
  tell(signed(ALICE, 1));
  for (let index = 0; index < WAITING_MAX + 100; index += 1) tell(unsigned(`event ${index}`));
  await pass(10_000);
  assert.equal(receiver.counters.values, WAITING_MAX + 1);
  keys.set(ALICE.nodeId, keyOf(ALICE));
  await pass(2 * BACKLOG_LOOK_MS);
  assert.equal(receiver.waitingCount, 1, 'what waits goes on waiting');
  stuck.resolve();
  await pass(3000);
  assert.equal(receiver.counters.values, WAITING_MAX + 101);
  assert.equal(receiver.counters.recorded, WAITING_MAX + 101);
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
  lookups.clear();
  tell(signed(ALICE, 3));
  await pass(0);
  lookups.get(ALICE.nodeId)?.resolve(undefined);
  await pass(0);
  assert.deepEqual(dropped(), { key_unknown: 3 }, 'looked up again');
  ring.isMissing = true;
  tell(signed(ALICE, 4));
  await pass(0);
  assert.deepEqual(dropped(), { key_unknown: 4 });
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
  keys.clear(); // Their signatures were checked.
  await pass(3 * 60_000);
  assert.ok(recordedEvents.length > ORIGIN_EVENTS_BURST + 20, 'by and by all of them');
  receiver.close();
});

test('no more claims wait for a key than may: of one origin, and of all', async () => {
  const one = newReceiver();
  for (let index = 0; index <= WAITING_PER_ORIGIN_MAX; index += 1) one.tell(signed(UNSAID, index));
  await one.pass(2000);
  one.lookups.get(ALICE.nodeId)?.resolve(undefined);
  await one.pass(0);
  assert.deepEqual(one.dropped(), { key_unknown: WAITING_PER_ORIGIN_MAX });
  assert.equal(one.receiver.waitingCount, 1);
  one.receiver.close();
  const all = newReceiver();
  const others = Array.from({ length: 6 }, () => ({ ...UNSAID, nodeId: newSigner().nodeId }));
  const [fifth = UNSAID, sixth = UNSAID] = others.splice(0, 2);
  const template = sharedObject(UNSAID, recorded(ALICE.nodeId));
  for (let index = 1; index < WAITING_MAX; index += 1) {
    const nodeId = others[index % others.length]?.nodeId;
    const changes = { created_by_node_id: nodeId, event_uuid: uuidOf(`${index}`) };
    all.tell(octetsOf({ ...template, ...changes }));
  }
  all.tell(signed(fifth, 1));
  all.tell(signed(sixth, 1));
  await all.pass(6000);
  assert.equal(all.receiver.waitingCount, WAITING_MAX + 1);
  assert.deepEqual([all.lookups.has(fifth.nodeId), all.lookups.has(sixth.nodeId)], [true, false]);
  all.receiver.close();
});

test('what waits is looked at 32 at a time, until nothing waits; then nothing is looked at', async () => {
  const { receiver, tell, pass, ring, keys, timers, dropped } = newReceiver();
  await pass(0);
  assert.equal(timers.size, 0);
  ring.isFull = true;
  for (let index = 0; index < VALUES_SLICE; index += 1) tell(signed(UNSAID, index));
  await pass(0);
  for (let index = 0; index < VALUES_SLICE; index += 1) tell(signed(UNSAID, 100 + index));
  await pass(BACKLOG_LOOK_MS - 1);
  keys.set(ALICE.nodeId, keyOf(ALICE));
  await pass(1);
  assert.deepEqual(dropped(), { forged: VALUES_SLICE });
  await pass(BACKLOG_LOOK_MS);
  assert.deepEqual(dropped(), { forged: 2 * VALUES_SLICE });
  await pass(BACKLOG_LOOK_MS);
  assert.equal(timers.size, 0);
  receiver.close();
});

test('of what waits the networks that told it take turns', async () => {
  const { receiver, tell, pass, ring, keys, recordedEvents } = newReceiver();
  ring.isFull = true;
  for (const [index, from] of ['45.9.9.1', '45.9.9.2', '46.0.0.1', ''].entries()) {
    tell(signed(ALICE, index), from);
  }
  await pass(0);
  keys.set(ALICE.nodeId, keyOf(ALICE));
  await pass(BACKLOG_LOOK_MS);
  assert.deepEqual(
    recordedEvents.map(({ origin }) => origin.address),
    ['45.9.9.1', '46.0.0.1', '', '45.9.9.2'],
  );
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
  for (let index = 0; index < BACKLOG_MAX + 20; index += 1) tell(signed(UNSAID, index));
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

test('what is left for older origins goes to those that were recorded long enough ago', async () => {
  const { receiver, origins, tell, pass, recordedEvents } = newReceiver();
  const seenBefore = (days: number): KnownOrigin => ({
    trust: 'none',
    publicKey: undefined,
    firstSeenEpochUs: NOW_US - days * 86_400_000_000,
  });
  origins.set(uuidOf('half a day'), seenBefore(0.5));
  origins.set(uuidOf('two days'), seenBefore(2));
  const forNew = CLASS_EVENTS_BURST / 4;
  for (let index = 0; index < forNew + 20; index += 1) {
    tell(unsigned(`event ${index}`, `new ${index % 3}`));
  }
  await pass(1200);
  tell(unsigned('a', 'half a day'));
  tell(unsigned('b', 'two days'));
  await pass(200);
  const from = (by: string): number =>
    recordedEvents.filter(({ nodeId }) => nodeId === uuidOf(by)).length;
  assert.deepEqual([from('half a day'), from('two days')], [0, 1]);
  receiver.close();
});

test('an origin that was recorded before is none of the new ones that its network may tell', async () => {
  const { receiver, origins, tell, pass, recordedEvents } = newReceiver();
  const known: KnownOrigin = { trust: 'none', publicKey: undefined, firstSeenEpochUs: NOW_US };
  origins.set(uuidOf('known'), known);
  for (let index = 0; index < NETWORK_ORIGINS_BURST + 1; index += 1) {
    tell(unsigned(`event ${index}`, `origin ${index}`));
  }
  tell(unsigned('known event', 'known'));
  await pass(800);
  assert.equal(receiver.waitingCount, 1);
  assert.equal(recordedEvents.at(-1)?.nodeId, uuidOf('known'));
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
  const bob = newSigner();
  tell(signed(ALICE, 1));
  tell(signed(bob, 1));
  await pass(0);
  receiver.close();
  lookups.get(ALICE.nodeId)?.resolve(keyOf(ALICE));
  lookups.get(bob.nodeId)?.resolve(undefined);
  await running;
  await pass(10_000);
  assert.deepEqual([recordedEvents.length, dropped()], [0, {}]);
});
