// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What changes a verdict changes the lists, even if it says nothing about the subject itself. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Subject } from '@sentrypeer/event';
import type { JudgeOptions } from '../../src/services/open-judging.ts';
import { DecidingNode } from './deciding-node.ts';

const HOUR_US = 3_600_000_000;
const OPTIONS: JudgeOptions = {
  homeCountry: 'SE',
  ownNumbers: [],
  ownAddresses: [],
  policy: [
    { name: 'network-56', value: 2 },
    { name: 'network-spread', value: 2 },
    { name: 'networks-unread', value: 1 },
    { name: 'days-unread', value: 1 },
  ],
};
const RANGE = { kind: 'range', value: '9725928910xx' } as const;
const WIDE = address('2a02:6b8:1::/56');
const ALWAYS = { comment: '', untilEpochUs: undefined };

function address(value: string): Subject {
  return { kind: 'address', value };
}

function number(value: string): Subject {
  return { kind: 'number', value };
}

/** The level of each on the lists, which a judge that has seen nothing confirms. */
function levels(node: DecidingNode, ...subjects: readonly Subject[]): readonly string[] {
  node.settle();
  const entries = node.entries(['address', 'number', 'range']);
  const judge = node.judge();
  return subjects.map((subject) => {
    const entry = entries.find(
      ({ kind, value }) => kind === subject.kind && value === subject.value,
    );
    const level = entry?.level ?? 'none';
    assert.equal(level, judge.subject(subject, node.clock.us).level, subject.value);
    return level;
  });
}

function attack(node: DecidingNode, ...addresses: readonly string[]): void {
  node.meet(addresses.flatMap((sourceIp) => [{ sourceIp }, { sourceIp }, { sourceIp }]));
}

function call(node: DecidingNode, e164: string, sourceIp: string): void {
  node.meet([{ sourceIp, calledNumber: `+${e164}` }]);
}

test('a number is refused for less once others of its block were called, and no longer when these are forgotten', () => {
  using node = new DecidingNode(OPTIONS);
  const numbers = ['972592891005', '972592891006', '972592891077'].map(number);
  call(node, '972592891005', '45.1.2.3');
  assert.deepEqual(levels(node, ...numbers), ['watch', 'none', 'none']);
  call(node, '972592891006', '46.1.2.3');
  assert.deepEqual(levels(node, ...numbers), ['watch', 'watch', 'none']);
  call(node, '972592891077', '47.1.2.3');
  assert.deepEqual(levels(node, ...numbers), ['listed', 'listed', 'listed']);
  node.forget(number('972592891006'));
  assert.deepEqual(levels(node, ...numbers), ['watch', 'none', 'watch']);
  call(node, '972592891006', '46.1.2.3');
  assert.deepEqual(levels(node, ...numbers), ['listed', 'listed', 'listed']);
  node.decide({ kind: 'delist', subject: RANGE, comment: '' });
  assert.deepEqual(levels(node, ...numbers), ['listed', 'listed', 'listed'], 'by wider blocks');
  node.decide({ kind: 'delist', subject: number('972592891077'), comment: '' });
  assert.deepEqual(levels(node, ...numbers), ['watch', 'watch', 'none']);
});

test('digits that no plan knows are found as they are listed, also after a plus', () => {
  using node = new DecidingNode(OPTIONS);
  const digits = number('99912345');
  call(node, digits.value, '45.1.2.3');
  assert.deepEqual(levels(node, digits), ['listed']);
  const asked = (text: string): string => node.judge().judge({ number: text }, node.clock.us).level;
  assert.equal(asked('+99912345'), 'listed');
  assert.equal(asked('99912345'), 'none', 'at home it means another number');
  node.decide({ kind: 'allow', value: '99912000-99912999', ...ALWAYS });
  node.settle();
  assert.equal(asked('+99912345'), 'none');
});

test('digits that no plan knows leave the lists when a range of them is allowed, and come back after it', () => {
  using node = new DecidingNode(OPTIONS);
  const digits = number('99912345');
  call(node, digits.value, '45.1.2.3');
  assert.deepEqual(levels(node, digits), ['listed']);
  node.decide({ kind: 'allow', value: '99912000-99912999', ...ALWAYS });
  assert.deepEqual(levels(node, digits), ['none']);
  node.decide({ kind: 'disallow', value: '99912000-99912999' });
  assert.deepEqual(levels(node, digits), ['listed']);
});

