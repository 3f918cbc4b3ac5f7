// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberingPlans, readNumber, settle } from '../src/index.ts';

const plans = await NumberingPlans.load();

/** Dials one after another, each form counted once. @returns The reading of the last one. */
function dial(texts: readonly string[]) {
  const forms = new Map<string, number>();
  const formsOf = (e164: string): number => forms.get(e164) ?? 0;
  let settled;
  for (const text of texts) {
    const { candidates } = readNumber(plans, text);
    for (const { e164 } of candidates) forms.set(e164, formsOf(e164) + 1);
    settled = settle(candidates, formsOf);
  }
  return settled;
}

test('settle() has no choice where nothing can be a number', () => {
  assert.equal(
    settle([], () => 0),
    undefined,
  );
});

test('settle() grows sure of a number that is tried after one prefix after another', () => {
  const prefixes = ['8784', '8785', '8786', '8787'];
  const confidences = prefixes.map(
    (_, index) =>
      dial(prefixes.slice(0, index + 1).map((prefix) => `${prefix}46701234567`))?.confidence,
  );
  assert.deepEqual(
    confidences,
    confidences.toSorted((a = 0, b = 0) => a - b),
  );
  assert.ok((confidences.at(-1) ?? 0) > 0.8, String(confidences));
});

test('settle() does not take a part of a prefix for the country code', () => {
  // 49 46 70… is as valid a number as 46 70…, and longer.
  const alone = dial(['874946701234567']);
  assert.equal(alone?.candidate.e164, '4946701234567');
  const among = dial([
    ...Array.from({ length: 9 }, (_, index) => `87${40 + index}46701234567`),
    '874946701234567',
  ]);
  assert.equal(among?.candidate.e164, '46701234567');
});

test('settle() prefers the whole number to its valid suffixes, which are met as often', () => {
  const settled = dial(['99146701234567', '99246701234567', '99346701234567']);
  assert.equal(settled?.candidate.e164, '46701234567');
});

test('settle() drops a candidate only when another was met in more than twice as many forms', () => {
  const { candidates } = readNumber(plans, '874946701234567');
  const [first, second] = candidates;
  assert.ok(first !== undefined && second !== undefined);
  const formsOf = (forms: number) => (e164: string) => (e164 === second.e164 ? forms : 2);
  assert.equal(settle([first, second], formsOf(4))?.candidate, first);
  assert.equal(settle([first, second], formsOf(5))?.candidate, second);
});
