// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Networks: IPv6 networks by how much of them is listed, and those that the operator blocked. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedNetwork, parsePrefix, type JudgedNetwork, type Prefix } from '@sentrypeer/ip';
import { policyOf, type Block, type ListedPart, type Subject } from '../src/index.ts';
import { networkVerdict } from '../src/network-verdict.ts';
import { ADDRESS, allowance, DAY_US, judgeOf, MemoryEvidence, MUCH, NOON_US } from './fixtures.ts';

const ADDRESS_56 = '2a02:6b8:1:212::7';
const NET_64 = '2a02:6b8:1:212::/64';
const NET_56 = '2a02:6b8:1:200::/56';
const NET_48 = '2a02:6b8:1::/48';
const BAD = { ...ADDRESS, tool: 'SIPVicious' } as const;

function judged(text: string): JudgedNetwork {
  const network = judgedNetwork(text);
  assert.ok(network !== undefined, text);
  return network;
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined, text);
  return prefix;
}

function block(kind: Subject['kind'], value: string, untilEpochUs?: number): Block {
  return { subject: { kind, value }, comment: 'fraud', createdEpochUs: NOON_US, untilEpochUs };
}

/** This many listed parts, in this many sixteenths; each is listed a second longer than the one before. */
function parts(count: number, sixteenths: number): readonly ListedPart[] {
  return Array.from({ length: count }, (_, index) => ({
    place: (index % sixteenths) * 16 + Math.floor(index / sixteenths),
    untilEpochUs: NOON_US + (index + 1) * 1e6,
  }));
}

const POLICY = policyOf(
  new Map([
    ['address-threshold', 50],
    ['network-56', 20],
    ['network-48', 30],
    ['network-spread', 9],
  ]),
);

test('networkVerdict() lists a network of which enough is listed, in enough of its parts', () => {
  const verdict = networkVerdict(judged(NET_56), parts(20, 10), POLICY, NOON_US);
  assert.deepEqual(verdict, {
    level: 'listed',
    listed: true,
    score: 50,
    reasons: [
      `20 of the 256 /64 of ${NET_56} are listed, in 10 of its 16 parts, so it is listed as a whole`,
    ],
    // The first of the twenty ends after a second.
    untilEpochUs: NOON_US + 1e6,
  });
  const more = networkVerdict(judged(NET_56), parts(25, 10), POLICY, NOON_US);
  assert.deepEqual([more.score, more.untilEpochUs], [55, NOON_US + 6e6]);
  assert.equal(networkVerdict(judged(NET_56), parts(256, 16), POLICY, NOON_US).score, 100);
  const wide = networkVerdict(judged(NET_48), parts(30, 9), POLICY, NOON_US);
  assert.equal(wide.reasons[0]?.startsWith(`30 of the 256 /56 of ${NET_48} are listed`), true);
});

test('networkVerdict() lists as long as its parts lie in enough of it', () => {
  // Eight parts of it are listed for a day, the ninth for three seconds.
  const long = parts(40, 8).map((part) => ({ ...part, untilEpochUs: NOON_US + DAY_US }));
  const ninth = [10, 3].map((seconds) => ({
    place: 8 * 16 + 15 - seconds,
    untilEpochUs: NOON_US + seconds * 1e6,
  }));
  const verdict = networkVerdict(judged(NET_56), [...ninth, ...long], POLICY, NOON_US);
  assert.deepEqual([verdict.level, verdict.untilEpochUs], ['listed', NOON_US + 10e6]);
});

test('networkVerdict() says what is missing, and counts nothing that ended', () => {
  const why = (text: string, some: readonly ListedPart[], policy = POLICY, now = NOON_US) => {
    const { level, listed, score, reasons } = networkVerdict(judged(text), some, policy, now);
    assert.deepEqual([level, listed, score], ['none', false, 0]);
    return reasons;
  };
  assert.deepEqual(why(NET_56, parts(19, 10)), [
    `19 of the 256 /64 of ${NET_56} are listed, in 10 of its 16 parts; 20 in 9 parts are needed to list the whole`,
  ]);
  assert.equal(why(NET_56, parts(100, 8)).length, 1);
  assert.equal(why(NET_48, parts(29, 10)).length, 1);
  assert.deepEqual(why(NET_56, []), []);
  assert.deepEqual(why(NET_64, parts(256, 16)), []);
  assert.match(why(NET_56, parts(20, 10), POLICY, NOON_US + 1e6)[0] ?? '', /^19 of/);
  assert.deepEqual(why(NET_56, parts(20, 10), POLICY, NOON_US + 20e6), []);
  const never = { ...POLICY, 'network-56': 0 };
  assert.deepEqual(why(NET_56, parts(256, 16), never), [
    `256 of the 256 /64 of ${NET_56} are listed, in 16 of its 16 parts; the policy lists no /56`,
  ]);
});

