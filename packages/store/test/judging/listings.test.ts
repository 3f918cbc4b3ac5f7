// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The list and the stream of its changes, written entry by entry: what is news, what leaves, and where there is no room. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceFacts, ListedSubject } from '../../src/judging/evidence-reader.ts';
import { ListingReader, type Listing } from '../../src/judging/listing-reader.ts';
import { Listings, type ListingVerdict } from '../../src/judging/listings.ts';
import { EVIDENCE_COUNT_MAX, RENEW_US_MIN } from '../../src/limits.ts';
import { Counters } from '../../src/totals/counters.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

const ADDRESS = { kind: 'address', value: '45.13.0.1' } as const;
const NUMBER = { kind: 'number', value: '46701234567' } as const;
const RANGE = { kind: 'range', value: '467012345xx' } as const;
const FACTS: EvidenceFacts = {
  grade: 'returned',
  firstEpochUs: NOON_US - DAY_US,
  lastEpochUs: NOON_US,
  eventsCount: 3,
};
const GONE: ListingVerdict = {
  level: undefined,
  score: 7,
  reasons: ['it is gone'],
  untilEpochUs: undefined,
};

function listed(more: Partial<ListingVerdict> = {}): ListingVerdict {
  return { level: 'listed', score: 60, reasons: ['a'], untilEpochUs: NOON_US + DAY_US, ...more };
}

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly listings: Listings;
  readonly reader = new ListingReader(this.tables.database);
  #told = 0;

  constructor(changesCountMax = 1000) {
    const { database } = this.tables;
    this.listings = new Listings(database, new Counters(database), changesCountMax);
    this.#told = this.listings.serial;
  }

  /** In a transaction of its own. */
  apply(
    subject: ListedSubject,
    verdict: ListingVerdict,
    { facts = FACTS, nowUs = NOON_US }: { facts?: EvidenceFacts; nowUs?: number } = {},
  ): void {
    this.within(() => this.listings.apply(subject, verdict, facts, nowUs));
  }

  within<T>(work: () => T): T {
    this.listings.begin();
    const result = work();
    this.listings.finish();
    return result;
  }

  /** The changes since the last call. */
  changes(): readonly string[] {
    const changes = this.reader.changes(this.#told, 1000);
    this.#told = changes.at(-1)?.changeId ?? this.#told;
    return changes.map(
      ({ change, level, value, score, reasons, grade }) =>
        `${change} ${level} ${value} ${score} ${grade} ${reasons.join(', ')}`,
    );
  }

  values(): readonly string[] {
    return this.tables.rows('SELECT value FROM listing ORDER BY value');
  }

  counts(): readonly number[] {
    return (['listed_addresses', 'listed_numbers', 'listed_ranges'] as const).map((name) =>
      this.tables.counter(name),
    );
  }

  /** As if that many of the kind were listed. */
  full(kind: 'addresses' | 'numbers', count = EVIDENCE_COUNT_MAX): void {
    const question = `UPDATE counter SET value = ${count} WHERE name = 'listed_${kind}'`;
    this.tables.database.exec(question);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('Listings.apply() writes an entry with what is known of it, and tells followers the same', () => {
  using bench = new Bench();
  bench.apply(NUMBER, listed({ isBlocked: true, reasons: ['a', 'b'] }));
  const since = bench.listings.serial;
  const shared = {
    ...NUMBER,
    level: 'listed',
    score: 60,
    reasons: ['a', 'b'],
    grade: 'returned',
    sinceEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
  };
  assert.deepEqual(bench.reader.listing(NUMBER), {
    ...shared,
    listingId: since,
    firstSeenEpochUs: NOON_US - DAY_US,
    lastSeenEpochUs: NOON_US,
    eventsCount: 3,
    isBlocked: true,
  });
  assert.deepEqual(bench.reader.changes(0, 9), [
    { ...shared, changeId: since, atEpochUs: NOON_US, change: 'listed' },
  ]);
  bench.within(() => bench.listings.apply(ADDRESS, listed(), undefined, NOON_US));
  const { grade, firstSeenEpochUs, lastSeenEpochUs, eventsCount, isBlocked } =
    bench.reader.listing(ADDRESS) ?? {};
  assert.deepEqual(
    [grade, firstSeenEpochUs, lastSeenEpochUs, eventsCount, isBlocked],
    ['seen', 0, 0, 0, false],
  );
  assert.deepEqual(bench.counts(), [1, 1, 0]);
});

test('Listings.apply() ends an entry with the reason, and what is not listed stays so in silence', () => {
  using bench = new Bench();
  bench.apply(RANGE, listed());
  bench.apply(NUMBER, GONE);
  assert.deepEqual(bench.changes(), ['listed listed 467012345xx 60 returned a']);
  bench.apply(RANGE, GONE, { nowUs: NOON_US + 5 });
  assert.deepEqual(bench.changes(), ['unlisted listed 467012345xx 7 returned it is gone']);
  assert.deepEqual([bench.values(), bench.counts()], [[], [0, 0, 0]]);
  bench.apply(RANGE, listed({ level: 'watch' }));
  bench.apply(RANGE, { ...GONE, score: 0, reasons: [] });
  assert.deepEqual(bench.changes(), [
    'watched watch 467012345xx 60 returned a',
    'unlisted watch 467012345xx 0 returned nothing is known any more',
  ]);
  const [, end] = bench.reader.changes(0, 9);
  assert.deepEqual(
    [end?.atEpochUs, end?.sinceEpochUs, end?.untilEpochUs],
    [NOON_US + 5, undefined, undefined],
  );
  const columns = "concat_ws(' ', change, level, since_us)";
  assert.deepEqual(
    bench.tables.rows(`SELECT ${columns} FROM listing_change WHERE change_id = 2`),
    [`unlisted listed ${NOON_US}`],
    'as the table says it, with the time since which it was listed',
  );
});

test('Listings.apply() ends what was watched when it is listed, and the other way round', () => {
  using bench = new Bench();
  bench.apply(ADDRESS, listed({ level: 'watch', score: 20, reasons: ['w'] }));
  assert.deepEqual([bench.listings.has(ADDRESS), bench.listings.isListed(ADDRESS)], [true, false]);
  bench.apply(ADDRESS, listed(), { nowUs: NOON_US + 1 });
  assert.deepEqual([bench.listings.has(ADDRESS), bench.listings.isListed(ADDRESS)], [true, true]);
  assert.equal(bench.reader.listing(ADDRESS)?.sinceEpochUs, NOON_US + 1);
  assert.deepEqual(bench.changes(), [
    'watched watch 45.13.0.1 20 returned w',
    'unlisted watch 45.13.0.1 60 returned a',
    'listed listed 45.13.0.1 60 returned a',
  ]);
  bench.apply(ADDRESS, listed({ level: 'watch', score: 20, reasons: ['w'] }));
  assert.deepEqual(bench.changes(), [
    'unlisted listed 45.13.0.1 20 returned w',
    'watched watch 45.13.0.1 20 returned w',
  ]);
  assert.deepEqual([bench.counts(), bench.values().length], [[1, 0, 0], 1]);
  assert.deepEqual([bench.listings.has(NUMBER), bench.listings.isListed(NUMBER)], [false, false]);
});

test('Listings.apply() keeps whatever a verdict changes about an entry, without telling what is no news', () => {
  const differences: readonly [keyof Listing, Partial<ListingVerdict>, Partial<EvidenceFacts>][] = [
    ['score', { score: 61 }, {}],
    ['reasons', { reasons: ['b'] }, {}],
    ['isBlocked', { isBlocked: true }, {}],
    ['untilEpochUs', { untilEpochUs: NOON_US + DAY_US + 1 }, {}],
    ['eventsCount', {}, { eventsCount: 4 }],
    ['firstSeenEpochUs', {}, { firstEpochUs: NOON_US - 2 * DAY_US }],
    ['lastSeenEpochUs', {}, { lastEpochUs: NOON_US + 1 }],
  ];
  for (const [name, verdict, facts] of differences) {
    using bench = new Bench();
    bench.apply(ADDRESS, listed());
    const before = bench.reader.listing(ADDRESS);
    bench.apply(ADDRESS, listed(verdict), { facts: { ...FACTS, ...facts }, nowUs: NOON_US + 1 });
    const after = bench.reader.listing(ADDRESS);
    assert.notDeepEqual(after?.[name], before?.[name], name);
    assert.deepEqual({ ...after, [name]: before?.[name] }, before, `${name} and nothing else`);
    assert.equal(bench.changes().length, 1, name);
  }
});

test('Listings.apply() writes nothing where nothing changed', () => {
  using bench = new Bench();
  bench.apply(ADDRESS, listed());
  const { database } = bench.tables;
  database.exec(
    "CREATE TEMP TRIGGER written BEFORE UPDATE ON listing BEGIN SELECT RAISE(ABORT, 'written'); END",
  );
  bench.apply(ADDRESS, listed());
  assert.throws(() => bench.apply(ADDRESS, listed({ score: 1 })), /written/);
});

test('Listings.apply() tells how long an entry lasts if it ends earlier, or a quarter later than was told', () => {
  using bench = new Bench();
  const renew = (untilEpochUs: number, nowUs = NOON_US): number => {
    bench.apply(ADDRESS, listed({ untilEpochUs }), { nowUs });
    return bench.changes().length;
  };
  const until = NOON_US + DAY_US;
  assert.equal(renew(until), 1);
  assert.equal(renew(until + DAY_US / 4), 0, 'a quarter of the day that is left');
  assert.equal(renew(until + DAY_US / 4 + 1), 1);
  assert.equal(bench.reader.changes(0, 9)[1]?.untilEpochUs, until + DAY_US / 4 + 1);
  assert.equal(bench.reader.changes(0, 9)[1]?.sinceEpochUs, NOON_US);
  assert.equal(renew(until + DAY_US / 4), 1, 'a follower would keep it too long');
  assert.equal(renew(until), 1);
  assert.equal(renew(until + 9), 0);
  assert.equal(renew(until), 0, 'no earlier than was told');
  const nowUs = until - 1000;
  assert.equal(renew(until + RENEW_US_MIN, nowUs), 0, 'not for less than an hour');
  assert.equal(renew(until + RENEW_US_MIN + 1, nowUs), 1);
});

test('Listings.apply() tells of another grade, which filters of followers look at', () => {
  using bench = new Bench();
  bench.apply(ADDRESS, listed());
  bench.apply(ADDRESS, listed(), { facts: { ...FACTS, grade: 'handshake' } });
  assert.deepEqual(bench.changes(), [
    'listed listed 45.13.0.1 60 returned a',
    'listed listed 45.13.0.1 60 handshake a',
  ]);
  assert.equal(bench.reader.listing(ADDRESS)?.grade, 'handshake');
});

test('times of changes never go back, also after a start with a clock that was set back', () => {
  using bench = new Bench();
  const times = (): readonly number[] => bench.reader.changes(0, 9).map((one) => one.atEpochUs);
  bench.within(() => {
    bench.listings.apply(ADDRESS, listed(), FACTS, NOON_US);
    bench.listings.apply(NUMBER, listed(), FACTS, NOON_US - 5);
  });
  assert.deepEqual(times(), [NOON_US, NOON_US]);
  assert.equal(bench.listings.changedUs(), NOON_US);
  const { database } = bench.tables;
  const next = new Listings(database, new Counters(database), 1000);
  next.begin();
  next.apply(ADDRESS, GONE, FACTS, NOON_US - 9);
  next.finish();
  assert.deepEqual(times(), [NOON_US, NOON_US, NOON_US]);
  database.exec(`UPDATE listing_change SET at_us = ${NOON_US - DAY_US}`);
  bench.apply(NUMBER, GONE, { nowUs: NOON_US - 3 });
  assert.equal(times().at(-1), NOON_US - 3, 'times that were corrected count as corrected');
});

test('Listings.refresh() finds what another process wrote; serials never go back', () => {
  using bench = new Bench();
  assert.deepEqual([bench.listings.serial, bench.listings.changedUs()], [0, 0]);
  bench.apply(ADDRESS, listed());
  const { database } = bench.tables;
  const other = new Listings(database, new Counters(database), 1000);
  assert.equal(other.serial, 1, 'as it is in the file');
  bench.apply(NUMBER, listed());
  assert.equal(other.serial, 1);
  other.refresh();
  assert.equal(other.serial, 2);
  database.exec('DELETE FROM listing_change');
  other.refresh();
  assert.equal(other.serial, 2);
});

test('Listings.finish() counts entries and changes, and forgets the oldest changes beyond the limit', () => {
  using bench = new Bench(3);
  const ids = (): readonly string[] =>
    bench.tables.rows('SELECT change_id FROM listing_change ORDER BY change_id');
  for (const subject of [ADDRESS, NUMBER, RANGE]) bench.apply(subject, listed());
  assert.deepEqual([ids(), bench.tables.counter('listing_changes')], [['1', '2', '3'], 3]);
  bench.within(() => {
    bench.listings.apply(ADDRESS, GONE, FACTS, NOON_US);
    bench.listings.apply(NUMBER, GONE, FACTS, NOON_US);
  });
  assert.deepEqual([ids(), bench.tables.counter('listing_changes')], [['3', '4', '5'], 3]);
  assert.deepEqual(bench.counts(), [0, 0, 1]);
  bench.apply(NUMBER, GONE);
  assert.deepEqual(ids(), ['3', '4', '5'], 'nothing was added');
  bench.tables.database.exec("UPDATE counter SET value = 9 WHERE name = 'listing_changes'");
  bench.within(() => undefined);
  assert.deepEqual(ids(), ['3', '4', '5'], 'only with changes of its own');
});

test('Listings.finish() forgets more in one transaction than that adds, but not everything at once', () => {
  using bench = new Bench(1);
  bench.tables.database.exec(`
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
      SELECT 1, 'number', i, 'listed', 1, 2, '[]' FROM n;
    UPDATE counter SET value = 1000 WHERE name = 'listing_changes'`);
  const left = (): number => {
    bench.apply(NUMBER, bench.listings.has(NUMBER) ? GONE : listed());
    const count = Number(bench.tables.rows('SELECT count(*) FROM listing_change')[0]);
    assert.equal(bench.tables.counter('listing_changes'), count);
    return count;
  };
  assert.deepEqual([left(), left(), left()], [489, 1, 1]);
});

test('above the limit, an entry makes room of what is watched, then of the weakest, then of what ends first', () => {
  using bench = new Bench();
  const at = (host: number): ListedSubject => ({ kind: 'address', value: `45.13.0.${host}` });
  const put = (
    host: number,
    level: 'listed' | 'watch',
    grade: EvidenceFacts['grade'],
    days: number,
  ) => {
    const facts = { ...FACTS, grade };
    bench.apply(at(host), listed({ level, untilEpochUs: NOON_US + days * DAY_US }), { facts });
  };
  put(1, 'listed', 'handshake', 1);
  put(2, 'listed', 'returned', 3);
  put(3, 'listed', 'returned', 2);
  put(4, 'watch', 'handshake', 9);
  bench.apply(NUMBER, listed());
  bench.full('addresses', EVIDENCE_COUNT_MAX - 1);
  put(5, 'watch', 'handshake', 9);
  assert.deepEqual(bench.values().length, 6, 'up to the limit nothing leaves');
  bench.changes();
  put(6, 'watch', 'returned', 99);
  assert.deepEqual(bench.changes(), [], 'it is weaker than all there is');
  put(6, 'listed', 'returned', 9);
  assert.deepEqual(bench.changes(), [
    'unlisted watch 45.13.0.4 60 handshake it made room for others',
    'listed listed 45.13.0.6 60 returned a',
  ]);
  put(7, 'watch', 'handshake', 1);
  put(8, 'listed', 'returned', 9);
  put(9, 'listed', 'returned', 1);
  put(10, 'listed', 'seen', 99);
  put(11, 'watch', 'handshake', 99);
  assert.deepEqual(bench.changes(), [
    'unlisted watch 45.13.0.5 60 handshake it made room for others',
    'watched watch 45.13.0.7 60 handshake a',
    'unlisted watch 45.13.0.7 60 handshake it made room for others',
    'listed listed 45.13.0.8 60 returned a',
    'unlisted listed 45.13.0.3 60 returned it made room for others',
    'listed listed 45.13.0.9 60 returned a',
  ]);
  assert.equal(bench.tables.counter('listed_addresses'), EVIDENCE_COUNT_MAX);
  bench.apply(RANGE, listed());
  assert.equal(bench.listings.has(RANGE), true, 'each kind has room of its own');
});

test('an entry is listed where the counter says that there is no room and nothing could leave', () => {
  using bench = new Bench();
  bench.full('numbers');
  bench.apply(NUMBER, listed());
  assert.equal(bench.listings.has(NUMBER), true);
});

test('Listings.unlistWithin() ends what is inside the network, and no neighbour, not more than it may', () => {
  using bench = new Bench();
  const inside = ['2a00:1450:1::/64', '2a00:1450:1:ff::/64', '2a00:1450:1:200::/56'];
  const outside = [
    '2a00:1450::/32',
    '2a00:1450:1::/48',
    '2a00:1450:2::/64',
    '2a00:1450:0:ffff::/64',
    '45.13.0.1',
  ];
  for (const value of [...inside, ...outside])
    bench.apply({ kind: 'address', value }, listed({ score: 33 }));
  bench.changes();
  const end = (network: string, limit: number): ReturnType<Listings['unlistWithin']> =>
    bench.within(() => bench.listings.unlistWithin(network, limit, ['b'], NOON_US));
  assert.deepEqual(end('2a00:1450:1::/48', 2), { count: 2, isAll: false });
  assert.deepEqual(
    bench.changes(),
    inside.slice(0, 2).map((value) => `unlisted listed ${value} 33 returned b`),
  );
  assert.deepEqual(end('2a00:1450:1::/48', 0), { count: 0, isAll: false });
  assert.deepEqual(end('2a00:1450:1::/48', 1), { count: 1, isAll: true });
  assert.deepEqual(end('2a00:1450:1::/48', 0), { count: 0, isAll: true });
  assert.deepEqual(bench.values(), outside.toSorted());
  assert.deepEqual(bench.counts(), [outside.length, 0, 0]);
  for (const other of ['45.13.0.0/16', 'nothing', '2a00:1450::/129'])
    assert.deepEqual(end(other, 9), { count: 0, isAll: true }, other);
});

test('Listings.unlistWithin() leaves entries beside one another in the same /64', () => {
  using bench = new Bench();
  const values = ['2a00:1450:1::1', '2a00:1450:1::2', '2a00:1450:1::/64', '2a00:1450:1::/126'];
  for (const value of values) bench.apply({ kind: 'address', value }, listed());
  bench.within(() => bench.listings.unlistWithin('2a00:1450:1::2', 9, ['b'], NOON_US));
  assert.deepEqual(bench.values(), values.toSorted());
  bench.within(() => bench.listings.unlistWithin('2a00:1450:1::/126', 9, ['b'], NOON_US));
  assert.deepEqual(bench.values(), ['2a00:1450:1::/126', '2a00:1450:1::/64']);
});

test('Listings.ended() names what has expired of each kind, the oldest first, up to a limit', () => {
  using bench = new Bench();
  const ends = (subject: ListedSubject, untilEpochUs: number): void =>
    bench.apply(subject, listed({ untilEpochUs }));
  ends(RANGE, NOON_US - 3);
  ends(NUMBER, NOON_US);
  ends({ kind: 'number', value: '46701234568' }, NOON_US - 1);
  ends({ kind: 'number', value: '46701234569' }, NOON_US + 1);
  ends(ADDRESS, NOON_US - 2);
  const all = [ADDRESS, { kind: 'number', value: '46701234568' }, NUMBER, RANGE];
  assert.deepEqual(bench.listings.ended(NOON_US, 9), all);
  assert.deepEqual(bench.listings.ended(NOON_US, 4), all);
  assert.deepEqual(bench.listings.ended(NOON_US, 2), all.slice(0, 2));
  assert.deepEqual(bench.listings.ended(NOON_US, 0), []);
});
