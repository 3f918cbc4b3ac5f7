// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What `forget` takes with it and what it leaves to be judged again, row by row. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ListedKind } from '../../src/judging/evidence-reader.ts';
import { Forgetting } from '../../src/retention/forgetting.ts';
import { LAST_DIGITS, NOON_US, TestLogger } from '../fixtures.ts';
import { SaidTables } from '../pool/said.ts';

class Bench implements Disposable {
  readonly tables = new SaidTables();
  /** What was asked to be read. */
  readonly read: string[] = [];
  readonly forgetting = Forgetting.open(
    {
      clock: this.tables.clock,
      logger: new TestLogger(),
      numbers: {
        read: (dialled) => {
          this.read.push(dialled);
          return LAST_DIGITS.read(dialled);
        },
      },
    },
    this.tables.path,
  );

  run(sql: string): void {
    this.tables.database.exec(sql);
  }

  /** Rows of the log, by what was called or by their source. */
  log(column: 'called_number' | 'source_ip', ...values: readonly string[]): void {
    const insert = this.tables.database.prepare(`INSERT INTO honey (${column}) VALUES (?)`);
    for (const value of values) insert.run(value);
  }

  left(column: 'called_number' | 'source_ip'): readonly string[] {
    return this.tables.rows(`SELECT ${column} FROM honey ORDER BY honey_id`);
  }

  forget(kind: ListedKind, value: string, text = value) {
    return this.forgetting.forget({ kind, value }, text);
  }

  /** What has become due since the last call. */
  since(): readonly string[] {
    const dues = this.tables.dues();
    this.run('DELETE FROM judging_due');
    return dues;
  }

  [Symbol.dispose](): void {
    this.forgetting.close();
    this.tables[Symbol.dispose]();
  }
}

test('forget() reads only what has the last digits of the number, or may hide them', () => {
  using bench = new Bench();
  const forms = ['00442071234567', '9 0044 2071234 5-6-7'];
  const likely = ['44207%312', '44207;x=9', 'x567', '5670'];
  const others = ['00442071234568', 'operator', '56', '5-6'];
  bench.log('called_number', ...forms, ...likely, ...others);
  bench.forget('number', '442071234567');
  assert.deepEqual(bench.read.toSorted(), [...forms, ...likely].toSorted());
  assert.deepEqual(bench.left('called_number'), [...likely, ...others], 'as they were read');
});

test('forget() knows what a form means from the judge, whatever it would read now', () => {
  using bench = new Bench();
  bench.run(`
    INSERT INTO number_total (total_id, number, first_seen_us, last_seen_us, seen_count, grade)
      VALUES (1, '8567', 1, 1, 1, 0), (2, '9567', 1, 1, 1, 0), (3, '0567', 1, 1, 1, 0);
    INSERT INTO number_reading (total_id, e164, confidence)
      VALUES (1, '442071234567', 1), (2, NULL, 1), (3, '46567', 1);
    UPDATE counter SET value = 3 WHERE name = 'numbers'`);
  bench.log('called_number', '8567', '9567', '0567');
  assert.deepEqual(bench.forget('number', '442071234567'), {
    events: 1,
    entries: 1,
    wasListed: false,
  });
  assert.deepEqual(
    [bench.left('called_number'), bench.read],
    [
      ['9567', '0567'],
      ['9567', '9567'],
    ],
  );
  assert.equal(bench.tables.counter('numbers'), 2);
});

test('forget() reads digits as the judge does, by the forms of each number that it knows', () => {
  const asked: string[] = [];
  using tables = new SaidTables();
  tables.number('46567');
  tables.database.exec(`UPDATE number_evidence SET forms_count = 2;
    INSERT INTO honey (called_number) VALUES ('9567'), ('0567'), ('8567')`);
  using forgetting = Forgetting.open(
    {
      clock: tables.clock,
      logger: new TestLogger(),
      numbers: {
        read: (dialled) => ({
          candidates: [],
          unread: dialled === '0567' ? '46567' : undefined,
          settle: (formsOf) => {
            asked.push(`${dialled} ${formsOf('46567')}`);
            return dialled === '9567' ? { e164: '46567', confidence: 1 } : undefined;
          },
        }),
      },
    },
    tables.path,
  );
  assert.equal(forgetting.forget({ kind: 'number', value: '46567' }, '46567').events, 2);
  assert.deepEqual(asked.toSorted(), ['8567 2', '9567 2']);
  assert.deepEqual(tables.rows('SELECT called_number FROM honey'), ['8567'], 'it means nothing');
});

