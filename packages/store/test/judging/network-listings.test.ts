// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which of nested IPv6 networks is the entry of the lists, and how the others leave and come back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networksOf } from '@sentrypeer/ip';
import {
  EvidenceReader,
  type EvidenceFacts,
  type ListedSubject,
} from '../../src/judging/evidence-reader.ts';
import { ListingReader } from '../../src/judging/listing-reader.ts';
import { Listings, type ListingVerdict } from '../../src/judging/listings.ts';
import { NetworkListings } from '../../src/judging/network-listings.ts';
import { JUDGE_ROWS } from '../../src/limits.ts';
import { Counters } from '../../src/totals/counters.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

const UNTIL_US = NOON_US + DAY_US;
const [A, B, C] = ['2a00:1450:1::/64', '2a00:1450:1:1::/64', '2a00:1450:1:2::/64'] as const;
const SITE = '2a00:1450:1::/56';
const WIDE = '2a00:1450:1::/48';

/**
 * Lists a /64 with evidence, a /56 with three listed parts, a /48 with two, and what an operator blocked. Nothing else
 * is decided here.
 */
class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly evidence = new EvidenceReader(this.tables.database);
  readonly reader = new ListingReader(this.tables.database);
  readonly listings: Listings;
  readonly networks: NetworkListings;
  readonly blocked = new Set<string>();
  readonly watched = new Set<string>();
  /** What a verdict says about the evidence. */
  readonly facts = new Map<string, EvidenceFacts>();
  /** What was asked for: `network`, `network said`, `network waits`. */
  readonly asked: string[] = [];
  nowUs = NOON_US;

  constructor() {
    const { database } = this.tables;
    this.listings = new Listings(database, new Counters(database), 100_000);
    this.networks = new NetworkListings({
      database,
      listings: this.listings,
      evidence: this.evidence,
      verdict: (subject, nowUs) => this.#verdict(subject, nowUs),
      blockedWithin: (network) =>
        [...this.blocked]
          .filter((value) => value !== network && isWithin(value, network))
          .map((value) => ({ kind: 'address', value })),
      partsNeeded: (length) => (length === 56 ? 3 : 2),
      judgeWithin: (network, isSaid) => this.asked.push(isSaid ? `${network} said` : network),
      waits: (network) => this.asked.push(`${network} waits`),
    });
  }

  #verdict({ value }: ListedSubject, nowUs: number): ListingVerdict {
    assert.equal(nowUs, this.nowUs);
    const network = networksOf(value)?.find(({ text }) => text === value);
    const isOwn =
      network !== undefined &&
      (network.length === 64
        ? this.evidence.address(value) !== undefined && nowUs < UNTIL_US
        : this.evidence.listedPartsCount(network) >= (network.length === 56 ? 3 : 2));
    const isWatched = this.watched.has(value);
    const isBlocked = this.blocked.has(value);
    const facts = this.facts.get(value);
    return {
      level: isWatched ? 'watch' : isOwn || isBlocked ? 'listed' : undefined,
      score: 60,
      reasons: isBlocked ? ['blocked'] : isOwn ? ['evidence'] : [],
      untilEpochUs: UNTIL_US,
      ...(facts === undefined ? {} : { facts }),
      ...(isBlocked ? { isBlocked } : {}),
      ...(isOwn && !isWatched ? { ownUntilEpochUs: UNTIL_US } : {}),
    };
  }

  apply(...values: readonly string[]): void {
    this.listings.begin();
    this.networks.apply(values, this.nowUs);
    this.listings.finish();
  }

  /** As the judge goes on with a network that waits. */
  resume(network: string): boolean {
    return this.networks.resume(network, () => this.apply(network));
  }

  /** Gives /64 evidence, and judges them. */
  met(...values: readonly string[]): void {
    for (const value of values) this.tables.address(value, { last_seen_us: NOON_US + 5 });
    this.apply(...values);
  }

  /** As if these had been listed before a wider network was. */
  listed64(values: readonly string[]): void {
    this.listings.begin();
    for (const value of values) {
      const verdict = { level: 'listed', score: 60, reasons: [], untilEpochUs: UNTIL_US } as const;
      this.listings.apply(subject(value), verdict, undefined, NOON_US);
    }
    this.listings.finish();
  }

  forget(value: string): void {
    this.tables.database.exec(`DELETE FROM address_evidence WHERE address = '${value}'`);
    this.apply(value);
  }

  listed(): readonly string[] {
    return this.tables.rows('SELECT value FROM listing ORDER BY value');
  }

  /** Networks that are listed by their own evidence, also while a wider one is the entry. */
  own(): readonly string[] {
    return this.tables.rows('SELECT value FROM address_network ORDER BY value');
  }

  reasons(value: string): readonly string[] {
    const question = `SELECT reason FROM listing_change WHERE value = '${value}' ORDER BY change_id`;
    return this.tables.rows(question).map((json) => (JSON.parse(json) as string[]).join());
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

/** For the networks of these tests, whose texts begin alike. */
function isWithin(value: string, network: string): boolean {
  const networks = networksOf(value) ?? [];
  return networks.some(({ text }) => text === network);
}

function subject(value: string): ListedSubject {
  return { kind: 'address', value };
}

/** /64 in the /56 with this number. */
function within(site: number, count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `2a00:1450:1:${(site * 256 + index + 1).toString(16)}::/64`,
  );
}

