// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Contacts } from '../src/contacts.ts';
import { CONTACTS_MAX } from '../src/limits.ts';
import { NOW_US, recorded, uuidOf } from './claims.ts';

const NODE = uuidOf('a node');
const HOUR_US = 3_600_000_000;
/** Times of events begin at a whole hour here. */
const HOUR = Math.floor(NOW_US / HOUR_US) * HOUR_US;

test('`Contacts` counts a source, method and number once an hour', () => {
  const contacts = new Contacts();
  const isNew = (changes: Parameters<typeof recorded>[1], epochUs = HOUR) =>
    contacts.isNew(recorded(NODE, changes), epochUs);
  assert.equal(isNew({}), true);
  assert.equal(isNew({}, HOUR + HOUR_US - 1), false);
  assert.equal(isNew({ sourceIp: '45.12.3.5' }), true);
  assert.equal(isNew({ sipMethod: 'OPTIONS' }), true);
  assert.equal(isNew({ calledNumber: '1' }), true);
  assert.equal(isNew({ userAgent: 'another' }), false);
  // What is joined differently is another contact.
  assert.equal(isNew({ sipMethod: 'A', calledNumber: 'B1' }), true);
  assert.equal(isNew({ sipMethod: 'AB', calledNumber: '1' }), true);
  assert.equal(isNew({}, HOUR + HOUR_US), true);
  assert.equal(isNew({}, HOUR + HOUR_US - 1), false, 'the hour before is remembered');
});

test('`Contacts` remembers two hours, the newest ones', () => {
  const contacts = new Contacts();
  const isNew = (hour: number) => contacts.isNew(recorded(NODE), HOUR + hour * HOUR_US);
  assert.deepEqual([isNew(0), isNew(1), isNew(2)], [true, true, true]);
  assert.deepEqual([isNew(1), isNew(2)], [false, false]);
  assert.equal(isNew(0), true, 'forgotten');
});

test('`Contacts` takes nothing for new when it remembers too many', () => {
  const contacts = new Contacts();
  const isNew = (index: number, hour = 0) =>
    contacts.isNew(recorded(NODE, { calledNumber: `${index}` }), HOUR + hour * HOUR_US);
  for (let index = 0; index < CONTACTS_MAX - 1; index += 1) isNew(index);
  assert.equal(isNew(CONTACTS_MAX), true);
  assert.equal(isNew(CONTACTS_MAX + 1), false);
  assert.equal(isNew(CONTACTS_MAX + 1, 1), true, 'each hour has room of its own');
});