test('forget() removes the number itself in any case, whatever the judge reads from it', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO number_total (total_id, number, first_seen_us, last_seen_us, seen_count, grade)
      VALUES (1, '46701', 1, 1, 1, 0), (2, '+46701', 1, 1, 1, 0);
    INSERT INTO number_reading (total_id, e164, confidence) VALUES (1, '701', 1), (2, '701', 1)`);
  bench.log('called_number', '46701', '+46701');
  assert.equal(bench.forget('number', '46701', 'x').events, 2);
});

test('what was forgotten is no longer in the file', () => {
  using bench = new Bench();
  const octets = (): string => readFileSync(bench.tables.path, 'latin1');
  bench.log('source_ip', '45.213.99.171');
  bench.run('PRAGMA wal_checkpoint(TRUNCATE)');
  assert.ok(octets().includes('45.213.99.171'));
  bench.forget('address', '45.213.99.171');
  bench.run('PRAGMA wal_checkpoint(TRUNCATE)');
  assert.ok(!octets().includes('45.213.99.171'));
});

test('forget() forgets the hours of an address or a number, and of no other', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO rate_total VALUES (60, 'source', 1, '45.13.0.1', 3), (60, 'source', 1, '45.13.0.2', 4),
    (60, 'number', 1, '+46701', 5), (60, 'number', 1, '46701', 6), (60, 'number', 1, '+46702', 7)`);
  bench.forget('address', '45.13.0.1');
  bench.forget('number', '46701');
  assert.deepEqual(
    bench.tables.rows("SELECT concat_ws(' ', kind, name, seen_count) FROM rate_total ORDER BY 1"),
    ['number  11', 'number +46702 7', 'source  3', 'source 45.13.0.2 4'],
  );
});

