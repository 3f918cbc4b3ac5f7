// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The judge over the store: whatever comes in whatever order, what must not be listed never is. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventBatchWriter, type Observation } from '@sentrypeer/event';
import { assert as check, silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store, StoreReader } from '@sentrypeer/store';
import { makeJudge, openJudging, type JudgeOptions } from '../../src/services/open-judging.ts';
import { OBSERVATION } from './observation.ts';
import { TestClock } from './test-clock.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const HOUR_US = 3_600_000_000;
const plans = await NumberingPlans.load();

const OPTIONS: JudgeOptions = {
  homeCountry: 'SE',
  ownNumbers: ['+46855512300-+46855512399'],
  ownAddresses: ['44.55.66.77'],
  policy: [
    { name: 'address-threshold', value: 1 },
    { name: 'number-threshold', value: 1 },
    { name: 'number-confidence', value: 1 },
    // As little as can be asked for.
    ...(
      ['foreign-mobile', 'foreign-fixed', 'special', 'home', 'unread', 'toll-free'] as const
    ).flatMap((name) => [
      { name: `networks-${name}` as const, value: 1 },
      { name: `days-${name}` as const, value: 1 },
    ]),
  ],
};

interface Contact {
  readonly sourceIp: string;
  readonly grade: 'seen' | 'returned' | 'handshake';
  readonly calledNumber: string;
  readonly hours: number;
}

