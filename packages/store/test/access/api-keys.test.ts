// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiKey, ApiKeys } from '../../src/access/api-keys.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { NOON_US, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

const ports = { logger: new TestLogger(), clock: new TestClock() };

test('ApiKeys makes keys that a reader knows until they are revoked, while the log is in use', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  using _store = Store.open(ports, { path });
  using reader = StoreReader.open(path);
  using keys = ApiKeys.open(ports, path);
  const pbx = keys.add('pbx', 'read');
  const hub = keys.add('hub', 'write');
  assert.notEqual(pbx, hub);
  assert.deepEqual(reader.apiKey(pbx), { name: 'pbx', role: 'read', createdEpochUs: NOON_US });
  assert.equal(reader.apiKey(hub)?.role, 'write');
  assert.equal(reader.apiKey(`${pbx}x`), undefined);
  assert.deepEqual(
    keys.list().map(({ name }) => name),
    ['hub', 'pbx'],
  );
  keys.revoke('pbx');
  assert.equal(reader.apiKey(pbx), undefined);
});

test('ApiKeys refuses a name that is taken and one that is not there', () => {
  using directory = new TestDirectory();
  using keys = ApiKeys.open(ports, directory.file('sentrypeer.db'));
  keys.add('pbx', 'read');
  assert.throws(() => keys.add('pbx', 'admin'), {
    code: 'api_key_exists',
    message: 'there is already a key pbx; revoke it first or choose another name',
  });
  assert.deepEqual(
    keys.list().map(({ name, role }) => [name, role]),
    [['pbx', 'read']],
    'the first one keeps its rights',
  );
  assert.throws(() => keys.revoke('other'), {
    code: 'api_key_unknown',
    message: 'there is no key other; keys list shows them',
  });
});

test('a key has the role it was made for, and the least rights if that role is not known', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  using _store = Store.open(ports, { path });
  using reader = StoreReader.open(path);
  const keys = ApiKeys.open(ports, path);
  const made = (['read', 'write', 'admin'] as const).map((role) => keys.add(role, role));
  assert.deepEqual(
    made.map((key) => reader.apiKey(key)?.role),
    ['read', 'write', 'admin'],
  );
  assert.match(made[0] ?? '', /^sentrypeer_[\w-]{43}$/);
  keys[Symbol.dispose]();
  assert.throws(() => keys.list(), 'it is closed');
  assert.equal(apiKey({ name: 'x', role: 'owner', created_us: 1 }).role, 'read');
});

test('a key stands nowhere in the file', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const keys = ApiKeys.open(ports, path);
  const key = keys.add('pbx', 'read');
  keys.close(); // The write-ahead log is checkpointed.
  assert.ok(readFileSync(path, 'latin1').includes('pbx'));
  assert.ok(!readFileSync(path, 'latin1').includes(key));
});
