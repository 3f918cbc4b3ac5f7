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