test('what voters, hubs or the operator name stays listed when all that is known of it here is forgotten', () => {
  using node = new DecidingNode(OPTIONS);
  const [voted, called, ofHub] = [
    address('45.12.3.4'),
    number('442071234567'),
    address('45.12.3.5'),
  ];
  const [blocked, around] = [address('2a02:6b8:1:2::1'), address('2a02:6b8:1:2::/64')];
  node.trust('Alice', 'Bob');
  for (const who of ['Alice', 'Bob']) node.say(who, [voted.value, called.value, around.value]);
  node.follow({ ...ofHub, level: 'listed' });
  node.decide({ kind: 'block', subject: blocked, ...ALWAYS });
  const said = (): readonly string[] => levels(node, voted, called, ofHub, around);
  const listed = ['listed', 'watch', 'listed', 'listed'];
  assert.deepEqual(said(), listed);
  for (const one of [voted, called, ofHub, blocked]) node.forget(one);
  assert.deepEqual(said(), listed);
  for (const who of ['Alice', 'Bob']) node.say(who, []);
  node.settle();
  assert.ok(node.entries(['address']).some(({ value }) => value === blocked.value));
  node.forget(blocked);
  node.settle();
  assert.ok(node.entries(['address']).some(({ value }) => value === blocked.value));
});

test('what hubs and voters prove of a number stays proved if somebody dials what might have meant it', () => {
  using node = new DecidingNode(OPTIONS);
  const [ofHub, voted] = [number('900442085551234'), number('900442085551235')];
  node.trust('Alice', 'Bob');
  for (const who of ['Alice', 'Bob']) node.say(who, [voted.value]);
  node.follow({ ...ofHub, level: 'listed' });
  const grades = (): readonly (readonly [string, string, number])[] => {
    node.settle();
    return node
      .entries(['number'])
      .filter(({ value }) => value.startsWith('90'))
      .toSorted((a, b) => a.value.localeCompare(b.value))
      .map(({ value, grade, eventsCount }) => [value, grade, eventsCount]);
  };
  const before = grades();
  assert.deepEqual(before, [
    [ofHub.value, 'handshake', 3],
    [voted.value, 'returned', 2],
  ]);
  // Both are read as numbers of the United Kingdom, but might have been Turkish ones.
  node.meet([ofHub, voted].map(({ value }) => ({ calledNumber: value, grade: 'seen' })));
  node.settle();
  node.follow({ ...ofHub, level: 'listed' }, { score: 61 });
  for (const who of ['Alice', 'Bob']) node.say(who, [voted.value]);
  assert.deepEqual(grades(), before);
});

test('a range that hubs list is refused again as soon as its delisted number is called', () => {
  using node = new DecidingNode(OPTIONS);
  node.follow({ ...RANGE, level: 'listed' });
  assert.deepEqual(levels(node, RANGE), ['listed']);
  node.decide({ kind: 'delist', subject: number('972592891005'), comment: '' });
  assert.deepEqual(levels(node, RANGE), ['watch']);
  call(node, '972592891005', '45.1.2.3');
  assert.deepEqual(levels(node, RANGE), ['listed']);
});

test('what hubs and voters list within a wide network is listed again after that has ended', () => {
  using node = new DecidingNode(OPTIONS);
  const [voted, ofHub] = [address('2a02:6b8:1:3::/64'), address('2a02:6b8:1:4::/64')];
  node.trust('Alice', 'Bob');
  for (const who of ['Alice', 'Bob']) node.say(who, [voted.value]);
  const untilEpochUs = node.clock.us + 24 * 365 * HOUR_US;
  node.follow({ ...ofHub, level: 'listed' }, { untilEpochUs });
  assert.deepEqual(levels(node, voted, ofHub), ['listed', 'listed']);
  attack(node, '2a02:6b8:1:1::1', '2a02:6b8:1:81::1');
  node.settle();
  const listed = (): readonly string[] => {
    node.settle();
    const values = node.entries(['address']).map(({ value }) => value);
    return values.toSorted((a, b) => a.localeCompare(b));
  };
  assert.deepEqual(listed(), [WIDE.value]);
  node.decide({ kind: 'delist', subject: address('2a02:6b8:1:1::1'), comment: '' });
  assert.deepEqual(listed(), [], 'the whole was delisted, with all that was met in it until then');
  attack(node, '2a02:6b8:1:1::1', '2a02:6b8:1:81::1');
  assert.deepEqual(listed(), [WIDE.value]);
  node.clock.pass(2 * HOUR_US);
  for (const who of ['Alice', 'Bob']) node.say(who, [voted.value]);
  node.follow({ ...ofHub, level: 'listed' }, { untilEpochUs });
  assert.deepEqual(listed(), [WIDE.value]);
  node.decide({ kind: 'allow', value: '2a02:6b8:1:1::1', ...ALWAYS });
  assert.deepEqual(listed(), [voted.value, ofHub.value, '2a02:6b8:1:81::/64']);
});

