// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIDENCE, OUTSIDE_LINES, prefixKind, type PrefixKind } from '../src/prefixes.ts';

/** Digits before a number that was written without a plus. */
const PREFIXES: Readonly<Partial<Record<PrefixKind, string>>> = {
  none: '',
  international:
    '00 011 0011 010 001 002 009 005 008 012 810 8010 119 0010 0012 0014 0015 0021 0041 00700',
  outside: '0 9 8 7 6 1 2 3 4 5 99 90 88',
  'outside-international':
    '000 900 9011 90011 8010 7810 6001 1011 2011 3011 4011 5010 0011 99011 9900 9000 90810 8800 88011 00011',
  'technical-international': '* # 9* 123# 12300 777011 5510011 0*0# 100000',
  technical: '123 77 9910 5551 1234567 0110 99 011*1',
};
/** Those that another kind above claims first. */
const EARLIER = new Set([
  'outside-international 8010',
  'outside-international 0011',
  'technical 99',
]);

for (const [kind, prefixes] of Object.entries(PREFIXES)) {
  test(`prefixKind() says which digits are ${kind}`, () => {
    for (const prefix of prefixes.split(' ')) {
      if (EARLIER.has(`${kind} ${prefix}`)) assert.notEqual(prefixKind(prefix, false), kind);
      else assert.equal(prefixKind(prefix, false), kind, `"${prefix}"`);
    }
  });
}

test('prefixKind() says plus where nothing but a plus precedes the number', () => {
  assert.equal(prefixKind('', true), 'plus');
  assert.equal(prefixKind('9', true), 'outside');
});

test('what is sure stands above what is a guess', () => {
  const kinds: readonly PrefixKind[] = ['plus', 'international', 'outside-international', 'none'];
  const weaker: readonly PrefixKind[] = ['technical-international', 'outside', 'technical'];
  const order = [...kinds, ...weaker].map((kind) => CONFIDENCE[kind]);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => b - a),
  );
  assert.equal(CONFIDENCE.plus, 1);
  assert.equal(CONFIDENCE.national, CONFIDENCE['outside-international']);
  assert.ok(CONFIDENCE.technical < 0.5 && CONFIDENCE.none >= 0.8);
});

test('an outside line is nothing, or digits that prefixKind() knows as one', () => {
  assert.deepEqual(OUTSIDE_LINES, ['', '9', '0', '8', '7', '99', '00']);
  for (const line of OUTSIDE_LINES.filter((one) => one !== '' && one !== '00')) {
    assert.equal(prefixKind(line, false), 'outside');
  }
});