test('NetworkListings lists a /64 by its evidence, and keeps that apart from the entry', () => {
  using bench = new Bench();
  bench.met(A);
  assert.deepEqual([bench.listed(), bench.own()], [[A], [A]]);
  const columns = `concat_ws(' ', length, network, until_us, grade, first_seen_us, last_seen_us, events_count)`;
  const bits = BigInt.asIntN(64, 0x2a00_1450_0001_0000n);
  assert.deepEqual(bench.tables.rows(`SELECT ${columns} FROM address_network`), [
    `64 ${bits} ${UNTIL_US} 1 ${NOON_US} ${NOON_US + 5} 1`,
  ]);
  const { firstSeenEpochUs, lastSeenEpochUs, eventsCount, isBlocked, grade } =
    bench.reader.listing(subject(A)) ?? {};
  assert.deepEqual(
    [firstSeenEpochUs, lastSeenEpochUs, eventsCount, isBlocked, grade],
    [NOON_US, NOON_US + 5, 1, false, 'returned'],
  );
  bench.tables.database.exec('UPDATE address_evidence SET events_count = 7, grade = 2');
  bench.apply(A);
  assert.deepEqual(bench.tables.rows('SELECT events_count + grade FROM address_network'), ['9']);
  bench.forget(A);
  assert.deepEqual([bench.listed(), bench.own()], [[], []]);
});

test('NetworkListings lists a /56 in place of its parts, and they come back one by one without it', () => {
  using bench = new Bench();
  bench.met(A);
  bench.met(B);
  assert.deepEqual([bench.listed(), bench.own()], [[A, B].toSorted(), [A, B].toSorted()]);
  bench.met(C);
  assert.deepEqual(bench.listed(), [SITE]);
  assert.deepEqual(bench.own(), [SITE, A, B, C].toSorted());
  assert.deepEqual(bench.reasons(A), ['evidence', `it is a part of ${SITE}, which is listed`]);
  assert.deepEqual(bench.reasons(C), [], 'it was never an entry');
  assert.equal(bench.reader.listing(subject(SITE))?.eventsCount, 3, 'of all its parts');
  bench.apply(A);
  assert.deepEqual(bench.listed(), [SITE], 'a part stays out of the lists while it is listed');
  assert.deepEqual(bench.asked, []);
  bench.forget(B);
  assert.deepEqual([bench.listed(), bench.own()], [[A, C].toSorted(), [A, C].toSorted()]);
  assert.deepEqual(bench.asked, [`${SITE} said`], 'the statements of others on what is in it');
});