test('a network that hubs only watch is looked at once', () => {
  using node = new DecidingNode(OPTIONS);
  const watched = ['2a02:6b8:1::/56', '2a02:6b8:2::/48', '2a02:6b8:3::/60'].map(address);
  for (const one of watched) node.follow({ ...one, level: 'watch' });
  assert.deepEqual(levels(node, ...watched), ['watch', 'watch', 'none']);
});

test('a network with many parts may end as a whole any number of times, and its parts always come back', () => {
  using node = new DecidingNode(OPTIONS);
  const parts = Array.from({ length: 200 }, (_, at) => `2a02:6b8:1:${(at + 1).toString(16)}::1`);
  attack(node, ...parts);
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(levels(node, WIDE), ['listed']);
    node.decide({ kind: 'allow', value: '2a02:6b8:1:f0::1', ...ALWAYS });
    node.settle();
    assert.equal(node.entries(['address']).length, 200);
    node.decide({ kind: 'disallow', value: '2a02:6b8:1:f0::1' });
  }
});

test('what lies within a network that hubs blocked is listed again when that ends, before its row is removed', () => {
  using node = new DecidingNode(OPTIONS);
  const [part, blocked] = [address('2a02:6b8:1:1::/64'), address('2a02:600::/24')];
  attack(node, '2a02:6b8:1:1::1');
  node.follow({ ...blocked, level: 'listed' }, { isBlocked: true });
  assert.deepEqual(levels(node, part, blocked), ['none', 'listed']);
  node.clock.pass(HOUR_US);
  node.step();
  assert.deepEqual(
    node.entries(['address']).map(({ value }) => value),
    [part.value],
  );
});

test('a network is listed as a whole only by the evidence in it: a block of a part or votes for it change nothing', () => {
  using node = new DecidingNode({
    ...OPTIONS,
    policy: [...OPTIONS.policy, { name: 'address-days-max', value: 3 }],
  });
  const [one, other] = ['2a02:6b8:1:1::/64', '2a02:6b8:1:81::/64'] as const;
  attack(node, '2a02:6b8:1:1::1', '2a02:6b8:1:81::1');
  assert.deepEqual(levels(node, WIDE), ['listed']);
  node.decide({ kind: 'block', subject: address(one), ...ALWAYS });
  assert.deepEqual(levels(node, WIDE), ['listed']);
  node.decide({ kind: 'unblock', subject: address(one) });
  node.decide({ kind: 'block', subject: address('2a02:6b8:1:80::/60'), ...ALWAYS });
  assert.deepEqual(levels(node, WIDE), ['listed']);
  node.decide({ kind: 'unblock', subject: address('2a02:6b8:1:80::/60') });
  node.trust('Alice', 'Bob');
  for (const who of ['Alice', 'Bob']) node.say(who, [one, other]);
  assert.deepEqual(levels(node, WIDE), ['listed']);
  node.clock.pass(73 * HOUR_US);
  assert.deepEqual(levels(node, WIDE, address(one), address(other)), ['none', 'listed', 'listed']);
});

test('when the clock is put back, what had ended by it has not, and what was allowed is', () => {
  using node = new DecidingNode(OPTIONS);
  const [attacker, customer] = [address('45.1.2.3'), address('46.1.2.3')];
  attack(node, attacker.value, customer.value);
  node.decide({
    kind: 'allow',
    value: customer.value,
    comment: '',
    untilEpochUs: node.clock.us + 24 * 365 * HOUR_US,
  });
  assert.deepEqual(levels(node, attacker, customer), ['listed', 'none']);
  const { untilEpochUs = 0 } = node.judge().subject(attacker, node.clock.us);
  node.clock.pass(untilEpochUs - node.clock.us - HOUR_US);
  assert.deepEqual(levels(node, attacker, customer), ['listed', 'none']);
  node.clock.us += 2 * HOUR_US;
  assert.deepEqual(levels(node, attacker, customer), ['none', 'none']);
  node.clock.us -= 2 * HOUR_US;
  assert.deepEqual(levels(node, attacker, customer), ['listed', 'none']);
  // Years that are doubted remove nothing.
  attack(node, customer.value);
  node.clock.us += 24 * 400 * HOUR_US;
  assert.deepEqual(levels(node, attacker, customer), ['none', 'none']);
  assert.equal(node.judge().judge({ address: customer.value }, node.clock.us).level, 'none');
  node.clock.us -= 24 * 400 * HOUR_US;
  assert.deepEqual(levels(node, attacker, customer), ['listed', 'none']);
  assert.equal(node.reader.evidence.allowances().length, 1);
});

