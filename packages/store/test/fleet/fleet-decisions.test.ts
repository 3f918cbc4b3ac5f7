// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '@sentrypeer/event';
import { FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import { FleetReader, Store } from '../../src/index.ts';
import { TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

const SUBJECT = { kind: 'address', value: '45.13.7.9' } as const;
const DECISIONS: readonly Decision[] = [
  { kind: 'allow', value: '45.14.0.0/16', comment: 'office', untilEpochUs: 5_000_000_000_000_000 },
  { kind: 'block', subject: SUBJECT, comment: 'scans', untilEpochUs: undefined },
  { kind: 'delist', subject: { kind: 'number', value: '46701234567' }, comment: '' },
  { kind: 'unblock', subject: SUBJECT },
  { kind: 'disallow', value: '45.14.0.0/16' },
];

test('decisions of a hub wait for the fleet, those of other hubs do not', () => {
  using directory = new TestDirectory();
  const ports = { logger: new TestLogger(), clock: new TestClock() };
  const path = directory.file('a.db');
  using store = Store.open(ports, { path });
  store.decide({ kind: 'allow', value: '45.16.0.0/16', comment: '', untilEpochUs: undefined });
  const reader = FleetReader.open(path);
  assert.deepEqual(reader.waitingDecisions(10), [], 'of a node that is no hub');

  store.openFleet(true);
  for (const decision of DECISIONS) store.decide(decision);
  const waiting = reader.waitingDecisions(10);
  assert.deepEqual(
    waiting.map(({ kind, subject, value, untilEpochUs }) => [kind, subject, value, untilEpochUs]),
    [
      ['allow', undefined, '45.14.0.0/16', 5_000_000_000_000_000],
      ['block', 'address', '45.13.7.9', undefined],
      ['delist', 'number', '46701234567', undefined],
      ['unblock', 'address', '45.13.7.9', undefined],
      ['disallow', undefined, '45.14.0.0/16', undefined],
    ],
  );
  assert.equal(new Set(waiting.map(({ uuid }) => uuid)).size, 5);
  store.decisionsSent(waiting[1]?.id ?? 0);
  assert.equal(reader.waitingDecisions(10).length, 3);

  // What is refused is not told to the fleet.
  assert.throws(() => store.decide({ kind: 'unblock', subject: SUBJECT }), /not on the blocklist/);
  assert.equal(reader.waitingDecisions(10).length, 3);

  // Another hub takes them, some twice, and tells nobody.
  const other = directory.file('b.db');
  using hub = Store.open(ports, { path: other });
  hub.openFleet(true);
  assert.deepEqual(hub.takeDecisions(waiting.slice(0, 2), 7), []);
  const there = FleetReader.open(other);
  assert.equal(there.cursor(FLEET_DECISIONS_CURSOR), 7);
  assert.deepEqual(hub.takeDecisions(waiting, 9), []);
  assert.deepEqual(
    hub.takeDecisions(waiting.slice(3), 9),
    [],
    'nothing to take back is no failure',
  );
  const odd = {
    kind: 'block',
    subject: undefined,
    value: 'x',
    comment: '',
    untilEpochUs: undefined,
  } as const;
  assert.deepEqual(hub.takeDecisions([odd], 11), [odd]);
  hub.openFleet(true);
  assert.deepEqual([there.waitingDecisions(10), there.cursor(FLEET_DECISIONS_CURSOR)], [[], 11]);
  for (const each of [reader, there]) each.close();
});

test('an older spelling that is removed with a newer one is removed at other hubs, too', () => {
  using directory = new TestDirectory();
  const ports = { logger: new TestLogger(), clock: new TestClock() };
  const path = directory.file('a.db');
  using store = Store.open(ports, { path });
  store.openFleet(true);
  const allow = { kind: 'allow', comment: '', untilEpochUs: undefined } as const;
  store.decide({ ...allow, value: '45.14.0.7/16' });
  store.decide({ ...allow, value: '45.15.0.7/16' });
  store.decide({ ...allow, value: '45.14.0.0/16', alike: ['45.14.0.7/16', '45.14.0.9/16'] });
  store.decide({ kind: 'disallow', value: '45.15.0.0/16', alike: ['45.15.0.7/16'] });
  const reader = FleetReader.open(path);
  const waiting = reader.waitingDecisions(10);
  reader.close();
  assert.deepEqual(
    waiting.slice(2).map(({ kind, value }) => `${kind} ${value}`),
    [
      'disallow 45.14.0.7/16',
      'allow 45.14.0.0/16',
      'disallow 45.15.0.7/16',
      'disallow 45.15.0.0/16',
    ],
    'what was not there is not told',
  );
  const other = directory.file('b.db');
  using hub = Store.open(ports, { path: other });
  hub.openFleet(true);
  assert.deepEqual(hub.takeDecisions(waiting, 9), []);
  assert.deepEqual(
    hub.evidence.allowances().map(({ value }) => value),
    ['45.14.0.0/16'],
  );
});