test('Judge.judge() answers by the widest network that is listed, with the reasons of both', () => {
  const evidence = new MemoryEvidence();
  const question = { address: ADDRESS_56 };
  const judge = judgeOf(evidence);
  const answer = () => judge.judge(question, NOON_US).address;
  assert.deepEqual([answer()?.level, answer()?.entry], ['none', NET_64]);
  evidence.addresses.set(NET_64, BAD);
  assert.deepEqual([answer()?.level, answer()?.entry], ['listed', NET_64]);
  evidence.parts.set(NET_56, parts(256, 16));
  assert.deepEqual([answer()?.level, answer()?.entry], ['listed', NET_56]);
  assert.deepEqual(answer()?.reasons, [
    `256 of the 256 /64 of ${NET_56} are listed, in 16 of its 16 parts, so it is listed as a whole`,
    'the address came to the honeypot once and proved to be there (returned)',
    'it uses SIPVicious',
  ]);
  evidence.parts.set(NET_48, parts(63, 16));
  assert.equal(answer()?.entry, NET_56);
  evidence.parts.set(NET_48, parts(64, 16));
  assert.equal(answer()?.entry, NET_48);
  // Its own /64 has no evidence, but all around it does.
  evidence.addresses.clear();
  assert.deepEqual([answer()?.level, answer()?.entry], ['listed', NET_48]);
  assert.equal(judge.addressStanding(ADDRESS_56, NOON_US), 'met');
});

test('Judge lists no network of IPv6 in which something guarded lies, and still the others', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set(NET_64, BAD);
  evidence.parts.set(NET_56, parts(256, 16));
  evidence.parts.set(NET_48, parts(256, 16));
  const neighbour = judgeOf(evidence, { allowances: [allowance('2a02:6b8:1:2ff::1')] });
  assert.equal(neighbour.judge({ address: ADDRESS_56 }, NOON_US).address?.entry, NET_64);
  const level = (value: string, judge = neighbour) =>
    judge.subject({ kind: 'address', value }, NOON_US);
  assert.equal(level(NET_64).level, 'listed');
  for (const value of [NET_56, NET_48]) {
    assert.equal(level(value).level, 'none');
    assert.match(level(value).reasons[0] ?? '', /contains 2a02:6b8:1:2ff::1, which must not/);
  }
  const inside = judgeOf(evidence, { allowances: [allowance('2a02:6b8:1:212::99')] });
  assert.match(level(NET_64, inside).reasons[0] ?? '', /contains 2a02:6b8:1:212::99/);
  assert.equal(inside.judge({ address: ADDRESS_56 }, NOON_US).level, 'none');
  const nobody = judgeOf(evidence);
  assert.equal(level(NET_56, nobody).level, 'listed');
  assert.deepEqual(nobody.subject({ kind: 'address', value: ADDRESS_56 }, NOON_US).reasons, [
    'IPv6 is listed by network',
  ]);
  // What is not worth listing needs no reason why it is not listed.
  evidence.parts.set(NET_56, parts(1, 1));
  assert.match(level(NET_56).reasons[0] ?? '', /^1 of the 256/);
});

test('Judge.subject() knows a network of IPv4 only by the block, and an address by its evidence', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('45.1.2.3', BAD);
  evidence.addresses.set('45.1.2.0/24', BAD);
  const judge = judgeOf(evidence, { allowances: [allowance('45.1.2.4')] });
  const subject = (value: string) => judge.subject({ kind: 'address', value }, NOON_US);
  assert.equal(subject('45.1.2.3').level, 'listed');
  assert.deepEqual(subject('45.1.2.0/24').reasons, []);
  assert.equal(subject('45.1.2.0/24').level, 'none');
  evidence.addresses.set('45.1.2.4', BAD);
  assert.deepEqual(subject('45.1.2.4').reasons, ['it is on the allowlist']);
});