test('what ended while the clock was ahead is listed again when the program starts with the right time', () => {
  using node = new DecidingNode(OPTIONS);
  const attacker = address('45.1.2.3');
  attack(node, attacker.value);
  const { untilEpochUs = 0 } = (node.settle(), node.judge().subject(attacker, node.clock.us));
  node.clock.pass(untilEpochUs - node.clock.us - HOUR_US);
  assert.deepEqual(levels(node, attacker), ['listed']);
  node.clock.us += 2 * HOUR_US;
  assert.deepEqual(levels(node, attacker), ['none']);
  node.restart(undefined, () => (node.clock.us -= 2 * HOUR_US));
  assert.deepEqual(levels(node, attacker), ['listed']);
});

/** Takes the smallest steps until the number of entries is right, and restarts there, as after a crash. */
function crashAmong(node: DecidingNode, isThere: (count: number) => boolean): void {
  for (let steps = 0; steps < 1000; steps += 1) {
    node.stepOnce();
    if (!isThere(node.entries(['address']).length)) continue;
    return node.restart();
  }
  assert.fail('never there');
}

const MANY = Array.from({ length: 200 }, (_, at) => `2a02:6b8:1:${(at + 1).toString(16)}::1`);

test('a network that is blocked becomes an entry also after a crash while what is narrower leaves', () => {
  for (const value of ['2a02:600::/24', '2a02:6b8:1::/48', '2a02:6b8:1::/52']) {
    using node = new DecidingNode({ ...OPTIONS, policy: [{ name: 'network-56', value: 0 }] });
    attack(node, ...MANY);
    node.settle();
    assert.equal(node.entries(['address']).length, 200, value);
    const blocked = address(value);
    node.decide({ kind: 'block', subject: blocked, ...ALWAYS });
    crashAmong(node, (count) => count < 200);
    assert.ok(node.entries(['address']).length > 1, value);
    assert.deepEqual(levels(node, blocked), ['listed'], value);
    assert.equal(node.entries(['address']).length, 1, value);
  }
});

test('what left for a wider network comes back after a crash when the wider one is no longer an entry', () => {
  for (const value of ['2a02:600::/24', '2a02:6b8:1::/48', '2a02:6b8:1::/52']) {
    using node = new DecidingNode({ ...OPTIONS, policy: [{ name: 'network-56', value: 0 }] });
    attack(node, ...MANY);
    node.settle();
    const subject = address(value);
    node.decide({ kind: 'block', subject, ...ALWAYS });
    crashAmong(node, (count) => count < 200);
    node.decide({ kind: 'unblock', subject });
    node.settle();
    assert.equal(node.entries(['address']).length, 200, value);
  }
});

test('what left for a network that is listed by its parts comes back after a crash', () => {
  using node = new DecidingNode(OPTIONS);
  attack(node, ...MANY);
  node.settle();
  assert.deepEqual(
    node.entries(['address']).map(({ value }) => value),
    [WIDE.value],
  );
  node.decide({ kind: 'allow', value: '2a02:6b8:1:f0::1', ...ALWAYS });
  crashAmong(node, (count) => count > 1);
  node.settle();
  assert.equal(node.entries(['address']).length, 200);
  node.decide({ kind: 'disallow', value: '2a02:6b8:1:f0::1' });
  crashAmong(node, (count) => count < 200);
  node.decide({ kind: 'allow', value: '2a02:6b8:1:f0::1', ...ALWAYS });
  node.settle();
  assert.equal(node.entries(['address']).length, 200);
});

