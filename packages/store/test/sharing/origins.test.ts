// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { UNSIGNED_ORIGINS, type BatchedEvent } from '@sentrypeer/event';
import { ORIGINS_MAX, SHARED_EVENTS_MAX } from '../../src/limits.ts';
import { type EventOrigin } from '../../src/sharing/origins.ts';
import { Peers } from '../../src/sharing/peers.ts';
import type { DeliveredEvent } from '../../src/delivery/delivered-event.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
  WITHOUT_VERSION_15,
} from '../fixtures.ts';
import { SHARED_EVENT } from './shared-event.ts';

const A = 'aaaaaaaa-0000-8000-8000-000000000000';
const B = 'bbbbbbbb-0000-4000-8000-000000000000';
const KEY = new Uint8Array(32).fill(7);
const SECOND_US = 1_000_000;

let next = 1000;

interface Said extends Partial<BatchedEvent> {
  readonly by: string;
  readonly origin?: EventOrigin;
}

function said({ by, origin, ...changes }: Said): DeliveredEvent {
  next += 1;
  return {
    event: { ...SHARED_EVENT, eventUuid: uuidOf(next), ...changes },
    nodeId: by,
    collectedMethod: 'responsive',
    origin: origin ?? { publicKey: by === A ? KEY : undefined, address: '10.0.0.9' },
  };
}

function open(directory: TestDirectory) {
  const clock = new TestClock();
  const path = directory.file('sentrypeer.db');
  const store = Store.open({ logger: new TestLogger(), clock }, { path });
  return { clock, path, store, reader: StoreReader.open(path) };
}

function maintainAll(store: Store): void {
  while (store.maintain());
}

/** Everything that totals say. */
function totals(reader: StoreReader): unknown {
  const withoutId = (items: readonly object[]): readonly object[] =>
    items.map((item) => ({ ...item, totalId: 0 }));
  return {
    addresses: withoutId(reader.addresses(100).items),
    addressesCount: reader.addressesCount(),
    numbers: withoutId(reader.numbers(100).items),
    numbersCount: reader.numbersCount(),
    userAgents: withoutId(reader.userAgents(100).items),
    userAgentsCount: reader.userAgentsCount(),
    hours: reader.hours(0, NOON_US * 2),
  };
}

test('`deliver()` keeps what another node shared with its origin and without a grade', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.deliver([said({ by: A }), said({ by: B })]);
  const [ofA, ofB] = reader.events({}, 'oldest-first', undefined, 10).items;
  assert.equal(ofA?.grade, undefined);
  assert.equal(ofA?.isHearsay, true);
  assert.equal(ofA?.createdByNodeId, A);
  assert.deepEqual(ofA?.origin, { address: '10.0.0.9', publicKey: KEY });
  assert.deepEqual(ofB?.origin, { address: '10.0.0.9', publicKey: undefined });
  assert.equal(reader.address('45.0.0.1')?.grade, 'seen');
  assert.equal(reader.eventsAfter(0, 1)[0]?.isHearsay, true);
  const { items } = reader.origins.page(10);
  assert.deepEqual(
    items.map(({ nodeId, trust, seenCount }) => `${nodeId} ${trust} ${seenCount}`).toSorted(),
    [`${A} none 1`, `${B} none 1`],
  );
  assert.deepEqual(reader.origins.counts(), { origins: 2, events: 2 });
  store.append([batchOf([{}])]);
  const own = reader.events({}, 'newest-first', undefined, 1).items[0];
  assert.equal(own?.isHearsay, undefined);
  assert.equal(own?.origin, undefined);
  reader.close();
  store.close();
});

