// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a hub says of its own lists and decisions, and how a node reads what hubs say, row by row. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '@sentrypeer/event';
import { FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import {
  decisionOf,
  FleetDecisionLog,
  WaitingDecisions,
  type FleetDecision,
} from '../../src/fleet/fleet-decisions.ts';
import { FleetReader } from '../../src/fleet/fleet-reader.ts';
import { FollowedReader } from '../../src/fleet/followed-reader.ts';
import { FLEET_DECISIONS_MAX } from '../../src/limits.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly reader = FleetReader.open(this.tables.path);

  run(sql: string): void {
    this.tables.database.exec(sql);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.tables[Symbol.dispose]();
  }
}

test('FleetReader.published() says what is on the lists here, without the words of the operator', () => {
  using bench = new Bench();
  bench.tables.listing('address', '45.13.0.1');
  bench.run(`UPDATE listing SET level = 'watch', grade = 2, first_seen_us = 5, last_seen_us = 6, events_count = 7,
    reasons = '["it came"]'`);
  const subject = { kind: 'address', value: '45.13.0.1' } as const;
  const said = {
    ...subject,
    level: 'watch',
    score: 60,
    grade: 'handshake',
    isBlocked: false,
    eventsCount: 7,
    sinceEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    firstSeenEpochUs: 5,
    lastSeenEpochUs: 6,
    isDelisted: false,
    reasons: ['it came'],
  };
  assert.deepEqual(bench.reader.published(subject), said);
  bench.run('UPDATE listing SET is_blocked = 1');
  assert.deepEqual(bench.reader.published(subject), { ...said, isBlocked: true, reasons: [] });
  assert.equal(bench.reader.published({ kind: 'number', value: '45.13.0.1' }), undefined);
});

test('FleetReader.published() says nothing of what only a wider entry covers', () => {
  using bench = new Bench();
  bench.tables.listing('address', '2a00:1450:1::/48');
  const of = (value: string): string | undefined =>
    bench.reader.published({ kind: 'address', value })?.value;
  assert.deepEqual(
    [of('2a00:1450:1::/48'), of('2a00:1450:1::/64')],
    ['2a00:1450:1::/48', undefined],
  );
});