/** A store with its judge, in a separate folder. */
class Node implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-judging-'));
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #judging: ReturnType<Store['openJudging']>;
  #eventsCount = 0;

  constructor(options: JudgeOptions = OPTIONS) {
    const path = join(this.#folder, 'test.db');
    this.store = Store.open({ logger: silentLogger, clock: this.clock }, { path });
    this.reader = StoreReader.open(path);
    this.store.decide({
      kind: 'allow',
      value: '11.22.33.0/24',
      comment: '',
      untilEpochUs: undefined,
    });
    this.store.decide({ kind: 'allow', value: '+4670*', comment: '', untilEpochUs: undefined });
    this.#judging = openJudging(
      { clock: this.clock, plans, onChanged: () => undefined },
      this.store,
      options,
    );
  }

  meet(contacts: readonly Contact[]): void {
    const writer = new EventBatchWriter(new Uint8Array(1_048_576), NODE_ID, 'responsive');
    for (const contact of contacts) {
      this.clock.us += contact.hours * HOUR_US;
      this.#eventsCount += 1;
      const uuid = `019cab00-0000-7000-8000-${String(this.#eventsCount).padStart(12, '0')}`;
      check(writer.addEvent(uuid, this.#observation(contact)), 'fits');
    }
    this.store.append([writer.finish()]);
    this.judge();
  }

  judge(): void {
    this.clock.ms += 1000;
    for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
  }

  /** Everything that was ever announced as listed. */
  everListed(): readonly string[] {
    const changes = this.reader.listings.changes(0, 100_000);
    return changes.filter(({ change }) => change === 'listed').map(({ value }) => value);
  }

  #observation({ sourceIp, grade, calledNumber }: Contact): Observation {
    return {
      ...OBSERVATION,
      eventEpochUs: this.clock.us,
      transportType: grade === 'handshake' ? 'TCP' : 'UDP',
      grade,
      sourceIp,
      calledNumber,
    };
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const GUARDED = [
  '11.22.33.7',
  '44.55.66.77',
  '10.1.2.3',
  '127.0.0.1',
  '192.0.2.1',
  'fe80::1',
  '2001:db8::1',
  '224.0.0.1',
];
const FORGED = ['99.1.2.3', '2a00:1450:0:9::9'];
const contact: fc.Arbitrary<Contact> = fc
  .record({
    source: fc.oneof(
      fc.constantFrom(...GUARDED).map((sourceIp) => ({ sourceIp, forged: false })),
      fc.constantFrom(...FORGED).map((sourceIp) => ({ sourceIp, forged: true })),
      fc.constantFrom('45.1.2.3', '2a00:1450::1').map((sourceIp) => ({ sourceIp, forged: false })),
    ),
    grade: fc.constantFrom('seen' as const, 'returned' as const, 'handshake' as const),
    calledNumber: fc.oneof(
      fc.constantFrom(
        '112',
        '9911',
        '+46112',
        '100',
        '116117',
        '*72#',
        '0701234567',
        '0046701234567',
      ),
      fc.constantFrom('+46855512345', '0855512300', '00442071234567', '900442071234567', 'alice'),
      fc.stringMatching(/^[0-9]{2,6}46701234567$/),
      fc.stringMatching(/^[0-9]{1,18}$/),
    ),
    hours: fc.integer({ min: 0, max: 50 }),
  })
  .map(({ source, grade, ...rest }) => ({
    ...rest,
    sourceIp: source.sourceIp,
    grade: source.forged ? ('seen' as const) : grade,
  }));

test('no sequence of events lists what is guarded, or an address by what may be forged', () => {
  let listedCount = 0;
  fc.assert(
    fc.property(fc.array(contact, { minLength: 1, maxLength: 40 }), (contacts) => {
      using node = new Node();
      const half = Math.floor(contacts.length / 2);
      node.meet(contacts.slice(0, half));
      node.meet(contacts.slice(half));
      const listed = node.everListed();
      listedCount += listed.length;
      for (const address of [...GUARDED, ...FORGED]) assert.ok(!listed.includes(address), address);
      for (const number of listed.filter((value) => !value.includes('.') && !value.includes(':'))) {
        assert.ok(!number.startsWith('4670') && !number.startsWith('468555123'), number);
        assert.ok(number.length >= 7, number);
      }
      const { clock, reader } = node;
      const judge = makeJudge({ clock, plans, evidence: reader.evidence }, OPTIONS);
      for (const { calledNumber, sourceIp } of contacts) {
        const { number, address } = judge.judge(
          { number: calledNumber, address: sourceIp },
          clock.us,
        );
        if (GUARDED.includes(sourceIp) || FORGED.includes(sourceIp))
          assert.ok(address?.listed !== true);
        if (calledNumber.endsWith('46701234567')) assert.ok(number?.listed !== true, calledNumber);
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(listedCount > 60, `${listedCount} were listed, so the test says something`);
});

/** Calls to a number in another country, each with a different prefix. */
function calls(grade: Contact['grade'], count: number, hours = 0): readonly Contact[] {
  return Array.from({ length: count }, (_, index) => ({
    sourceIp: `45.${index}.2.3`,
    grade,
    hours: index === 0 ? 0 : hours,
    calledNumber: `${5551 + index}442071234567`,
  }));
}

const FORMS = [
  '02071234567',
  '+442071234567',
  '902071234567',
  '00442071234567',
  '777777442071234567',
];

test('a number dialled after one prefix after another is watched, listed once enough callers are proved, and found in each form', () => {
  using node = new Node({ ...OPTIONS, policy: [] });
  const { clock, reader } = node;
  const options = { ...OPTIONS, homeCountry: 'US', policy: [] };
  const judge = makeJudge({ clock, plans, evidence: reader.evidence }, options);
  const british = makeJudge(
    { clock, plans, evidence: reader.evidence },
    { ...options, homeCountry: 'GB' },
  );
  node.meet(calls('seen', 4));
  for (const number of FORMS) {
    assert.equal(british.judge({ number }, clock.us).level, 'watch', number);
  }
  assert.deepEqual(node.everListed(), []);
  node.meet(calls('returned', 4, 13));
  for (const number of FORMS.slice(1)) {
    const { level, reasons } = judge.judge({ number }, clock.us);
    if (number !== '902071234567') assert.equal(level, 'listed', `${number} ${reasons.join('; ')}`);
    // At home, the same number is an ordinary one.
    assert.equal(british.judge({ number }, clock.us).level, 'watch', number);
  }
  assert.deepEqual(
    node.everListed().filter((value) => !value.includes('.')),
    ['442071234567'],
  );
  assert.equal(british.judge({ number: '02071234568' }, clock.us).level, 'none');
});

test('an address is listed for what it proved, and taken off when the policy says', () => {
  using node = new Node({ ...OPTIONS, policy: [] });
  node.meet([{ sourceIp: '45.1.2.3', grade: 'returned', calledNumber: '100', hours: 0 }]);
  const subject = { kind: 'address', value: '45.1.2.3' } as const;
  const listing = node.reader.listings.listing(subject);
  assert.ok(listing !== undefined);
  // Packets that claim the address do not keep it listed.
  node.clock.us = listing.untilEpochUs - 1;
  node.meet([{ sourceIp: '45.1.2.3', grade: 'seen', calledNumber: '100', hours: 0 }]);
  assert.equal(node.reader.listings.listing(subject)?.untilEpochUs, listing.untilEpochUs);
  node.clock.us += 1;
  node.judge();
  assert.equal(node.reader.listings.listing(subject), undefined);
  assert.equal(node.reader.listings.changes(0, 10).at(-1)?.change, 'unlisted');
});

test('makeJudge() refuses a country without numbers', () => {
  using node = new Node();
  const { clock, reader } = node;
  assert.throws(
    () => makeJudge({ clock, plans, evidence: reader.evidence }, { ...OPTIONS, homeCountry: 'AQ' }),
    { code: 'home_country_unknown' },
  );
});