test('`setTrust()` distrusted takes everything that only this origin said out of rows and totals', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([
    batchOf([
      { sourceIp: '45.0.0.1', calledNumber: '00441', eventEpochUs: NOON_US + 5 * SECOND_US },
      { sourceIp: '45.0.0.2', eventEpochUs: NOON_US, sipMethod: 'OPTIONS' },
    ]),
  ]);
  store.deliver([said({ by: B, sourceIp: '45.0.0.3', userAgent: 'honest' })]);
  const before = totals(reader);
  store.deliver([
    said({ by: A, eventEpochUs: NOON_US - 9 * SECOND_US }),
    said({ by: A, eventEpochUs: NOON_US + 60 * SECOND_US }),
    said({ by: A, sourceIp: '45.0.0.3', userAgent: 'honest', sipMethod: 'NONSENSE' }),
    said({
      by: A,
      sourceIp: '45.9.9.9',
      calledNumber: '999',
      userAgent: 'hostile',
      transportType: 'TCP',
    }),
    said({
      by: A,
      sourceIp: '45.9.9.9',
      calledNumber: undefined,
      userAgent: undefined,
      sipMethod: undefined,
    }),
  ]);
  assert.notDeepEqual(totals(reader), before);
  assert.equal(reader.address('45.9.9.9')?.seenCount, 0);
  assert.equal(reader.address('45.9.9.9')?.sharedCount, 2);
  store.setTrust(A, 'distrusted');
  maintainAll(store);
  assert.deepEqual(totals(reader), before);
  assert.equal(reader.address('45.9.9.9'), undefined);
  assert.equal(
    reader.eventsAfter(0, 100).filter(({ createdByNodeId }) => createdByNodeId === A).length,
    0,
  );
  assert.equal(reader.origins.origin(A)?.seenCount, 0);
  assert.deepEqual(reader.origins.counts(), { origins: 2, events: 1 });
  store.deliver([said({ by: A, sourceIp: '45.9.9.8' })]);
  assert.equal(reader.address('45.9.9.8'), undefined, 'nothing more is taken');
  store.setTrust(A, 'none');
  store.deliver([said({ by: A, sourceIp: '45.9.9.8' })]);
  assert.equal(reader.address('45.9.9.8')?.sharedCount, 1);
  reader.close();
  store.close();
});

test('`setTrust()` distrusted leaves nothing in the totals, in whichever order events came', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  const before = totals(reader);
  const tell = (node: number, second: number): void => {
    const eventEpochUs = NOON_US + second * SECOND_US;
    store.deliver([said({ by: uuidOf(node), sourceIp: '45.0.0.3', eventEpochUs })]);
  };
  tell(0, 0);
  for (let node = 1; node <= 100; node += 1) tell(node, 1000 + node);
  for (let node = 1; node <= 100; node += 1) tell(node, node); // Had to wait for their quota.
  store.setTrust(UNSIGNED_ORIGINS, 'distrusted');
  maintainAll(store);
  assert.deepEqual(totals(reader), before);
});

test('`setTrust()` of all unsigned origins withdraws theirs but those of the trusted', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  const trusted = B.replace('bbbbbbbb', 'cccccccc');
  store.setTrust(trusted, 'trusted');
  store.deliver([said({ by: A }), said({ by: B }), said({ by: trusted })]);
  store.setTrust(UNSIGNED_ORIGINS, 'distrusted');
  maintainAll(store);
  store.deliver([said({ by: B }), said({ by: trusted }), said({ by: A })]);
  const nodes = reader.eventsAfter(0, 100).map(({ createdByNodeId }) => createdByNodeId);
  assert.deepEqual(nodes, [A, trusted, trusted, A]);
  assert.ok(store.forget(UNSIGNED_ORIGINS));
  store.deliver([said({ by: B })]);
  assert.equal(reader.eventsAfter(0, 100).length, 5);
  reader.close();
  store.close();
});

/** Gives a place to every address that is due. */
function place(store: Store, reader: StoreReader): void {
  for (;;) {
    const { addresses, progress } = reader.places.addressesToPlace(7, 10);
    if (progress === undefined) return;
    const places = addresses.map(({ totalId, address }) => ({
      totalId,
      country: address.startsWith('45.') ? 'SE' : 'DE',
      network: 'AS1',
      networkName: '',
    }));
    store.place(places, progress);
  }
}

test('what other nodes share is in no country and no network, and the next address has its place', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  const places = (): unknown => [
    reader.places
      .countries()
      .map(({ country, addressesCount, seenCount }) => [country, addressesCount, seenCount]),
    reader.places.networks(9).map(({ addressesCount, seenCount }) => [addressesCount, seenCount]),
  ];
  store.append([batchOf([{ sourceIp: '45.0.0.1', eventEpochUs: NOON_US + 5 * SECOND_US }])]);
  place(store, reader);
  const before = places();
  store.deliver([
    said({ by: A, eventEpochUs: NOON_US - SECOND_US }),
    said({ by: A, eventEpochUs: NOON_US + 9 * SECOND_US }),
    said({ by: A, sourceIp: '46.9.9.9' }),
  ]);
  place(store, reader);
  assert.deepEqual(places(), before, 'what others share has no place');
  store.setTrust(A, 'distrusted');
  maintainAll(store);
  place(store, reader);
  assert.deepEqual(places(), before);
  store.append([batchOf([{ sourceIp: '47.0.0.1', eventUuid: uuidOf(7) }])]);
  place(store, reader);
  assert.deepEqual(places(), [
    [
      ['DE', 1, 1],
      ['SE', 1, 1],
    ],
    [[2, 2]],
  ]);
  reader.close();
  store.close();
});