test('Judge.subject() says of a network within a blocked one that the other stands for it', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set(NET_64, BAD);
  const judge = judgeOf(evidence, {
    blocks: [block('address', '2a02:6b8::/32', NOON_US + 9), block('address', '2a03::5')],
  });
  const subject = (value: string, now = NOON_US) => judge.subject({ kind: 'address', value }, now);
  assert.deepEqual(subject(NET_64).reasons, [
    'it lies in 2a02:6b8::/32, which the operator blocked',
  ]);
  assert.equal(subject(NET_64).level, 'none');
  assert.equal(subject('2a02:6b8::/32').level, 'listed');
  assert.equal(subject(NET_64, NOON_US + 9).level, 'listed');
  assert.equal(subject('2a03::5').level, 'listed');
  assert.equal(subject('2a03::6').level, 'none');
});

test('Judge.network() names what the operator blocked, and what is excepted from it', () => {
  const allowances = Array.from({ length: 10 }, (_, index) => allowance(`45.0.0.${index + 1}`));
  const judge = judgeOf(new MemoryEvidence(), {
    allowances: allowances.slice(0, 8),
    blocks: [block('address', '45.0.0.0/16', NOON_US + 9)],
  });
  const { entry, pool, ...verdict } = judge.network(prefixOf('45.0.0.0/24'), NOON_US);
  assert.deepEqual([entry, pool], ['45.0.0.0/24', undefined]);
  const except = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (host) => `except 45.0.0.${host}: it is on the allowlist`,
  );
  assert.deepEqual(verdict, {
    level: 'listed',
    listed: true,
    score: 100,
    reasons: ['blocked by the operator: fraud', ...except],
    untilEpochUs: NOON_US + 9,
  });
  assert.equal(judge.network(prefixOf('45.0.0.0/24'), NOON_US + 9).level, 'none');
  const many = judgeOf(new MemoryEvidence(), {
    allowances,
    blocks: [block('address', '45.0.0.0/24')],
  });
  assert.deepEqual(many.network(prefixOf('45.0.0.0/24'), NOON_US).reasons, [
    'blocked by the operator: fraud',
    ...except,
    'except 2 more that are never refused',
  ]);
  assert.equal(many.network(prefixOf('45.0.0.0/16'), NOON_US).level, 'none');
});

test('Judge.network() lists nothing of a network that is guarded as a whole, though it is blocked', () => {
  const blocks = [block('address', '45.0.0.0/16')];
  for (const guard of ['45.0.0.0/24', '45.0.0.0/16', '45.0.0.0/8']) {
    const judge = judgeOf(new MemoryEvidence(), { allowances: [allowance(guard)], blocks });
    const { level, reasons } = judge.network(prefixOf('45.0.0.0/24'), NOON_US);
    assert.equal(level, 'none', guard);
    assert.deepEqual(reasons, [
      'it is on the allowlist',
      'so the block of 45.0.0.0/16 (fraud) has no effect on it',
    ]);
  }
});

test('Judge.network() judges by evidence what the operator did not block', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set(NET_64, BAD);
  evidence.parts.set(NET_56, parts(256, 16));
  const judge = judgeOf(evidence);
  const of = (text: string) => judge.network(prefixOf(text), NOON_US);
  assert.deepEqual([of(NET_64).level, of(NET_64).entry], ['listed', NET_56]);
  assert.deepEqual([of(NET_56).level, of(NET_56).entry], ['listed', NET_56]);
  assert.deepEqual(of('45.0.0.0/24'), {
    level: 'none',
    listed: false,
    score: 0,
    reasons: [],
    untilEpochUs: undefined,
    entry: '45.0.0.0/24',
    pool: undefined,
  });
  assert.equal(of('2a02:6b8::/32').entry, '2a02:6b8::/32');
});