test('a network that hubs block becomes an entry also after a crash while what is narrower leaves', () => {
  for (const value of ['2a02:600::/24', '2a02:6b8:1::/48', '2a02:6b8:1::/52']) {
    for (const isBlocked of [true, false]) {
      if (!isBlocked && !value.includes('/48')) continue;
      using node = new DecidingNode({ ...OPTIONS, policy: [{ name: 'network-56', value: 0 }] });
      attack(node, ...MANY);
      node.settle();
      assert.equal(node.entries(['address']).length, 200, value);
      const one = address(value);
      node.follow({ ...one, level: 'listed' }, { isBlocked });
      crashAmong(node, (count) => count < 200);
      assert.ok(node.entries(['address']).length > 1, value);
      assert.deepEqual(levels(node, one), ['listed'], value);
      assert.equal(node.entries(['address']).length, 1, value);
      node.clock.pass(HOUR_US);
      crashAmong(node, (count) => count > 1);
      node.settle();
      assert.equal(node.entries(['address']).length, 200, value);
      node.follow({ ...one, level: 'listed' }, { isBlocked });
      crashAmong(node, (count) => count > 1 && count < 200);
      node.clock.pass(HOUR_US);
      node.settle();
      assert.equal(node.entries(['address']).length, 200, value);
      node.follow({ ...one, level: 'listed' }, { isBlocked });
      crashAmong(node, (count) => count > 1 && count < 200);
      node.follow({ ...one, level: 'none' });
      node.settle();
      assert.equal(node.entries(['address']).length, 200, value);
    }
  }
});

test('a network that waits for narrower ones to leave goes on after a transaction that failed', () => {
  using node = new DecidingNode({ ...OPTIONS, policy: [{ name: 'network-56', value: 0 }] });
  attack(node, ...MANY);
  node.settle();
  let file = '';
  node.restart(undefined, (path) => (file = path));
  node.settle();
  const wide = address('2a02:6b8:1::/48');
  node.follow({ ...wide, level: 'listed' });
  using database = new DatabaseSync(file);
  database.exec(`CREATE TRIGGER failing BEFORE UPDATE ON counter WHEN NEW.name = 'listed_addresses'
    BEGIN SELECT RAISE(ABORT, 'failed'); END`);
  assert.throws(() => node.stepOnce(), /failed/u);
  database.exec('DROP TRIGGER failing');
  assert.deepEqual(levels(node, wide), ['listed']);
  assert.equal(node.entries(['address']).length, 1);
});

test('a number that an earlier version kept with its separators is unblocked by its digits', () => {
  using node = new DecidingNode({ ...OPTIONS, homeCountry: undefined });
  for (const value of ['0800-123 456', 'tel:0800.123456', '0800123456', '0800-123457'])
    node.decide({ kind: 'block', subject: number(value), ...ALWAYS });
  node.settle();
  assert.ok(node.decide({ kind: 'unblock', subject: number('0800123456') }));
  node.settle();
  const left = node.reader.evidence.blocks().map(({ subject }) => subject.value);
  assert.deepEqual(left, ['0800-123457']);
  assert.deepEqual(
    node.entries(['number']).map(({ value }) => value),
    left,
  );
  assert.equal(node.decide({ kind: 'unblock', subject: number('0800123456') }), false);
  assert.ok(node.decide({ kind: 'unblock', subject: number('0800123457') }));
  node.settle();
  assert.deepEqual(node.entries(['number']), []);
});

test('what is blocked in an IPv6 network is refused after the evidence around it is forgotten', () => {
  for (const forgotten of ['2a02:6b8:1::/64', '2a02:6b8:1::1', '2a02:6b8:1::/48']) {
    using node = new DecidingNode(OPTIONS);
    const attacker = '2a02:6b8:1::1';
    const listed = (): readonly string[] => {
      node.settle();
      return node
        .entries(['address'])
        .filter(({ level }) => level === 'listed')
        .map(({ value }) => value);
    };
    node.decide({
      kind: 'block',
      subject: { kind: 'address', value: attacker },
      comment: '',
      untilEpochUs: undefined,
    });
    assert.deepEqual(listed(), [attacker]);
    node.meet([{ sourceIp: attacker }, { sourceIp: attacker }, { sourceIp: attacker }]);
    assert.deepEqual(listed(), ['2a02:6b8:1::/64']);
    node.forget({ kind: 'address', value: forgotten });
    assert.deepEqual(listed(), [attacker], forgotten);
  }
});