test('rows of other nodes that retention removes leave the totals, too', () => {
  using directory = new TestDirectory();
  const { store, reader, clock } = open(directory);
  store.deliver([said({ by: A, sourceIp: '45.9.9.9' })]);
  clock.us += 100 * DAY_US;
  store.append([batchOf([{ sourceIp: '45.0.0.2', eventEpochUs: clock.us }])]);
  maintainAll(store);
  assert.equal(reader.address('45.9.9.9'), undefined);
  assert.deepEqual(reader.origins.counts(), { origins: 1, events: 0 });
  assert.equal(reader.addressesCount(), 1);
  reader.close();
  store.close();
});

test('a total that is younger than the removed row, or has other rows, stays', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([batchOf([{ sourceIp: '45.0.0.1', eventEpochUs: NOON_US + SECOND_US }])]);
  store.deliver([said({ by: A, eventEpochUs: NOON_US })]);
  for (let round = 0; round < 3; round += 1) {
    store.deliver([said({ by: A, eventEpochUs: NOON_US + round })]);
    store.setTrust(A, 'distrusted');
    maintainAll(store);
    store.setTrust(A, 'none');
  }
  assert.equal(reader.address('45.0.0.1')?.seenCount, 1);
  assert.equal(reader.address('45.0.0.1')?.firstSeenEpochUs, NOON_US + SECOND_US);
  reader.close();
  store.close();
});

/** As if this many events of the only origin had been delivered: through the store that takes half a minute. */
const FILLED = `
  BEGIN;
  INSERT INTO honey (event_uuid, event_timestamp, source_ip, called_number, user_agent, method, transport_type)
    WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < ${SHARED_EVENTS_MAX + 500})
    SELECT 'filled-' || n, '2026-11-23 12:00:00.000000000', '45.1.' || (n / 256 % 256) || '.' || (n % 256),
      '00441', 'scanner', 'INVITE', 'UDP' FROM nth;
  INSERT INTO shared_event (honey_id, origin_id, address, event_us)
    SELECT honey_id, (SELECT origin_id FROM origin), '10.0.0.9', ${NOON_US} FROM honey WHERE event_uuid GLOB 'filled-*';
  UPDATE origin SET events = events + ${SHARED_EVENTS_MAX + 500};
  UPDATE counter SET value = value + ${SHARED_EVENTS_MAX + 500} WHERE name IN ('shared_events', 'last_honey_id');
  WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < ${ORIGINS_MAX - 2})
    INSERT INTO origin (node_id, trust, address, first_seen_us, last_seen_us, events)
    SELECT 'filled-' || n, 'none', '', n, n, 0 FROM nth;
  UPDATE counter SET value = (SELECT count(*) FROM origin) WHERE name = 'origins';
  COMMIT;`;

test('the log holds a bounded number of events and origins of other nodes, own ones untouched', () => {
  using directory = new TestDirectory();
  const { store, reader, path } = open(directory);
  store.append([batchOf([{}])]);
  store.deliver([said({ by: A })]);
  execute(path, FILLED);
  store.deliver([said({ by: A })]);
  maintainAll(store);
  assert.equal(reader.origins.counts().events, SHARED_EVENTS_MAX);
  assert.equal(reader.events({ grade: 'seen' }, 'oldest-first', undefined, 1).items.length, 1);
  for (let index = 0; index < 10; index += 1)
    store.setTrust(`${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`, 'none');
  assert.equal(reader.origins.counts().origins, ORIGINS_MAX);
  assert.equal(reader.origins.origin(A)?.seenCount, SHARED_EVENTS_MAX);
  using peers = Peers.open({ clock: new TestClock(), logger: new TestLogger() }, path);
  assert.equal(peers.list().length, ORIGINS_MAX);
  peers.setTrust(A, 'trusted', 'Alice');
  assert.equal(peers.find(A)?.name, 'Alice');
  assert.equal(peers.votersCount(), 1);
  assert.equal(peers.isProved(A), false);
  store.proveNetworks([
    { nodeId: A, network: '45.66.0.0/16', prefix: '45.66.0.0/16', address: '45.66.0.1' },
  ]);
  assert.equal(peers.isProved(A), true);
  assert.deepEqual(peers.authors(), []);
  reader.close();
  store.close();
});

