// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApiKeys } from '../../src/access/api-keys.ts';
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
  assert.throws(() => keys.add('pbx', 'admin'), { code: 'api_key_exists' });
  assert.throws(() => keys.revoke('other'), { code: 'api_key_unknown' });
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