test('NetworkListings judges each network once, narrow ones first, whatever it is asked for together', () => {
  using bench = new Bench();
  for (const value of [A, B, C]) bench.tables.address(value);
  bench.apply(WIDE, SITE, '2a00:1450:1:2:1:2:3:4', B, A, A);
  assert.deepEqual(bench.listed(), [SITE]);
  assert.deepEqual(bench.own(), [SITE, A, B, C].toSorted());
  assert.deepEqual(
    [A, B, C].flatMap((value) => bench.reasons(value)),
    [],
    'followers hear of one',
  );
});

test('NetworkListings lists a /48 in place of the /56 and of all in them', () => {
  using bench = new Bench();
  bench.met(...within(0, 3));
  assert.deepEqual(bench.listed(), [SITE]);
  bench.met(...within(1, 2));
  assert.equal(bench.listed().length, 3);
  bench.met(...within(1, 3).slice(2));
  assert.deepEqual(bench.listed(), [WIDE]);
  assert.equal(bench.own().length, 6 + 2 + 1);
  const [gone = ''] = within(1, 1);
  bench.forget(gone);
  assert.deepEqual(bench.listed(), [SITE, ...within(1, 3).slice(1)].toSorted());
  assert.equal(bench.own().includes(WIDE), false);
});

test('NetworkListings forgets a wider network that has too few parts to be listed', () => {
  using bench = new Bench();
  bench.met(A, B, C);
  bench.tables.database.exec("DELETE FROM listing WHERE value LIKE '%/56'");
  bench.forget(C);
  assert.deepEqual(bench.own(), [A, B].toSorted());
});

test('an entry that stands for what an operator blocked inside it is not left out by any filter', () => {
  using bench = new Bench();
  bench.blocked.add(B);
  bench.met(A, B, C);
  assert.deepEqual(bench.listed(), [SITE]);
  assert.equal(bench.reader.listing(subject(SITE))?.isBlocked, true);
  bench.blocked.clear();
  bench.apply(SITE);
  assert.equal(bench.reader.listing(subject(SITE))?.isBlocked, false);
});

test('what is blocked inside a network that is no longer listed is an entry again', () => {
  using bench = new Bench();
  const address = '2a00:1450:1:2::7';
  bench.blocked.add(address);
  bench.apply(address);
  assert.deepEqual(bench.listed(), [address]);
  bench.met(A, B, C);
  assert.deepEqual(bench.listed(), [SITE]);
  assert.deepEqual(bench.reasons(address).slice(1), [`it is a part of ${SITE}, which is listed`]);
  bench.apply(address);
  assert.deepEqual(bench.listed(), [SITE], 'its network stands for it');
  bench.forget(A);
  assert.deepEqual(bench.listed(), [B, C]);
  bench.forget(C);
  assert.deepEqual(bench.listed(), [B, address].toSorted(), 'nothing around it is listed');
});

test('a network that is only watched is no entry beside what is blocked inside it', () => {
  using bench = new Bench();
  const address = '2a00:1450:1::7';
  bench.watched.add(A);
  bench.met(A);
  assert.equal(bench.reader.listing(subject(A))?.level, 'watch');
  assert.deepEqual(bench.own(), [], 'it lists no wider network');
  bench.blocked.add(address);
  bench.apply(A, address);
  assert.deepEqual(bench.listed(), [address]);
  bench.blocked.clear();
  bench.apply(A, address);
  assert.deepEqual(bench.listed(), [A]);
});

test('what an operator blocked is an entry, with everything narrower inside it', () => {
  using bench = new Bench();
  bench.met(A);
  const wide = '2a00:1450::/32';
  bench.blocked.add(wide);
  bench.apply(wide);
  assert.deepEqual(bench.listed(), [wide]);
  assert.deepEqual(bench.asked, []);
  bench.blocked.clear();
  bench.apply(wide);
  assert.deepEqual(bench.listed(), []);
  assert.deepEqual(bench.asked, [wide], 'everything in it is judged again');
  bench.apply(wide);
  assert.deepEqual(bench.asked, [wide], 'once');
});

test('an address that was blocked in a listed network leaves the lists as a part of it', () => {
  using bench = new Bench();
  const address = '2a00:1450:1::7';
  bench.blocked.add(address);
  bench.apply(address);
  bench.met(A);
  assert.deepEqual(bench.listed(), [A]);
  bench.tables.listing('address', address);
  bench.apply(A, address);
  assert.deepEqual(bench.listed(), [A]);
});

