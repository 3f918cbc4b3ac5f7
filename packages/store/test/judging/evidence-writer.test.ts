// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How sums become rows of evidence: what is added up, what an operator's delisting keeps out, and how digits are read. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import { EvidenceReader } from '../../src/judging/evidence-reader.ts';
import { EvidenceSums } from '../../src/judging/evidence-sums.ts';
import { EvidenceWriter, type DialledReader } from '../../src/judging/evidence-writer.ts';
import { RateReader } from '../../src/totals/rate-reader.ts';
import { Counters } from '../../src/totals/counters.ts';
import { DAY_US, NODE_ID, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

type Row = Readonly<Record<string, unknown>>;

/** A call whose caller proved to be there. */
const CALL: Row = {
  message_kind: 'request',
  source_ip: '11.22.33.44',
  called_number: '0046701234567',
  transport_type: 'UDP',
  method: 'INVITE',
  user_agent: '',
  grade: 'returned',
  created_by_node_id: NODE_ID,
  has_credentials: 0,
  is_hearsay: 0,
};
const NUMBER = '46701234567';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly evidence = new EvidenceReader(this.tables.database);
  /** What the digits may mean: by default what follows `00`, and nothing without that. */
  readonly means = new Map<string, readonly string[]>();
  /** Digits that were read, each time. */
  readonly read: string[] = [];
  readonly #writer: EvidenceWriter;
  #honeyId = 0;

  constructor({ evidenceCountMax = 1000 } = {}) {
    const { database } = this.tables;
    const numbers: DialledReader = {
      read: (dialled) => {
        this.read.push(dialled);
        const candidates =
          this.means.get(dialled) ?? (dialled.startsWith('00') ? [dialled.slice(2)] : []);
        return {
          candidates,
          unread: dialled.startsWith('55') ? dialled : undefined,
          settle: (formsOf) =>
            candidates
              .map((e164) => ({ e164, confidence: 1 - 0.5 / formsOf(e164) }))
              .toSorted((a, b) => b.confidence - a.confidence)[0],
        };
      },
      hotNumbersCount: 2,
      blocksOf: (e164) => [`${e164.slice(0, -2)}xx`, `${e164.slice(0, -3)}xxx`],
      isCostly: (dialled, { e164 }) => dialled.startsWith('00') && e164.startsWith('44'),
    };
    const counters = new Counters(database);
    this.#writer = new EvidenceWriter(database, counters, numbers, evidenceCountMax);
  }

  /** Writes what events say, each with a total for its digits. @returns The subjects, as `kind value`. */
  write(...rows: readonly Row[]): readonly string[] {
    for (const row of rows) this.total(String({ ...CALL, ...row }['called_number']));
    return this.writeKnown(...rows);
  }

  /** The same without new totals. */
  writeKnown(...rows: readonly Row[]): readonly string[] {
    const sums = new EvidenceSums({
      countsLocalCallers: false,
      toolOf: (userAgent) => (userAgent === '' ? undefined : userAgent),
    });
    for (const { atUs = NOON_US, ...row } of rows) {
      const time = formatEventTimestamp(Number(atUs));
      sums.add({ event_timestamp: time, created_at: time, ...CALL, ...row }, NOON_US + 99 * DAY_US);
    }
    this.#honeyId += rows.length;
    return this.#writer.write(sums, this.#honeyId).map(({ kind, value }) => `${kind} ${value}`);
  }

  total(number: string): void {
    this.tables.database
      .prepare(
        `INSERT OR IGNORE INTO number_total (number, first_seen_us, last_seen_us, seen_count) VALUES (?, 1, 1, 1)`,
      )
      .run(number);
  }

  /** Up to now, or up to an event. */
  delist(kind: 'address' | 'number', value: string, honeyId = this.#honeyId): void {
    this.tables.database
      .prepare(
        `INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment) VALUES (?, ?, 0, 0, ?, '')`,
      )
      .run(kind, value, honeyId);
  }

  counts(): readonly number[] {
    return [this.tables.counter('proved_addresses'), this.tables.counter('read_numbers')];
  }

  /** Calls by the hour to a kind of name. */
  rates(kind: 'number' | 'range'): readonly string[] {
    const rates = new RateReader(this.tables.database, this.tables.path);
    return rates
      .tops(kind, NOON_US - DAY_US, NOON_US + 99 * DAY_US, 9)
      .map(({ name, seenCount }) => `${name} ${seenCount}`)
      .toSorted();
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('EvidenceWriter.write() adds up what an address did, and keeps the first tool', () => {
  using bench = new Bench();
  const number = '0044201';
  const subjects = bench.write(
    { called_number: number, atUs: NOON_US + 5, user_agent: 'a' },
    { called_number: number, has_credentials: 1, user_agent: 'a' },
    { atUs: NOON_US + 2 },
  );
  assert.ok(subjects.includes('address 11.22.33.44'));
  assert.deepEqual(bench.evidence.address('11.22.33.44'), {
    grade: 'returned',
    eventsCount: 3,
    firstEpochUs: NOON_US,
    lastEpochUs: NOON_US + 5,
    daysCount: 1,
    nodesCount: 1,
    transports: ['UDP'],
    tool: 'a',
    credentialsCount: 1,
    callsCount: 3,
    costlyCallsCount: 2,
    attemptsCount: 3,
    targetsCount: 2,
  });
  bench.write(
    { called_number: number, atUs: NOON_US - 7, grade: 'handshake', transport_type: 'TLS' },
    { called_number: '101', user_agent: 'b', created_by_node_id: 'another', has_credentials: 1 },
    { atUs: NOON_US + DAY_US, method: 'REGISTER', called_number: '102' },
  );
  assert.deepEqual(bench.evidence.address('11.22.33.44'), {
    grade: 'handshake',
    eventsCount: 6,
    firstEpochUs: NOON_US - 7,
    lastEpochUs: NOON_US + DAY_US,
    daysCount: 2,
    nodesCount: 2,
    transports: ['UDP', 'TLS'],
    tool: 'a',
    credentialsCount: 2,
    callsCount: 5,
    costlyCallsCount: 3,
    attemptsCount: 6,
    targetsCount: 4,
  });
  bench.write({ source_ip: '11.22.33.45' });
  bench.write({ source_ip: '11.22.33.45', user_agent: 'c' });
  assert.equal(bench.evidence.address('11.22.33.45')?.tool, 'c', 'the first that was known');
  const networks = bench.tables.rows('SELECT DISTINCT network IS NULL FROM address_evidence');
  assert.deepEqual(networks, ['1'], 'IPv4 is not judged by network');
});

test('EvidenceWriter.write() counts each day once, whatever the order and the distance', () => {
  for (const [name, days, count] of [
    ['the same day', [[0], [0]], 1],
    ['the next day', [[0], [1]], 2],
    [
      'several at once, which touch',
      [
        [0, 1],
        [1, 2, 3],
      ],
      4,
    ],
    ['several later', [[0], [5, 6]], 3],
    ['an earlier day, which may have been counted', [[3], [1]], 1],
    ['from the last day on', [[0], [0, 1]], 2],
  ] as const) {
    using bench = new Bench();
    for (const batch of days) {
      bench.write(...batch.map((day) => ({ atUs: NOON_US + day * DAY_US })));
    }
    const number = bench.evidence.number(NUMBER);
    assert.equal(bench.evidence.address('11.22.33.44')?.daysCount, count, name);
    assert.deepEqual([number?.daysCount, number?.proved?.daysCount], [count, count], name);
    assert.equal(bench.evidence.range('467012345xx')?.daysCount, count, name);
  }
});

test('EvidenceWriter.write() counts nothing from before a delisting of the address or a network around it', () => {
  using bench = new Bench();
  bench.delist('address', '11.22.33.44', 1);
  bench.delist('address', '2a00:1450:1::/48', 3);
  const [ipv4, ipv6] = [{}, { source_ip: '2a00:1450:1:7::1' }];
  assert.deepEqual(
    bench.write(ipv4).filter((one) => one.startsWith('address')),
    [],
  );
  assert.deepEqual(
    bench.write(ipv6).filter((one) => one.startsWith('address')),
    [],
  );
  assert.deepEqual([bench.counts()[0], bench.evidence.address('11.22.33.44')], [0, undefined]);
  const after = bench.write(ipv4, { source_ip: '2a00:1450:2:7::1' });
  assert.deepEqual(
    after.filter((one) => one.startsWith('address')),
    ['address 11.22.33.44', 'address 2a00:1450:2:7::/64'],
    'what came after it counts, and what is beside the network',
  );
  bench.write(ipv6);
  assert.equal(bench.evidence.address('2a00:1450:1:7::9')?.eventsCount, 1);
  assert.equal(bench.counts()[0], 3);
  const networks = bench.tables.rows('SELECT count(network) FROM address_evidence');
  assert.deepEqual(networks, ['2']);
});

test('EvidenceWriter.write() counts nothing of a number before its delisting but its rate', () => {
  using bench = new Bench();
  bench.delist('number', NUMBER, 2);
  assert.deepEqual(bench.write({}, {}), ['address 11.22.33.44']);
  assert.deepEqual(
    [bench.evidence.number(NUMBER), bench.evidence.range('467012345xx')],
    [undefined, undefined],
  );
  assert.deepEqual([bench.rates('number'), bench.rates('range')], [[`+${NUMBER} 2`], []]);
  bench.write({});
  assert.equal(bench.evidence.number(NUMBER)?.eventsCount, 1);
  assert.equal(bench.evidence.number(NUMBER)?.proved?.eventsCount, 1);
  assert.deepEqual(bench.rates('number'), [`+${NUMBER} 3`]);
  bench.delist('number', '11.22.33.44', 99);
  bench.delist('address', '46701234568', 99);
  assert.deepEqual(
    bench.write({ called_number: '0046701234568' }).slice(0, 2),
    ['address 11.22.33.44', 'number 46701234568'],
    'the kind decides',
  );
});

test('EvidenceWriter.write() reads digits once, and keeps what they meant then', () => {
  using bench = new Bench();
  bench.means.set('9123', ['123', '9123']);
  bench.write({ called_number: '9123' }, { called_number: '9123', source_ip: '11.22.33.45' });
  assert.deepEqual(bench.read, ['9123']);
  assert.equal(bench.evidence.meaningOf('9123'), '123');
  assert.equal(bench.evidence.number('123')?.confidence, 0.5);
  bench.means.set('9123', ['9']);
  bench.means.set('8123', ['123', '8123']);
  bench.write({ called_number: '9123' });
  assert.deepEqual(bench.read, ['9123']);
  assert.deepEqual(
    [bench.evidence.number('123')?.eventsCount, bench.evidence.number('123')?.confidence],
    [3, 0.5],
  );
  bench.write({ called_number: '8123', grade: 'seen' });
  assert.equal(bench.evidence.meaningOf('8123'), '123', 'what has two forms is likelier');
  assert.deepEqual(
    [bench.evidence.number('123')?.confidence, bench.evidence.number('123')?.eventsCount],
    [0.75, 4],
  );
  assert.deepEqual([bench.evidence.formsOf('123'), bench.evidence.formsOf('9123')], [2, 1]);
  bench.write({ called_number: '9123' });
  assert.equal(bench.evidence.number('123')?.confidence, 0.75, 'the highest');
});

test('EvidenceWriter.write() remembers that digits mean nothing, and judges what no plan knows by its digits', () => {
  using bench = new Bench();
  for (const called_number of ['77', '77', '551']) bench.write({ called_number });
  assert.deepEqual(bench.read, ['77', '551']);
  assert.equal(bench.evidence.meaningOf('77'), undefined);
  assert.deepEqual(
    [bench.evidence.number('551')?.confidence, bench.evidence.number('77')],
    [1, undefined],
  );
  assert.deepEqual(bench.counts(), [1, 1]);
  assert.deepEqual(bench.writeKnown({ called_number: '0046' }), ['address 11.22.33.44']);
  assert.deepEqual(bench.read, ['77', '551'], 'its total was removed to make room');
});

test('EvidenceWriter.write() does not take the times of a form for those of calls to the number', () => {
  using bench = new Bench();
  bench.means.set('1', ['123', '456']);
  bench.write({ called_number: '1', atUs: NOON_US });
  bench.means.set('2', ['123', '456']);
  bench.write({ called_number: '2', atUs: NOON_US - DAY_US });
  const seen = (): readonly string[] =>
    bench.tables.rows(
      "SELECT first_seen_us || ' ' || last_seen_us FROM number_evidence WHERE e164 = '456'",
    );
  assert.deepEqual(seen(), [`${NOON_US} ${NOON_US}`], 'as it was last named');
  bench.means.set('3', ['456']);
  bench.write({ called_number: '3', atUs: NOON_US - 5 });
  assert.deepEqual(seen(), [`${NOON_US - 5} ${NOON_US - 5}`]);
  assert.equal(bench.evidence.number('456')?.daysCount, 1);
  bench.means.set('4', ['456']);
  bench.write({ called_number: '4', atUs: NOON_US + DAY_US, grade: 'seen' });
  const { daysCount, firstEpochUs, lastEpochUs, proved } = bench.evidence.number('456') ?? {};
  assert.deepEqual([daysCount, firstEpochUs, lastEpochUs], [2, NOON_US - 5, NOON_US + DAY_US]);
  assert.deepEqual([proved?.daysCount, proved?.lastEpochUs], [1, NOON_US - 5]);
});

test('EvidenceWriter.write() keeps proved calls to a number apart from those that anybody can forge', () => {
  using bench = new Bench();
  bench.write({ grade: 'seen', atUs: NOON_US - DAY_US }, { grade: 'seen', source_ip: '12.1.1.1' });
  const forged = bench.evidence.number(NUMBER);
  assert.deepEqual([forged?.proved, forged?.eventsCount, forged?.grade], [undefined, 2, 'seen']);
  assert.equal(bench.evidence.range('467012345xx'), undefined);
  assert.deepEqual(bench.rates('range'), [], 'only proved calls count for a block');
  bench.write(
    { source_ip: '13.1.1.1', atUs: NOON_US + 3 },
    { source_ip: '13.1.2.1', grade: 'handshake', atUs: NOON_US + 4 },
    { source_ip: '14.1.1.1', grade: 'seen', atUs: NOON_US + 9 },
  );
  assert.deepEqual(bench.evidence.number(NUMBER), {
    grade: 'handshake',
    eventsCount: 5,
    firstEpochUs: NOON_US - DAY_US,
    lastEpochUs: NOON_US + 9,
    daysCount: 2,
    nodesCount: 1,
    formsCount: 1,
    sourcesCount: 5,
    confidence: 0.5,
    proved: {
      grade: 'handshake',
      eventsCount: 2,
      firstEpochUs: NOON_US + 3,
      lastEpochUs: NOON_US + 4,
      daysCount: 1,
      sourcesCount: 2,
      networksCount: 1,
    },
  });
  bench.write({ source_ip: '15.1.1.1', atUs: NOON_US - 4 }, { grade: 'seen' });
  const { proved } = bench.evidence.number(NUMBER) ?? {};
  assert.deepEqual(
    [proved?.eventsCount, proved?.firstEpochUs, proved?.lastEpochUs, proved?.networksCount],
    [3, NOON_US - 4, NOON_US + 4, 2],
  );
});

test('EvidenceWriter.write() counts a number for its blocks once, and names those with several', () => {
  using bench = new Bench();
  const call = (end: string, more: Row = {}): readonly string[] =>
    bench
      .write({ called_number: `004670123${end}`, ...more })
      .filter((subject) => !subject.startsWith('address'));
  const number = (end: string): string => `number 4670123${end}`;
  assert.deepEqual(call('4567'), [number('4567')]);
  assert.deepEqual(call('4567', { source_ip: '12.1.1.1', atUs: NOON_US + 6 }), [number('4567')]);
  assert.deepEqual(call('4599', { grade: 'seen' }), [number('4599')]);
  assert.deepEqual(bench.evidence.range('467012345xx'), {
    numbersCount: 1,
    networksCount: 2,
    daysCount: 1,
    firstEpochUs: NOON_US,
    lastEpochUs: NOON_US + 6,
    example: NUMBER,
  });
  const blocks = ['range 467012345xx', 'range 46701234xxx'];
  assert.deepEqual(call('4599', { atUs: NOON_US - 6 }), [number('4599'), ...blocks]);
  assert.deepEqual(call('4567'), [number('4567'), ...blocks]);
  assert.deepEqual(call('4600'), [number('4600'), blocks[1]]);
  const { numbersCount, firstEpochUs, lastEpochUs, example } =
    bench.evidence.range('46701234xxx') ?? {};
  assert.deepEqual(
    [numbersCount, firstEpochUs, lastEpochUs, example],
    [3, NOON_US - 6, NOON_US + 6, '46701234600'],
  );
  assert.deepEqual(bench.rates('range'), ['+467012345xx 4', '+467012346xx 1'], 'the smallest');
  assert.deepEqual(bench.rates('number'), ['+46701234567 3', '+46701234599 2', '+46701234600 1']);
  const both = bench.write(
    { called_number: '0049301', grade: 'seen' },
    { called_number: '0049302' },
  );
  assert.deepEqual(both, ['address 11.22.33.44', 'number 49301', 'number 49302']);
});

test('EvidenceWriter.write() names a block that a hub lists at its first number', () => {
  using bench = new Bench();
  bench.tables.fleet('range', '467012345xx');
  bench.tables.fleet('number', '46701234xxx');
  const call = (): readonly string[] => bench.write({}).slice(1);
  assert.deepEqual(call(), [`number ${NUMBER}`, 'range 467012345xx']);
  assert.deepEqual(call(), [`number ${NUMBER}`]);
});

test('EvidenceWriter.write() has the numbers of a block judged again when it becomes hot', () => {
  using bench = new Bench();
  for (const end of ['01', '02']) bench.write({ called_number: `00467012345${end}` });
  assert.deepEqual(bench.tables.dues(), []);
  bench.write({ called_number: '0046701234501' });
  assert.deepEqual(bench.tables.dues(), [], 'it is no other number');
  bench.write({ called_number: '0046701234503' });
  const all = ['01', '02', '03'].map((end) => `number 467012345${end}`);
  assert.deepEqual(bench.tables.dues(), [...all, ...all], 'for each of its two blocks');
  bench.write({ called_number: '0046701234503' });
  assert.equal(bench.tables.dues().length, 6, 'once');
});

test('EvidenceWriter.write() counts new rows, and what leaves for others of the same network', () => {
  using bench = new Bench({ evidenceCountMax: 512 });
  bench.write({}, { source_ip: '11.22.33.45', called_number: '0044201' });
  bench.write({}, {});
  assert.deepEqual(bench.counts(), [2, 2]);
  const sources = Array.from({ length: 17 }, (_, index) => ({
    source_ip: `2a00:1450:1:${(index + 1).toString(16)}::1`,
  }));
  bench.write(...sources.slice(1));
  assert.equal(bench.counts()[0], 18, 'a network may have this many');
  bench.write(sources[0] ?? {});
  assert.equal(bench.counts()[0], 16);
  assert.deepEqual(bench.tables.rows('SELECT count(*) FROM address_evidence'), ['16']);
});

test('EvidenceWriter.write() counts rates by the time of the newest call', () => {
  using bench = new Bench();
  assert.deepEqual(bench.write(), []);
  bench.write({ atUs: NOON_US + 30 * DAY_US });
  assert.deepEqual(bench.rates('number'), [`+${NUMBER} 1`]);
});
