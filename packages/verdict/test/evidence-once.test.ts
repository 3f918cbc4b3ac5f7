// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Subject } from '@sentrypeer/event';
import { EvidenceOnce } from '../src/evidence-once.ts';
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

test('EvidenceOnce.delisting() reads each subject anew, but the same one only once', () => {
  const read: string[] = [];
  class Delistings extends MemoryEvidence {
    override delisting(subject: Subject): ReturnType<MemoryEvidence['delisting']> {
      read.push(`${subject.kind} ${subject.value}`);
      return super.delisting(subject);
    }
  }
  const evidence = new Delistings();
  evidence.delistings.set('number 911', { atEpochUs: 1, comment: '' });
  evidence.delistings.set('range 911', { atEpochUs: 1, comment: '' });
  const once = new EvidenceOnce(evidence);
  const asked: Subject[] = [
    { kind: 'number', value: '911' },
    { kind: 'number', value: '911' },
    { kind: 'range', value: '911' },
    { kind: 'range', value: '912' },
  ];
  for (const subject of asked) {
    const { kind, value } = subject;
    assert.equal(once.delisting(subject), evidence.delistings.get(`${kind} ${value}`));
  }
  assert.deepEqual(read, ['number 911', 'range 911', 'range 912']);
});

test('EvidenceOnce.range() gives each block its own evidence, also the second time', () => {
  const evidence = new MemoryEvidence();
  evidence.ranges.set('1', RANGE);
  evidence.ranges.set('2', { ...RANGE });
  const once = new EvidenceOnce(evidence);
  for (const block of ['1', '2', '3', '2', '1', '3'])
    assert.equal(once.range(block), evidence.ranges.get(block), block);
});