test('many entries leave for a wider one in several transactions, and it is an entry at the end', () => {
  using bench = new Bench();
  bench.listed64(within(0, JUDGE_ROWS + 10));
  const wide = '2a00:1450::/46'; // Wider than what is judged by evidence.
  bench.blocked.add(wide);
  bench.apply(wide);
  assert.equal(bench.listed().length, 10, 'it is not an entry yet');
  assert.deepEqual(bench.asked, [`${wide} waits`]);
  assert.equal(bench.resume(wide), false);
  assert.deepEqual(bench.listed(), [wide]);
});

test('a network that waits asks for that again after its transaction was rolled back', () => {
  using bench = new Bench();
  bench.listed64(within(0, 3 * JUDGE_ROWS));
  bench.blocked.add(WIDE);
  bench.apply(WIDE);
  bench.apply(WIDE);
  assert.deepEqual(bench.asked, [`${WIDE} waits`]);
  bench.networks.rolledBack();
  bench.listed64(within(0, 3 * JUDGE_ROWS));
  bench.apply(WIDE);
  assert.deepEqual(bench.asked, [`${WIDE} waits`, `${WIDE} waits`]);
});

test('a network that waited in an earlier run of the program goes on, and restores what left if it need not', () => {
  using bench = new Bench();
  bench.tables.address(A);
  assert.equal(bench.resume(WIDE), false);
  assert.deepEqual([bench.listed(), bench.asked], [[A], [`${WIDE} said`]]);
});

test('what an operator unblocks while it waits does not wait any more', () => {
  for (const wide of ['2a00:1450::/46', '2a00:1450:1::/50']) {
    using bench = new Bench();
    bench.listed64(within(0, 3 * JUDGE_ROWS));
    bench.blocked.add(wide);
    bench.apply(wide);
    bench.blocked.clear();
    assert.equal(bench.resume(wide), false, wide);
    assert.equal(bench.listed().length, 2 * JUDGE_ROWS, 'nothing more leaves for it');
  }
  using bench = new Bench();
  const part = '2a00:1450:1::/50';
  bench.blocked.add(WIDE).add(part);
  bench.apply(WIDE);
  assert.equal(
    bench.networks.resume(part, () => bench.apply(WIDE, part)),
    false,
    'a wider one stands for it',
  );
  assert.deepEqual(bench.listed(), [WIDE]);
});

test('one transaction moves a bounded number of entries, however many networks it is about', () => {
  const other = '2a00:1450:7::/48';
  const others = within(0, 40).map((value) => value.replace(':1:', ':7:'));
  using leaving = new Bench();
  leaving.listed64([...within(0, 40), ...others]);
  leaving.blocked.add(WIDE).add(other);
  leaving.apply(WIDE, other);
  assert.equal(leaving.listed().length, 1 + 2 * 40 - JUDGE_ROWS);
  assert.deepEqual(leaving.asked, [`${other} waits`]);
  using back = new Bench();
  back.blocked.add(WIDE).add(other);
  back.apply(WIDE, other);
  const spread = (values: readonly string[]): readonly string[] =>
    values.map((value, at) => value.replace(/[0-9a-f]+::/, `${(at * 256 + 256).toString(16)}::`));
  for (const value of spread([...within(0, 40)])) back.tables.address(value);
  for (const value of spread(others)) back.tables.address(value);
  back.blocked.clear();
  back.apply(WIDE, other);
  assert.equal(back.listed().length, 40);
  assert.deepEqual(back.asked, [`${WIDE} said`, other]);
});

test('an entry has the facts of its verdict, or those of its evidence', () => {
  using bench = new Bench();
  const address = '2a00:1450:2::7';
  const facts = { grade: 'handshake', firstEpochUs: 1, lastEpochUs: 2, eventsCount: 9 } as const;
  for (const value of [A, address]) {
    bench.blocked.add(value);
    bench.apply(value);
    assert.equal(bench.reader.listing(subject(value))?.eventsCount, 0, 'nothing is known');
    bench.tables.address(value);
    bench.apply(value);
    assert.equal(bench.reader.listing(subject(value))?.eventsCount, 1, value);
    bench.facts.set(value, facts);
    bench.apply(value);
    const { grade, firstSeenEpochUs, lastSeenEpochUs, eventsCount } =
      bench.reader.listing(subject(value)) ?? {};
    assert.deepEqual(
      [grade, firstSeenEpochUs, lastSeenEpochUs, eventsCount],
      ['handshake', 1, 2, 9],
    );
  }
});