test('`Store.open()` counts apart what version 14 counted together', () => {
  using directory = new TestDirectory();
  const { store, reader, path, clock } = open(directory);
  store.append([batchOf([{ sourceIp: '45.0.0.1', calledNumber: '00441' }])]);
  store.deliver([
    said({ by: A, eventEpochUs: NOON_US + SECOND_US }),
    said({ by: B, sourceIp: '45.0.0.2', calledNumber: '00442', sipMethod: 'NONSENSE' }),
  ]);
  const before = totals(reader);
  reader.close();
  store.close();
  execute(
    path,
    `${['address_total', 'number_total', 'user_agent_total', 'hour_total']
      .map((name) => `UPDATE ${name} SET seen_count = seen_count + shared_count;`)
      .join('')} ${WITHOUT_VERSION_15}; PRAGMA user_version = 14`,
  );
  using again = Store.open({ logger: new TestLogger(), clock }, { path });
  using migrated = StoreReader.open(path);
  assert.deepEqual(totals(migrated), before);
  again.setTrust(A, 'distrusted');
  again.setTrust(B, 'distrusted');
  maintainAll(again);
  assert.equal(migrated.address('45.0.0.2'), undefined);
  assert.equal(migrated.address('45.0.0.1')?.sharedCount, 0);
});

function execute(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

test('`Peers` sets trust while a daemon writes', () => {
  using directory = new TestDirectory();
  const { store, reader, path } = open(directory);
  store.deliver([said({ by: A }), said({ by: A }), said({ by: B })]);
  using peers = Peers.open({ clock: new TestClock(), logger: new TestLogger() }, path);
  assert.equal(peers.setTrust(A, 'distrusted'), 2);
  assert.equal(peers.setTrust(B, 'trusted'), 0);
  assert.deepEqual(
    peers.list().map(({ nodeId, trust }) => [nodeId, trust]),
    [
      [B, 'trusted'],
      [A, 'distrusted'],
    ],
  );
  store.deliver([said({ by: A }), said({ by: B })]);
  assert.equal(reader.eventsAfter(0, 10).length, 2);
  peers.forget(A);
  assert.equal(reader.origins.origin(A), undefined);
  assert.throws(() => peers.forget(A), { code: 'origin_unknown' });
  reader.close();
  store.close();
});

test('`wasMet()` tells what came here from what other nodes say', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([batchOf([{ sourceIp: '45.0.0.1', eventEpochUs: NOON_US }])]);
  store.deliver([said({ by: A, sourceIp: '45.0.0.1' }), said({ by: B, sourceIp: '45.0.0.2' })]);
  assert.equal(reader.evidence.wasMet('45.0.0.1'), true);
  assert.equal(reader.evidence.wasMet('45.0.0.2'), false);
  assert.equal(reader.evidence.wasMet('45.0.0.3'), false);
  const { seenCount, sharedCount } = reader.address('45.0.0.2') ?? {};
  assert.deepEqual([seenCount, sharedCount], [0, 1], 'it is shown all the same');
  assert.deepEqual([reader.addressesCount(), reader.sharedCounts().addresses], [1, 1]);
  reader.close();
  store.close();
});

test('`deliver()` keeps an event although another origin copied its UUID, and finds the own one first', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  const honest = said({ by: B, sourceIp: '45.0.0.7' });
  const copy = said({ by: A, sourceIp: '45.0.0.8', eventUuid: honest.event.eventUuid });
  store.deliver([copy, honest, honest, copy]);
  assert.equal(reader.address('45.0.0.7')?.sharedCount, 1);
  assert.equal(reader.address('45.0.0.8')?.sharedCount, 1);
  store.append([batchOf([{ eventUuid: uuidOf(1) }])]);
  store.deliver([said({ by: A, sourceIp: '45.0.0.9', eventUuid: uuidOf(1) })]);
  assert.equal(reader.event(uuidOf(1))?.isHearsay, undefined);
  reader.close();
  store.close();
});
