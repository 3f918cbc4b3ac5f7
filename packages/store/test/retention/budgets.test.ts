// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What anybody can forge never displaces what was proved. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { budgetsOf } from '../../src/retention/budgets.ts';
import {
  batchOf,
  DAY_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
  type TestEvent,
} from '../fixtures.ts';

const MIB = 1_048_576;
const { totalsCountMax, evidenceCountMax } = budgetsOf(MIB);

/** A database of 1 MiB and a judge that lists everything with evidence for a day. */
class Bench {
  readonly #directory = new TestDirectory();
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #judging: ReturnType<Store['openJudging']>;
  readonly #path = this.#directory.file('sentrypeer.db');
  #eventsCount = 0;

  constructor() {
    const ports = { logger: new TestLogger(), clock: this.clock };
    this.store = Store.open(ports, { path: this.#path, databaseOctetsMax: MIB });
    this.reader = StoreReader.open(this.#path);
    const { evidence } = this.store;
    this.#judging = this.store.openJudging({
      numbers: {
        read: (dialled) => ({
          candidates: [dialled],
          unread: undefined,
          settle: () => ({ e164: dialled, confidence: 1 }),
        }),
        isCostly: () => false,
        hotNumbersCount: 2,
        blocksOf: () => [],
      },
      countsLocalCallers: false,
      toolOf: () => undefined,
      begin: () => undefined,
      verdict: (subject, nowUs) => {
        const facts = evidence.facts(subject);
        return {
          level: facts === undefined ? undefined : 'listed',
          score: 50,
          reasons: ['it came'],
          untilEpochUs: nowUs + DAY_US,
        };
      },
      changed: () => [],
      blockedWithin: () => [],
      partsNeeded: () => 1,
      reachOf: () => undefined,
      hasQuorum: () => false,
      optionsHash: 1,
      onChanged: () => undefined,
    });
  }

  /** Records, judges, and removes the excess. */
  meet(events: readonly TestEvent[]): void {
    const numbered = events.map((event) => ({
      eventUuid: uuidOf((this.#eventsCount += 1)),
      eventEpochUs: (this.clock.us += 1000),
      ...event,
    }));
    this.store.append([batchOf(numbered)]);
    this.settle();
  }

  settle(): void {
    for (let isMore = true; isMore;) {
      this.clock.ms += 1000;
      for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
      isMore = this.store.maintain();
    }
    this.clock.ms += 1000;
    for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
  }

  query(sql: string): number {
    using database = new DatabaseSync(this.#path, { readOnly: true });
    return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}

interface Burst {
  readonly kind: 'proved' | 'addresses' | 'numbers' | 'agents' | 'messages';
  readonly grade: 'returned' | 'handshake';
  /** Shares of a whole flood. */
  readonly part: number;
}

const burst: fc.Arbitrary<Burst> = fc.record({
  kind: fc.constantFrom('proved', 'proved', 'addresses', 'numbers', 'agents', 'messages'),
  grade: fc.constantFrom('returned', 'handshake'),
  part: fc.double({ min: 0.1, max: 1, noNaN: true }),
});

/** Events of packets that anybody can forge, more than any table keeps if the part is 1. */
function forged({ kind, part }: Burst, from: number): readonly TestEvent[] {
  return Array.from({ length: Math.ceil(part * (totalsCountMax + 50)) }, (_, at) => {
    const index = from + at;
    return {
      grade: 'seen' as const,
      sourceIp:
        kind === 'addresses'
          ? `11.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
          : '11.0.0.1',
      calledNumber: kind === 'numbers' ? `4420${String(index).padStart(8, '0')}` : '442070000000',
      userAgent: kind === 'agents' ? `agent ${index}` : 'pplsip',
      sipMessage: new Uint8Array(kind === 'messages' ? 900 : 0),
    };
  });
}

test('no interleaving of forged events beyond all limits pushes out what was proved', () => {
  let pushedCount = 0;
  fc.assert(
    fc.property(fc.array(burst, { minLength: 4, maxLength: 9 }), (bursts) => {
      using bench = new Bench();
      const proved: { readonly address: string; readonly number: string }[] = [];
      bursts.forEach((one, index) => {
        if (one.kind !== 'proved') {
          bench.meet(forged(one, index * 10_000));
          return;
        }
        const address = `45.0.0.${index}`;
        const number = `4670000000${index}`;
        proved.push({ address, number });
        bench.meet([
          { grade: one.grade, sourceIp: address, calledNumber: number, userAgent: `own ${index}` },
        ]);
      });
      const { reader } = bench;
      for (const { address, number } of proved) {
        assert.notEqual(reader.address(address)?.grade ?? 'seen', 'seen', address);
        assert.equal(reader.number(number)?.seenCount, 1, number);
        assert.notEqual(reader.evidence.address(address), undefined);
        assert.notEqual(reader.evidence.number(number), undefined);
        assert.equal(reader.listings.listing({ kind: 'address', value: address })?.level, 'listed');
        assert.equal(reader.listings.listing({ kind: 'number', value: number })?.level, 'listed');
      }
      const count = "SELECT count(*) FROM honey WHERE source_ip LIKE '45.0.0.%'";
      assert.equal(bench.query(count), proved.length);
      assert.equal(
        bench.query("SELECT count(*) FROM user_agent_total WHERE user_agent LIKE 'own %'"),
        proved.length,
      );
      assert.ok(reader.addressesCount() <= totalsCountMax);
      assert.ok(reader.listings.counts().number <= evidenceCountMax);
      const pages = bench.query('PRAGMA page_count') - bench.query('PRAGMA freelist_count');
      assert.ok(pages * 4096 <= MIB, `${pages} pages`);
      if (
        bench.query('SELECT count(*) FROM honey') < bench.query('SELECT max(honey_id) FROM honey')
      ) {
        pushedCount += 1;
      }
    }),
    { numRuns: 12 },
  );
  assert.ok(pushedCount > 2, `${pushedCount} runs went beyond a limit, so the test says something`);
});

test('of what was proved the oldest of the weaker grade go first', () => {
  using bench = new Bench();
  const count = evidenceCountMax;
  const events = (
    grade: 'returned' | 'handshake',
    net: number,
    length: number,
  ): readonly TestEvent[] =>
    Array.from({ length }, (_, at) => ({
      grade,
      sourceIp: `45.${net}.${at >> 8}.${at & 255}`,
      calledNumber: undefined,
      sipMessage: new Uint8Array(0),
    }));
  bench.meet(events('handshake', 1, count / 2));
  bench.meet(events('returned', 2, count / 2));
  bench.meet(events('handshake', 3, 10));
  const { evidence, listings } = bench.reader;
  assert.equal(listings.counts().address, count);
  assert.notEqual(evidence.address('45.1.0.0'), undefined);
  for (let at = 0; at < 10; at += 1) {
    const address = `45.2.0.${at}`;
    assert.equal(evidence.address(address), undefined, address);
    assert.equal(listings.listing({ kind: 'address', value: address }), undefined, address);
  }
  assert.notEqual(evidence.address('45.2.0.10'), undefined);
  const changes = listings.changes(0, 10_000).filter(({ change }) => change === 'unlisted');
  assert.equal(changes.length, 10);
});