test('what is blocked inside a /64 is an entry again without the evidence around it', () => {
  using bench = new Bench();
  const address = '2a00:1450:1::7';
  bench.blocked.add(address);
  bench.met(A);
  assert.deepEqual(bench.listed(), [A]);
  bench.forget(A);
  assert.deepEqual([bench.listed(), bench.asked], [[address], []]);
});

test('a network of the evidence waits for its many parts to leave, asks once, and gives up if it need not', () => {
  using bench = new Bench();
  bench.met(...within(0, 3));
  assert.deepEqual(bench.listed(), [SITE]);
  bench.tables.database.exec('DELETE FROM listing');
  bench.listed64(within(0, 2 * JUDGE_ROWS + 10));
  bench.apply(SITE);
  assert.deepEqual([bench.listed().length, bench.asked], [JUDGE_ROWS + 10, [`${SITE} waits`]]);
  assert.equal(bench.resume(SITE), true);
  assert.deepEqual([bench.listed().length, bench.asked], [10, [`${SITE} waits`]], 'it asks once');
  bench.watched.add(SITE);
  assert.equal(bench.resume(SITE), false, 'it is not listed any more');
  assert.equal(bench.listed().includes(SITE), true);
  assert.ok(bench.asked.includes(`${SITE} said`), 'what had left comes back');
});

test('a network that waits no longer does once a wider one is the entry', () => {
  using bench = new Bench();
  bench.met(...within(0, 3), ...within(1, 3));
  assert.deepEqual(bench.listed(), [WIDE]);
  assert.equal(bench.resume(SITE), false);
  assert.deepEqual(bench.listed(), [WIDE]);
});

test('a few parts come back with the end of a wide network, many in the following transactions', () => {
  for (const [count, isFew] of [
    [JUDGE_ROWS, true],
    [JUDGE_ROWS + 1, false],
  ] as const) {
    using bench = new Bench();
    bench.blocked.add(WIDE);
    bench.apply(WIDE);
    const parts = Array.from(
      { length: count },
      (_, index) => `2a00:1450:1:${(256 + index * 256).toString(16)}::/64`,
    );
    for (const value of parts) bench.tables.address(value);
    bench.tables.address('2a00:1450:2::/64'); // Not in it.
    assert.deepEqual(bench.listed(), [WIDE]);
    bench.blocked.clear();
    bench.apply(WIDE);
    assert.deepEqual(bench.listed(), isFew ? parts.toSorted() : []);
    assert.deepEqual(bench.asked, [isFew ? `${WIDE} said` : WIDE], String(count));
  }
});

test('NetworkListings.ended() names networks whose own verdict has expired, the oldest first', () => {
  using bench = new Bench();
  bench.met(A, B);
  bench.tables.database.exec(
    `UPDATE address_network SET until_us = ${UNTIL_US - 1} WHERE value = '${B}'`,
  );
  assert.deepEqual(bench.networks.ended(UNTIL_US - 2, 9), []);
  assert.deepEqual(bench.networks.ended(UNTIL_US, 9), [B, A]);
  assert.deepEqual(bench.networks.ended(UNTIL_US, 1), [B]);
  bench.nowUs = UNTIL_US;
  bench.apply(A, B);
  assert.deepEqual([bench.listed(), bench.own()], [[], []]);
});

test('NetworkListings leaves other text to the verdict on it', () => {
  using bench = new Bench();
  bench.apply('nothing');
  assert.deepEqual([bench.listed(), bench.asked], [[], []]);
  bench.blocked.add('nothing');
  bench.apply('nothing');
  assert.deepEqual(bench.listed(), ['nothing']);
});