test('FleetReader.isDelisted() is over as soon as the subject is seen again', () => {
  using bench = new Bench();
  const subjects = [
    ['address', '45.13.0.1'],
    ['number', '46701'],
    ['range', '467xx'],
  ] as const;
  const delisted = (): readonly boolean[] =>
    subjects.map(([kind, value]) => bench.reader.isDelisted({ kind, value }));
  assert.deepEqual(delisted(), [false, false, false]);
  for (const [kind, value] of subjects) {
    bench.run(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
      VALUES ('${kind}', '${value}', 1, 0, 0, '')`);
  }
  assert.deepEqual(delisted(), [true, true, true]);
  bench.tables.address('45.13.0.1');
  bench.tables.number('46701');
  bench.tables.block('467xx', 2);
  assert.deepEqual(delisted(), [false, false, false]);
});

test('FleetReader says so where the file is not what it should be, and is closed without fear', () => {
  using bench = new Bench();
  const { reader } = bench;
  const marks = { logId: '', epoch: 0, repeatsPushed: 0, repeatsPushing: 0, lastHoneyId: 1 };
  bench.run(
    'INSERT INTO honey (honey_id) VALUES (1); DROP TABLE fleet_decision; DROP TABLE shared_event',
  );
  const { events } = reader.batch({ ...marks, pushed: 0, pushing: 1 });
  assert.throws(() => [...events], { code: 'db_failed', name: 'OperatingError' });
  assert.equal(reader.lastHoneyId(), 1, 'what remains is read');
  assert.throws(() => FleetReader.open(bench.tables.path), {
    code: 'db_failed',
    name: 'OperatingError',
  });
  reader.close();
  assert.throws(() => reader.lastHoneyId());
  reader.close();
});

test('FollowedReader.kinds() are those of which hubs list anything', () => {
  using bench = new Bench();
  const reader = new FollowedReader(bench.tables.database);
  assert.deepEqual([...reader.kinds()], []);
  bench.tables.fleet('range', '467xx');
  assert.deepEqual([...reader.kinds()], ['range']);
  bench.tables.fleet('address', '45.13.0.1');
  assert.deepEqual([...reader.kinds()], ['address', 'range']);
});

test("FollowedReader.blocks() has what hubs' operators blocked, and word() the rest", () => {
  using bench = new Bench();
  const reader = new FollowedReader(bench.tables.database);
  for (const value of ['45.13.0.2', '45.13.0.1', '45.13.0.3']) bench.tables.fleet('address', value);
  bench.run("UPDATE fleet_listing SET is_blocked = 1 WHERE value <> '45.13.0.3'");
  const block = {
    comment: '',
    createdEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    isOfFleet: true,
  };
  const subjectOf = (value: string) => ({ kind: 'address', value }) as const;
  assert.deepEqual(reader.blocks(), [
    { subject: subjectOf('45.13.0.1'), ...block },
    { subject: subjectOf('45.13.0.2'), ...block },
  ]);
  assert.equal(reader.word(subjectOf('45.13.0.1')), undefined);
  assert.equal(reader.word(subjectOf('45.13.0.3'))?.level, 'listed');
});

test('FleetDecisionLog keeps the newest decisions beyond a limit', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO cursor (name, honey_id) VALUES ('${FLEET_DECISIONS_CURSOR}', 0);
    INSERT INTO fleet_decision (decision_id, decision_uuid, kind, value, comment) VALUES (1, 'a', 'disallow', 'x', ''),
      (2, 'b', 'disallow', 'x', ''), (${FLEET_DECISIONS_MAX}, 'c', 'disallow', 'x', '')`);
  const log = new FleetDecisionLog(bench.tables.database);
  log.add({ kind: 'disallow', value: 'y' });
  const ids = bench.tables.rows('SELECT decision_id FROM fleet_decision ORDER BY 1').map(Number);
  assert.deepEqual(ids, [2, FLEET_DECISIONS_MAX, FLEET_DECISIONS_MAX + 1]);
});

test('decisionOf() takes a decision from the fleet as it was made, and nothing that is no decision', () => {
  using bench = new Bench();
  const subject = { kind: 'number', value: '46701' } as const;
  const untilEpochUs = NOON_US;
  const decisions: readonly Decision[] = [
    { kind: 'allow', value: '+46701', comment: 'ours', untilEpochUs },
    { kind: 'allow', value: '+46702', comment: '', untilEpochUs: undefined },
    { kind: 'disallow', value: '+46701' },
    { kind: 'block', subject, comment: 'fraud', untilEpochUs },
    { kind: 'block', subject, comment: '', untilEpochUs: undefined },
    { kind: 'unblock', subject },
    { kind: 'delist', subject, comment: 'a customer' },
  ];
  bench.run(`INSERT INTO cursor (name, honey_id) VALUES ('${FLEET_DECISIONS_CURSOR}', 0)`);
  const log = new FleetDecisionLog(bench.tables.database);
  for (const decision of decisions) log.add(decision);
  const waiting = new WaitingDecisions(bench.tables.database).oldest(9);
  assert.deepEqual(waiting.map(decisionOf), decisions);
  assert.deepEqual(
    waiting.map(({ comment }) => comment),
    ['ours', '', '', 'fraud', '', '', 'a customer'],
  );
  const odd = (kind: Decision['kind'], listed: FleetDecision['subject']): Decision | undefined =>
    decisionOf({ kind, subject: listed, value: '46701', comment: '', untilEpochUs: undefined });
  for (const kind of ['allow', 'disallow'] as const) assert.equal(odd(kind, 'number'), undefined);
  for (const kind of ['block', 'unblock', 'delist'] as const)
    assert.equal(odd(kind, undefined), undefined);
});
