// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Things are allowed, blocked, delisted and met in any order: what is allowed is on no list, what is blocked is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subject } from '@sentrypeer/event';
import {
  contains,
  covers,
  formatPrefix,
  isIpv4,
  parseIp,
  parsePrefix,
  type Prefix,
} from '@sentrypeer/ip';
import { spellings } from '@sentrypeer/verdict';
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
  ],
};

/** Few addresses, close to one another, so that steps meet. */
const ADDRESSES = [
  '45.13.0.1',
  '45.13.0.2',
  '45.13.1.1',
  '2a02:6b8:1::1',
  '2a02:6b8:1::2',
  '2a02:6b8:1:80::1',
  '2a02:6b8:1:100::1',
];
const NETWORKS = [
  ...ADDRESSES,
  '45.13.0.0/31',
  '45.13.0.0/24',
  '45.13.0.0/16',
  '2a02:6b8:1::/64',
  '2a02:6b8:1::/56',
  '2a02:6b8:1::/48',
];

function prefixOf(text: string): Prefix {
  const found = parsePrefix(text);
  assert.ok(found !== undefined, text);
  return found;
}

/** What lists name. */
function listedBy(node: DecidingNode): readonly Prefix[] {
  const entries = node.entries(['address']).filter(({ level }) => level === 'listed');
  return entries.map(({ value }) => prefixOf(value));
}

const subjectOf = (value: string): Subject => ({
  kind: 'address',
  value: formatPrefix(prefixOf(value)),
});

type Step =
  | { readonly kind: 'meet'; readonly value: string }
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'allow' | 'block'; readonly value: string; readonly hours: number | undefined }
  | { readonly kind: 'disallow' | 'unblock' | 'delist'; readonly value: string };

const network = fc.constantFrom(...NETWORKS);
const hours = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('meet'), value: fc.constantFrom(...ADDRESSES) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass'), hours: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('allow', 'block'), value: network, hours }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('disallow', 'unblock', 'delist'),
      value: network,
    }),
  },
) as fc.Arbitrary<Step>;

/** When each allowance or block ends, by its name. */
type Words = Map<string, number>;

function inForce(words: Words, address: string, nowUs: number): boolean {
  const ip = parseIp(address);
  assert.ok(ip !== undefined);
  return [...words].some(([value, endUs]) => nowUs < endUs && contains(prefixOf(value), ip));
}

function take(
  node: DecidingNode,
  one: Step,
  words: { readonly allowed: Words; readonly blocked: Words },
): void {
  const nowUs = node.clock.us;
  switch (one.kind) {
    case 'meet':
      return node.meet(Array.from({ length: 3 }, () => ({ sourceIp: one.value })));
    case 'pass':
      return node.clock.pass(one.hours * HOUR_US);
    case 'settle':
      return node.settle();
    case 'allow':
    case 'block': {
      const untilEpochUs = one.hours === undefined ? undefined : nowUs + one.hours * HOUR_US;
      const said =
        one.kind === 'allow'
          ? ({ kind: 'allow', value: one.value, comment: '', untilEpochUs } as const)
          : ({ kind: 'block', subject: subjectOf(one.value), comment: '', untilEpochUs } as const);
      assert.ok(node.decide(said));
      const map = one.kind === 'allow' ? words.allowed : words.blocked;
      map.set(one.value, untilEpochUs ?? Infinity);
      return;
    }
    case 'disallow':
      if (node.decide({ kind: 'disallow', value: one.value })) words.allowed.delete(one.value);
      else assert.ok((words.allowed.get(one.value) ?? 0) <= nowUs);
      return;
    case 'unblock':
      if (node.decide({ kind: 'unblock', subject: subjectOf(one.value) }))
        words.blocked.delete(one.value);
      else assert.ok((words.blocked.get(one.value) ?? 0) <= nowUs);
      return;
    case 'delist':
      node.decide({ kind: 'delist', subject: subjectOf(one.value), comment: '' });
  }
}

