// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOf, MemoryEvidence, MUCH, NOON_US } from './fixtures.ts';

/** Lists of prefixes would refuse all numbers that begin with some of these. */
for (const digits of ['1', '46', '4670', '468507', '2001', '116123', '116117', '118118', '112']) {
  test(`Judge lists neither ${digits} nor +${digits}, whoever called them`, () => {
    const evidence = new MemoryEvidence();
    evidence.numbers.set(digits, MUCH);
    for (const text of [digits, `+${digits}`]) evidence.meanings.set(text, digits);
    for (const home of ['SE', undefined]) {
      const judge = judgeOf(evidence, home === undefined ? {} : { home });
      assert.equal(judge.subject({ kind: 'number', value: digits }, NOON_US).level, 'none');
      for (const number of [digits, `+${digits}`, `tel:+${digits}`]) {
        assert.equal(judge.judge({ number }, NOON_US).level, 'none', number);
      }
    }
  });
}

test('Judge only watches digits that are the beginning of numbers, whoever called them', () => {
  for (const digits of ['4670123', '4685078', '1212555', '44207946']) {
    const evidence = new MemoryEvidence();
    evidence.numbers.set(digits, MUCH);
    evidence.meanings.set(`+${digits}`, digits);
    const { level, reasons } = judgeOf(evidence).judge({ number: `+${digits}` }, NOON_US);
    assert.equal(level, 'watch', digits);
    assert.match(reasons.at(-1) ?? '', /longer numbers begin with these/);
    assert.ok(!judgeOf(evidence).subject({ kind: 'number', value: digits }, NOON_US).listed);
  }
});

test('Judge lists digits that fit no plan and begin no number', () => {
  for (const digits of ['12345678901234', '99912345678', '0000000000000']) {
    const evidence = new MemoryEvidence();
    evidence.numbers.set(digits, MUCH);
    evidence.meanings.set(digits, digits);
    const judge = judgeOf(evidence);
    assert.ok(judge.subject({ kind: 'number', value: digits }, NOON_US).listed, digits);
    // Lists show some of them with a plus.
    for (const number of [digits, `+${digits}`]) {
      assert.ok(judge.judge({ number }, NOON_US).listed, number);
      assert.equal(judge.numberStanding(number, NOON_US), 'met', number);
    }
  }
});