test('Judge.guardOf() and blockOn() say which word counts for each kind of subject', () => {
  const judge = judgeOf(new MemoryEvidence(), {
    home: 'SE',
    allowances: [allowance('45.0.0.1'), allowance('+46850781234')],
    blocks: [
      block('address', '45.0.0.0/24'),
      block('number', '46850781234'),
      block('number', '46701234567'),
      block('range', '46701234xxx'),
      block('range', '46850781xxx'),
      block('range', '468507819xx'),
    ],
  });
  const both = (kind: Subject['kind'], value: string) => {
    const subject = { kind, value };
    return [
      judge.guardOf(subject, NOON_US),
      judge.blockOn(subject, NOON_US)?.subject.value,
    ] as const;
  };
  const allowed = 'it is on the allowlist';
  assert.deepEqual(both('address', '45.0.0.1'), [allowed, undefined]);
  assert.deepEqual(both('address', '45.0.0.2'), [undefined, '45.0.0.0/24']);
  assert.deepEqual(both('address', '45.0.1.2'), [undefined, undefined]);
  assert.deepEqual(both('number', '46850781234'), [allowed, undefined]);
  assert.deepEqual(both('number', '46701234567'), [undefined, '46701234567']);
  assert.deepEqual(both('number', '46701234568'), [undefined, '46701234xxx']);
  assert.deepEqual(both('number', '46701235568'), [undefined, undefined]);
  assert.deepEqual(both('range', '46701234xxx'), [undefined, '46701234xxx']);
  assert.deepEqual(both('range', '467012345xx'), [undefined, undefined]);
  assert.deepEqual(both('range', '46850781xxx'), [`of one of its numbers: ${allowed}`, undefined]);
  assert.deepEqual(both('range', '468507819xx'), [undefined, '468507819xx']);
  const on = (text: string) => judge.blockOnNetwork(prefixOf(text), NOON_US)?.subject.value;
  assert.deepEqual(['45.0.0.0/24', '45.0.0.128/25', '45.0.0.0/23'].map(on), [
    '45.0.0.0/24',
    '45.0.0.0/24',
    undefined,
  ]);
});

test('Judge.addressStanding() knows what is kept, met, blocked, listed or delisted, in this order', () => {
  const evidence = new MemoryEvidence();
  const judge = judgeOf(evidence, { blocks: [block('address', '45.9.0.0/16')] });
  const standing = (address: string): string => judge.addressStanding(address, NOON_US);
  const delisting = { atEpochUs: NOON_US, comment: '' };
  evidence.delistings.set('address 45.9.0.1', delisting);
  evidence.delistings.set('address 45.1.0.1', delisting);
  evidence.addresses.set('45.1.0.2', ADDRESS);
  evidence.delistings.set('address 45.1.0.2', delisting);
  assert.deepEqual(['45.9.0.1', '45.1.0.1', '45.1.0.2', '45.1.0.3'].map(standing), [
    'met',
    'delisted',
    'met',
    'unmet',
  ]);
  // A delisting of the /64, of the /56 or of the /48 delists each address in it.
  for (const network of [NET_64, NET_56, NET_48]) {
    evidence.delistings.clear();
    evidence.delistings.set(`address ${network}`, delisting);
    assert.equal(standing(ADDRESS_56), 'delisted', network);
    assert.deepEqual(judge.judge({ address: ADDRESS_56 }, NOON_US).address?.reasons, [
      'it was delisted and nothing came since',
    ]);
  }
});

test('Judge.judge() with nothing to ask about says nothing, and with two of a level ends with the later', () => {
  const evidence = new MemoryEvidence();
  const judge = judgeOf(evidence);
  assert.deepEqual(judge.judge({}, NOON_US), {
    level: 'none',
    listed: false,
    score: 0,
    reasons: [],
    untilEpochUs: undefined,
    number: undefined,
    address: undefined,
  });
  assert.equal(judge.judge({ address: '45.1.0.1' }, NOON_US).untilEpochUs, undefined);
  evidence.addresses.set('45.1.0.1', BAD);
  evidence.numbers.set('46701234567', MUCH);
  const { number, address, ...both } = judge.judge(
    { number: '+46701234567', address: '45.1.0.1' },
    NOON_US,
  );
  assert.ok(number !== undefined && address !== undefined);
  assert.ok((number.untilEpochUs ?? 0) > (address.untilEpochUs ?? 0));
  assert.equal(both.untilEpochUs, number.untilEpochUs);
  assert.equal(both.score, Math.max(number.score, address.score));
  assert.deepEqual(both.reasons, [...number.reasons, ...address.reasons]);
});
