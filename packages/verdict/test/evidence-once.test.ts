// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NumberEvidence, RangeEvidence } from '../src/index.ts';
import { judgeOf, MemoryEvidence, NOON_US, NUMBER, RANGE } from './fixtures.ts';

const MOBILE = '46701234567';

/** Notes what is read. */
class NotedEvidence extends MemoryEvidence {
  readonly read: string[] = [];

  override number(e164: string): NumberEvidence | undefined {
    this.read.push(e164);
    return super.number(e164);
  }

  override range(block: string): RangeEvidence | undefined {
    this.read.push(block);
    return super.range(block);
  }
}

test('Judge reads the evidence on a number and on its neighbours once for each question', () => {
  const evidence = new NotedEvidence();
  evidence.numbers.set(MOBILE, NUMBER);
  evidence.ranges.set(`${MOBILE.slice(0, -2)}xx`, RANGE);
  judgeOf(evidence).judge({ number: `+${MOBILE}` }, NOON_US);
  assert.ok(evidence.read.length > 2, 'the number and its blocks');
  assert.equal(new Set(evidence.read).size, evidence.read.length, evidence.read.join(' '));
});

test('Judge finds what was learned since the last question', () => {
  const evidence = new MemoryEvidence();
  const judge = judgeOf(evidence);
  const ask = (): string | undefined =>
    judge.judge({ number: `+${MOBILE}` }, NOON_US).number?.level;
  assert.equal(ask(), 'none');
  evidence.numbers.set(MOBILE, NUMBER);
  assert.notEqual(ask(), 'none');
  evidence.numbers.clear();
  assert.equal(ask(), 'none');
});