test('forget() has the blocks of a number judged again that was delisted, otherwise nothing', () => {
  using bench = new Bench();
  for (const [kind, value] of [
    ['number', '46701234'],
    ['address', '45.13.0.1'],
  ] as const) {
    bench.run(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
      VALUES ('${kind}', '${value}', 1, 0, 0, '')`);
    assert.equal(bench.forget(kind, value).entries, 1);
    const blocks = ['range 467012xx', 'range 46701xxx', 'range 4670xxxx'];
    assert.deepEqual(bench.since(), kind === 'number' ? blocks : []);
  }
  bench.forget('number', '46701235');
  assert.deepEqual(bench.since(), []);
});

test('the change that tells followers of it is not earlier than those before it', () => {
  using bench = new Bench();
  bench.tables.listing('number', '46701');
  bench.run(`INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
    VALUES (${NOON_US + 5}, 'number', '46702', 'listed', 1, 9, '[]')`);
  bench.forget('number', '46701');
  assert.deepEqual(bench.tables.rows(`SELECT at_us - ${NOON_US} FROM listing_change`), ['5', '5']);
});

test('forget() removes a number also as the operator wrote it', () => {
  using bench = new Bench();
  bench.log('called_number', '46701', '+46701', '(0701)', '46702');
  assert.equal(bench.forget('number', '46701', '(0701)').events, 3);
  assert.deepEqual(bench.left('called_number'), ['46702']);
});

test('forget() removes a range with its own evidence and its name in the log, not its numbers', () => {
  using bench = new Bench();
  for (const block of ['467xx', '468xx']) bench.tables.block(block, 2);
  bench.tables.listing('range', '467xx');
  bench.run("UPDATE counter SET value = 1 WHERE name = 'listed_ranges'");
  bench.tables.number('46701');
  bench.run(
    `INSERT INTO rate_total VALUES (60, 'number', 1, '467xx', 3), (60, 'range', 1, '467xx', 3)`,
  );
  bench.log('called_number', '467xx', '+467xx', '467XX', '46701');
  assert.deepEqual(bench.forget('range', '467xx', '467XX'), {
    events: 3,
    entries: 1,
    wasListed: true,
  });
  assert.deepEqual([bench.left('called_number'), bench.read], [['46701'], []]);
  assert.deepEqual(bench.tables.rows('SELECT block FROM number_block'), ['468xx']);
  assert.deepEqual(bench.tables.rows('SELECT e164 FROM number_evidence'), ['46701']);
  assert.equal(bench.tables.rows('SELECT 1 FROM rate_total').length, 2);
  assert.equal(bench.tables.counter('listed_ranges'), 0);
  assert.deepEqual(bench.tables.rows('SELECT change || reason FROM listing_change'), [
    'unlisted["forgotten"]',
  ]);
});

test('forget() keeps the newest change of a listing, and counts the others off', () => {
  using bench = new Bench();
  const add = (kind: ListedKind, value: string): void =>
    bench.run(`INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
      VALUES (1, '${kind}', '${value}', 'listed', 1, 9, '[]')`);
  for (const value of ['46701', '46701', '46702', '46701']) add('number', value);
  add('address', '46701');
  bench.run("UPDATE counter SET value = 5 WHERE name = 'listing_changes'");
  bench.forget('number', '46701');
  assert.deepEqual(
    bench.tables.rows("SELECT kind || ' ' || value FROM listing_change ORDER BY change_id"),
    ['number 46702', 'number 46701', 'address 46701'],
  );
  assert.equal(bench.tables.counter('listing_changes'), 3);
});

test('forget() takes the letters and repeats of the events with them', () => {
  using bench = new Bench();
  bench.run(`
    INSERT INTO honey (event_uuid, source_ip) VALUES ('a', '45.13.0.1'), ('b', '45.13.0.2');
    INSERT INTO dead_letter (endpoint, event_uuid, reason, refused_us) VALUES ('hub', 'a', '', 1), ('hub', 'b', '', 1);
    INSERT INTO pending_repeat (event_uuid, repeat_count, last_seen_us) VALUES ('a', 1, 1), ('b', 1, 1)`);
  assert.equal(bench.forget('address', '45.13.0.1').events, 1);
  for (const table of ['dead_letter', 'pending_repeat', 'honey']) {
    assert.deepEqual(bench.tables.rows(`SELECT event_uuid FROM ${table}`), ['b'], table);
  }
});

test('forget() of an address takes the evidence of its /64, and of nothing beside it', () => {
  using bench = new Bench();
  for (const address of ['2a00:1450:1::/64', '2a00:1450:1:1::/64']) bench.tables.address(address);
  bench.run("UPDATE counter SET value = 2 WHERE name = 'proved_addresses'");
  bench.log('source_ip', '2a00:1450:1::1', '2a00:1450:1::2');
  assert.deepEqual(bench.forget('address', '2a00:1450:1::1'), {
    events: 1,
    entries: 1,
    wasListed: false,
  });
  assert.deepEqual(bench.tables.rows('SELECT address FROM address_evidence'), [
    '2a00:1450:1:1::/64',
  ]);
  assert.equal(bench.tables.counter('proved_addresses'), 1);
  assert.deepEqual(bench.left('source_ip'), ['2a00:1450:1::2']);
});

test('forget() has judged again what others say of a subject, and nothing else', () => {
  const hasDue = (
    kind: ListedKind,
    value: string,
    say: (bench: Bench) => void,
  ): readonly string[] => {
    using bench = new Bench();
    say(bench);
    bench.forget(kind, value);
    return bench.since();
  };
  const said =
    (subject: string) =>
    (bench: Bench): void => {
      const author = bench.tables.author('a', 'voter');
      bench.tables.origin('a', { isVoter: true });
      bench.tables.claim(author, subject);
      bench.tables.admission(subject);
    };
  const fleet = (bench: Bench): void => bench.tables.fleet('number', '46701');
  const fleetBlock = (bench: Bench): void => {
    fleet(bench);
    bench.run('UPDATE fleet_listing SET is_blocked = 1');
  };
  const blocked =
    (kind: ListedKind, value: string) =>
    (bench: Bench): void =>
      bench.tables.operatorBlock(kind, value);
  const number = ['number 46701'];
  assert.deepEqual(
    hasDue('number', '46701', () => undefined),
    [],
  );
  assert.deepEqual(hasDue('number', '46701', said('46701')), number);
  assert.deepEqual(hasDue('number', '46701', fleet), number);
  assert.deepEqual(hasDue('number', '46701', fleetBlock), number);
  assert.deepEqual(hasDue('number', '46702', fleetBlock), []);
  assert.deepEqual(hasDue('number', '46701', blocked('number', '46701')), number);
  assert.deepEqual(hasDue('number', '46701', blocked('number', '46702')), []);
  assert.deepEqual(hasDue('number', '46701', blocked('range', '46701')), [], 'of another kind');
  assert.deepEqual(hasDue('address', '45.13.0.1', blocked('address', '45.13.0.1')), [
    'address 45.13.0.1',
  ]);
  assert.deepEqual(hasDue('address', '45.13.0.1', blocked('address', '45.13.0.0/16')), []);
  // Its /64 is listed as long as something in it is blocked.
  assert.deepEqual(
    hasDue('address', '2a00:1450:1::1', blocked('address', '2a00:1450:1::7')),
    ['address 2a00:1450:1::/64'].concat('decision 2a00:1450:1::/64'),
  );
  assert.deepEqual(
    hasDue('address', '2a00:1450:1::1', blocked('address', '2a00:1450:1:1::7')),
    ['decision 2a00:1450:1::/64'],
    'in another one',
  );
});

test('forget() of a network has judged again what was decided in it, and forgets the hours of its addresses', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO rate_total VALUES (60, 'source', 1, '45.13.0.1', 3), (60, 'source', 1, '45.14.0.1', 4),
    (60, 'source', 1, 'x', 1), (60, 'number', 1, '45.13.0.1', 5)`);
  bench.log('source_ip', '45.13.0.1', '45.13.200.1', '45.13.x', '45.14.0.1', '45.13', 'x');
  bench.run(`INSERT INTO address_total (address, first_seen_us, last_seen_us, seen_count, grade)
    VALUES ('45.13.0.2', 1, 1, 1, 0), ('45.14.0.2', 1, 1, 1, 0)`);
  bench.tables.address('45.13.0.3');
  bench.run("UPDATE counter SET value = 7 WHERE name IN ('addresses', 'proved_addresses')");
  const forgotten = bench.forget('address', '45.13.0.0/17');
  assert.deepEqual(forgotten, { events: 1, entries: 2, wasListed: false });
  assert.deepEqual(bench.since(), ['decision 45.13.0.0/17']);
  assert.deepEqual(
    bench.tables.rows("SELECT concat_ws(' ', kind, name, seen_count) FROM rate_total ORDER BY 1"),
    ['number 45.13.0.1 5', 'source  3', 'source 45.14.0.1 4', 'source x 1'],
  );
  assert.deepEqual(bench.left('source_ip'), ['45.13.200.1', '45.13.x', '45.14.0.1', '45.13', 'x']);
  assert.deepEqual(
    ['addresses', 'proved_addresses'].map((name) => bench.tables.counter(name)),
    [6, 6],
  );
});

test('forget() of a network also takes an entry for all of it, and what was delisted in it', () => {
  using bench = new Bench();
  for (const value of ['45.13.0.0/16', '45.13.0.1', '45.14.0.1', '45.0.0.0/8']) {
    bench.tables.listing('address', value);
    bench.run(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
      VALUES ('address', '${value}', 1, 0, 0, '')`);
  }
  bench.tables.listing('number', '45130');
  bench.run("UPDATE counter SET value = 4 WHERE name = 'listed_addresses'");
  const forgotten = bench.forget('address', '45.13.0.0/16');
  assert.deepEqual(forgotten, { events: 0, entries: 2, wasListed: true });
  assert.deepEqual(bench.tables.rows('SELECT value FROM listing ORDER BY 1'), [
    '45.0.0.0/8',
    '45.14.0.1',
    '45130',
  ]);
  assert.deepEqual(bench.tables.rows('SELECT value FROM delisting ORDER BY 1'), [
    '45.0.0.0/8',
    '45.14.0.1',
  ]);
  assert.equal(bench.tables.counter('listed_addresses'), 2);
  assert.deepEqual(
    bench.tables.rows(
      `SELECT concat_ws(' ', value, change, at_us - ${NOON_US}) FROM listing_change ORDER BY 1`,
    ),
    ['45.13.0.0/16 unlisted 0', '45.13.0.1 unlisted 0'],
  );
});

test('forget() finds the addresses of an IPv6 network in whatever form they are written', () => {
  using bench = new Bench();
  const inside = ['2a02::1:5:6:7:8', '2a02:0:0:1::1', '2a02::1:0:0:0:9'];
  const outside = ['2a02::1', '2a02:0:0:2::1', '2a02:0:1:1::1'];
  bench.log('source_ip', ...inside, ...outside);
  assert.equal(bench.forget('address', '2a02:0:0:1::/64').events, inside.length);
  assert.deepEqual(bench.left('source_ip'), outside);
});

test('forget() that fails says what was the cause', () => {
  using bench = new Bench();
  bench.log('source_ip', '45.13.0.1');
  bench.run("CREATE TRIGGER full BEFORE DELETE ON honey BEGIN SELECT RAISE(ABORT, 'no more'); END");
  assert.throws(
    () => bench.forget('address', '45.13.0.1'),
    (error: Error) =>
      error.message.endsWith('nothing is forgotten yet: run forget again') &&
      (error.cause as Error).message.includes('no more'),
  );
});

test('Forgetting is closed at the end of its scope, and a second time is no failure', () => {
  using bench = new Bench();
  const { forgetting } = bench;
  {
    using ofScope = forgetting;
    assert.equal(ofScope.forget({ kind: 'number', value: '46701' }, '46701').events, 0);
  }
  assert.throws(() => bench.forget('number', '46701'));
  forgetting.close();
});

test('what is no failure of the database is not said to be one', () => {
  using bench = new Bench();
  bench.log('called_number', '0046701');
  const failure = new Error('a fault of ours');
  using forgetting = Forgetting.open(
    {
      clock: bench.tables.clock,
      logger: new TestLogger(),
      numbers: {
        read: () => {
          throw failure;
        },
      },
    },
    bench.tables.path,
  );
  assert.throws(
    () => forgetting.forget({ kind: 'number', value: '46701' }, '46701'),
    (error) => error === failure,
  );
});
