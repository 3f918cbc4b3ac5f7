// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNumber } from '@sentrypeer/numbers';
import { judgeOf, MemoryEvidence, NOON_US, NUMBER, plans, PROVED } from './fixtures.ts';

/** Of Estonia; its plan has numbers of that length, but gave this one to nobody. */
const NOBODY = '3721234567';
const proved = { ...PROVED, grade: 'handshake' } as const;

test('Judge lists a number that was given to nobody however it is asked for, as the lists do', () => {
  for (const called of [`00${NOBODY}`, `011${NOBODY}`, `+${NOBODY}`]) {
    const [reading] = readNumber(plans, called).candidates;
    assert.deepEqual([reading?.e164, reading?.type], [NOBODY, 'unallocated'], called);
    const evidence = new MemoryEvidence();
    const confidence = reading?.confidence ?? 0;
    evidence.numbers.set(NOBODY, { ...NUMBER, grade: 'handshake', confidence, proved });
    evidence.meanings.set(called, NOBODY);
    for (const home of ['SE', 'US', undefined]) {
      const judge = judgeOf(evidence, home === undefined ? {} : { home });
      assert.ok(judge.subject({ kind: 'number', value: NOBODY }, NOON_US).listed, 'on lists');
      const international = home === 'US' ? '011' : '00';
      for (const number of [called, `+${NOBODY}`, international + NOBODY]) {
        const { level, number: judged } = judge.judge({ number }, NOON_US);
        assert.deepEqual([level, judged?.e164], ['listed', NOBODY], `${number} in ${home}`);
      }
    }
  }
});

test('Judge does not take digits for a number that was given to nobody if they may mean others', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(NOBODY, { ...NUMBER, grade: 'handshake', confidence: 0.57, proved });
  for (const number of [NOBODY, `9${NOBODY}`, `12${NOBODY}`, `900${NOBODY}`]) {
    assert.equal(judgeOf(evidence).judge({ number }, NOON_US).level, 'none', number);
  }
});