test('no order of decisions, events and time has an allowed address listed, or a blocked one not', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      using node = new DecidingNode(OPTIONS);
      const words = { allowed: new Map<string, number>(), blocked: new Map<string, number>() };
      for (const one of steps) take(node, one, words);
      node.settle();
      const fresh = node.judge();
      const listed = listedBy(node);
      // An IPv4 address and a blocked network around it are on separate lists.
      const wide = listed.filter(({ base }) => !isIpv4(base));
      for (const [index, outer] of wide.entries())
        for (const [other, inner] of wide.entries())
          assert.ok(index === other || !covers(outer, inner), 'no entry lies within another');
      const nowUs = node.clock.us;
      for (const address of ADDRESSES) {
        const ip = parseIp(address);
        assert.ok(ip !== undefined);
        const isOnList = listed.some((entry) => contains(entry, ip));
        const verdict = fresh.judge({ address }, nowUs).level;
        assert.equal(node.running.judge({ address }, nowUs).level, verdict, `running: ${address}`);
        assert.equal(isOnList, verdict === 'listed', `${address} is ${verdict}`);
        const isAllowed = inForce(words.allowed, address, nowUs);
        if (isAllowed) assert.ok(!isOnList, `${address} is allowed`);
        else if (inForce(words.blocked, address, nowUs))
          assert.ok(isOnList, `${address} is blocked`);
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 40) },
  );
});

test('a block holds over what was allowed within it until then, and a block within another one after its end', () => {
  using node = new DecidingNode(OPTIONS);
  const soon = node.clock.us + HOUR_US;
  node.decide({
    kind: 'block',
    subject: subjectOf('45.13.0.0/16'),
    comment: '',
    untilEpochUs: undefined,
  });
  node.decide({ kind: 'allow', value: '45.13.0.1', comment: '', untilEpochUs: soon });
  node.decide({
    kind: 'block',
    subject: subjectOf('45.12.0.0/16'),
    comment: '',
    untilEpochUs: soon,
  });
  node.decide({
    kind: 'block',
    subject: subjectOf('45.12.7.0/24'),
    comment: '',
    untilEpochUs: undefined,
  });
  const listed = (): readonly boolean[] => {
    node.settle();
    const entries = listedBy(node);
    return ['45.13.0.1', '45.13.0.2', '45.12.6.1', '45.12.7.1'].map((address) => {
      const ip = parseIp(address);
      const isListed = ip !== undefined && entries.some((entry) => contains(entry, ip));
      assert.equal(node.running.judge({ address }, node.clock.us).level === 'listed', isListed);
      return isListed;
    });
  };
  assert.deepEqual(listed(), [false, true, true, true]);
  node.clock.pass(HOUR_US - 1);
  assert.deepEqual(listed(), [false, true, true, true]);
  node.clock.pass(1);
  assert.deepEqual(listed(), [true, true, false, true]);
});

test('what is allowed is taken back however it was written, also as an older version kept it', () => {
  using node = new DecidingNode(OPTIONS);
  const said = { comment: '', untilEpochUs: undefined };
  node.decide({ kind: 'allow', value: '::ffff:45.13.0.1', ...said });
  node.decide({ kind: 'allow', value: '45.13.0.1/32', ...said });
  const { evidence } = node.reader;
  const values = (): readonly string[] => evidence.allowances().map(({ value }) => value);
  node.decide({ kind: 'allow', ...spellings('45.13.0.1', evidence.allowances()), ...said });
  assert.deepEqual(values(), ['45.13.0.1'], 'the others have gone');
  node.decide({ kind: 'allow', value: '::ffff:45.13.0.1', ...said });
  const what = spellings('45.13.0.1/32', evidence.allowances());
  assert.ok(node.decide({ kind: 'disallow', ...what }));
  assert.deepEqual(values(), []);
  assert.ok(!node.decide({ kind: 'disallow', ...what }), 'it is not there any more');
});
