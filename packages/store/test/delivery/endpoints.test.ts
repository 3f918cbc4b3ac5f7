// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { Endpoints, type EndpointStatus } from '../../src/delivery/endpoints.ts';
import { DEAD_LETTERS_COUNT_MAX } from '../../src/limits.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  distinctBatch,
  emptyDatabase,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
  WITHOUT_VERSION_5,
} from '../fixtures.ts';

const STATUS: EndpointStatus = {
  endpoint: 'hub',
  requests: 12,
  accepted: 8,
  refused: 1,
  expired: 2,
  failures: 3,
  acceptedEpochUs: NOON_US,
  error: { code: 'webhook_timeout', message: 'it did not answer', epochUs: NOON_US + 1 },
};

function open(directory: TestDirectory): Store {
  const path = directory.file('sentrypeer.db');
  return Store.open({ clock: new TestClock(), logger: silentLogger }, { path });
}

const read = (directory: TestDirectory): StoreReader =>
  StoreReader.open(directory.file('sentrypeer.db'));

test('Store.changeEndpoint() keeps the newest status of each endpoint', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  using reader = read(directory);
  assert.equal(reader.endpoints.status('hub'), undefined);
  const fresh = { ...STATUS, endpoint: 'a', acceptedEpochUs: undefined, error: undefined };
  store.changeEndpoint({ kind: 'status', status: { ...STATUS, requests: 1 } });
  store.changeEndpoint({ kind: 'status', status: STATUS });
  store.changeEndpoint({ kind: 'status', status: fresh });
  assert.deepEqual(reader.endpoints.status('hub'), STATUS);
  assert.deepEqual(reader.endpoints.statuses(), [fresh, STATUS]);
});

test('Store.changeEndpoint() keeps dead letters until they are taken, each once', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  using reader = read(directory);
  const letter = (index: number, reason: string) => ({ eventUuid: uuidOf(index), reason });
  store.changeEndpoint({
    kind: 'refused',
    endpoint: 'hub',
    letters: [letter(1, '422'), letter(2, '404')],
    epochUs: NOON_US,
  });
  store.changeEndpoint({
    kind: 'refused',
    endpoint: 'hub',
    letters: [letter(1, '400')],
    epochUs: NOON_US + 5,
  });
  store.changeEndpoint({
    kind: 'refused',
    endpoint: 'other',
    letters: [letter(1, '410')],
    epochUs: NOON_US,
  });
  assert.deepEqual(reader.endpoints.letters('hub'), [
    {
      endpoint: 'hub',
      eventUuid: uuidOf(1),
      reason: '400',
      refusedEpochUs: NOON_US + 5,
      isToSend: false,
    },
    {
      endpoint: 'hub',
      eventUuid: uuidOf(2),
      reason: '404',
      refusedEpochUs: NOON_US,
      isToSend: false,
    },
  ]);
  store.changeEndpoint({ kind: 'taken', endpoint: 'hub', eventUuids: [uuidOf(1)] });
  assert.equal(reader.endpoints.lettersCount('hub'), 1);
  assert.equal(reader.endpoints.lettersCount('other'), 1);
});

test('Store.changeEndpoint() takes a limited number of dead letters of an endpoint', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  using reader = read(directory);
  const refuse = (first: number, count: number): void =>
    store.changeEndpoint({
      kind: 'refused',
      endpoint: 'hub',
      letters: Array.from({ length: count }, (_, at) => ({
        eventUuid: uuidOf(first + at),
        reason: '404',
      })),
      epochUs: NOON_US,
    });
  refuse(1, DEAD_LETTERS_COUNT_MAX);
  assert.throws(() => refuse(DEAD_LETTERS_COUNT_MAX, 2), {
    code: 'dead_letters_full',
    message: `hub refused ${DEAD_LETTERS_COUNT_MAX} events for good, so the rest waits: see sentrypeer webhook dead, then use webhook resend or webhook discard`,
  });
  assert.equal(reader.endpoints.lettersCount('hub'), DEAD_LETTERS_COUNT_MAX);
  refuse(1, 1);
});

test('Endpoints has dead letters sent again whose events are there, and forgets others', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  using reader = read(directory);
  store.append([distinctBatch(1, 3)]);
  store.saveCursor('webhook:hub', 1);
  const letters = [1, 2, 3, 99].map((index) => ({ eventUuid: uuidOf(index), reason: '404' }));
  store.changeEndpoint({ kind: 'refused', endpoint: 'hub', letters, epochUs: NOON_US });
  using endpoints = Endpoints.open(
    { logger: silentLogger, clock: new TestClock() },
    directory.file('sentrypeer.db'),
  );
  assert.equal(endpoints.lag('webhook:hub'), 2);
  assert.equal(endpoints.lag('webhook:none'), 0);
  assert.equal(endpoints.sendAgain('hub', uuidOf(2)), 1);
  assert.deepEqual(
    reader.endpoints.letters('hub').map(({ isToSend }) => isToSend),
    [false, true, false, false],
  );
  assert.deepEqual(reader.endpoints.lettersToSend('hub', 10), [uuidOf(2)]);
  assert.equal(endpoints.sendAgain('hub', undefined), 3, 'without the one that is gone');
  assert.equal(endpoints.sendAgain('other', undefined), 0);
  assert.deepEqual(reader.endpoints.lettersToSend('hub', 2), [uuidOf(1), uuidOf(2)]);
  store.changeEndpoint({
    kind: 'refused',
    endpoint: 'hub',
    letters: [{ eventUuid: uuidOf(1), reason: '500' }],
    epochUs: NOON_US,
  });
  assert.deepEqual(reader.endpoints.lettersToSend('hub', 2), [uuidOf(2), uuidOf(3)]);
  assert.equal(endpoints.discard('hub', uuidOf(99)), 1);
  assert.equal(endpoints.discard('hub', undefined), 3);
  assert.equal(endpoints.reader.lettersCount('hub'), 0);
});

test('Endpoints leaves nothing behind', () => {
  using directory = new TestDirectory();
  emptyDatabase(directory).close();
  const ports = { logger: silentLogger, clock: new TestClock() };
  {
    using endpoints = Endpoints.open(ports, directory.file('sentrypeer.db'));
    assert.equal(endpoints.discard('hub', undefined), 0);
  }
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
});

test('Store.open() adds the tables of version 3 to a database of version 2', () => {
  using directory = new TestDirectory();
  open(directory).close();
  const database = new DatabaseSync(directory.file('sentrypeer.db'));
  database.exec(`
    ${WITHOUT_VERSION_5}
    DROP TABLE endpoint_status; DROP TABLE dead_letter; DROP TABLE country_total;
    DROP TABLE network_total; DROP TABLE address_place;
    DELETE FROM counter WHERE name GLOB 'placed_*';
    INSERT INTO counter (name, value) VALUES ('mark', 7); PRAGMA user_version = 2`);
  database.close();
  const logger = new TestLogger();
  const path = directory.file('sentrypeer.db');
  using store = Store.open({ clock: new TestClock(), logger }, { path });
  store.changeEndpoint({ kind: 'status', status: STATUS });
  using reader = read(directory);
  assert.equal(reader.endpoints.statuses().length, 1);
});