for (const ahead of [1, 23] as const) {
  test(`a clock that was ${ahead} h ahead takes no decision away that ends within that time`, () => {
    using node = new DecidingNode(OPTIONS);
    const untilEpochUs = node.clock.us + HOUR_US / 2;
    const [blocked, allowed] = [address('45.13.0.1'), address('45.14.0.1')];
    const fromHub = address('45.15.0.1');
    attack(node, allowed.value);
    node.follow({ ...fromHub, level: 'listed' }, { untilEpochUs });
    node.decide({ kind: 'block', subject: blocked, comment: '', untilEpochUs });
    node.decide({ kind: 'allow', value: allowed.value, comment: '', untilEpochUs });
    const of = (): readonly string[] => levels(node, blocked, allowed, fromHub);
    assert.deepEqual(of(), ['listed', 'none', 'listed']);
    const jump = (hours: number): void => {
      node.clock.us += hours * HOUR_US;
      node.clock.ms += 1000;
    };
    jump(ahead);
    assert.deepEqual(of(), ['none', 'listed', 'none']);
    node.restart();
    jump(-ahead);
    assert.deepEqual(of(), ['listed', 'none', 'listed'], 'they hold again');
    node.clock.pass(HOUR_US / 2);
    assert.deepEqual(of(), ['none', 'listed', 'none'], 'until their end');
    node.clock.pass(25 * HOUR_US);
    of();
    const { evidence } = node.reader;
    assert.equal(evidence.blocks().length + evidence.allowances().length, 0, 'then they go');
  });
}

/** Like a command or the API: read with the current home country. */
function decideOn(node: DecidingNode, kind: 'block' | 'unblock', text: string): boolean {
  const read = node.blockable(text);
  assert.ok(read.kind === 'subject', text);
  const { subject, alike } = read;
  return node.decide(
    kind === 'block' ? { kind, subject, alike, ...ALWAYS } : { kind, subject, alike },
  );
}

test('digits that were blocked before the home country was set are refused as they are dialled, until they are unblocked', () => {
  const national = '0701234567';
  const level = (node: DecidingNode, text: string): string =>
    node.judge().judge({ number: text }, node.clock.us).level;
  for (const text of [national, '+46701234567']) {
    using node = new DecidingNode({ ...OPTIONS, homeCountry: undefined });
    assert.ok(decideOn(node, 'block', national));
    assert.deepEqual(levels(node, number(national)), ['listed']);
    assert.equal(level(node, national), 'listed');
    node.restart({ ...OPTIONS, homeCountry: 'SE' });
    assert.deepEqual(levels(node, number(national)), ['listed']);
    assert.deepEqual([level(node, national), level(node, '+46701234567')], ['listed', 'none']);
    // What guards the number guards the digits.
    node.decide({ kind: 'allow', value: '+46701234567', ...ALWAYS });
    assert.deepEqual([...levels(node, number(national)), level(node, national)], ['none', 'none']);
    node.decide({ kind: 'disallow', value: '+46701234567' });
    assert.deepEqual(levels(node, number(national)), ['listed']);
    assert.ok(decideOn(node, 'unblock', text), `unblock ${text}`);
    assert.deepEqual([...levels(node, number(national)), level(node, national)], ['none', 'none']);
    assert.equal(node.reader.evidence.blocks().length, 0);
    assert.ok(!decideOn(node, 'unblock', text), 'it is not there any more');
  }
});

test('a block in the form of the home country takes the place of the digits that were blocked before it was set', () => {
  using node = new DecidingNode({ ...OPTIONS, homeCountry: undefined });
  decideOn(node, 'block', '0701234567');
  node.restart({ ...OPTIONS, homeCountry: 'SE' });
  decideOn(node, 'block', '0701234567');
  assert.deepEqual(levels(node, number('0701234567'), number('46701234567')), ['none', 'listed']);
  assert.equal(node.reader.evidence.blocks().length, 1);
});

test('digits that somebody called are on no list where they mean a number at home', () => {
  using node = new DecidingNode({ ...OPTIONS, homeCountry: undefined });
  node.meet(['45.1.2.3', '46.1.2.3'].map((sourceIp) => ({ sourceIp, calledNumber: '0701234567' })));
  assert.deepEqual(levels(node, number('0701234567')), ['listed']);
  node.restart({ ...OPTIONS, homeCountry: 'SE' });
  assert.deepEqual(levels(node, number('0701234567')), ['none']);
  const judge = node.judge();
  for (const text of ['0701234567', '+46701234567'])
    assert.equal(judge.judge({ number: text }, node.clock.us).level, 'none', text);
});
