// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentDecision } from '@sentrypeer/redirect';
import { AGENT_DECISIONS_MAX } from '../../src/limits.ts';
import { AgentDecisions } from '../../src/services/agent-decisions.ts';

const DECISION: AgentDecision = {
  epochUs: 1,
  kind: 'call',
  outcome: 'redirected',
  status: 302,
  level: 'none',
  peer: '127.0.0.1',
  transport: 'UDP',
  callId: 'c',
  account: undefined,
  number: '1',
  e164: undefined,
  address: undefined,
  score: 0,
  reasons: [],
};

function made(count: number): readonly AgentDecision[] {
  return Array.from({ length: count }, () => DECISION);
}

test('AgentDecisions numbers decisions and tells of them', () => {
  const decisions = new AgentDecisions();
  let toldCount = 0;
  decisions.onAdded(() => (toldCount += 1));
  assert.deepEqual([decisions.newestId, decisions.after(0, 9)], [0, []]);
  decisions.add(made(3));
  assert.equal(toldCount, 1);
  const ids = (afterId: number, limit = 9): readonly number[] =>
    decisions.after(afterId, limit).map(({ id }) => id);
  assert.deepEqual(ids(0), [1, 2, 3]);
  assert.deepEqual(ids(0, 2), [1, 2]);
  assert.deepEqual(ids(2), [3]);
  assert.deepEqual(ids(3), []);
  assert.deepEqual(ids(4711), [1, 2, 3], 'an id of another run');
});

test('AgentDecisions keeps the last, however many are made', () => {
  const decisions = new AgentDecisions();
  decisions.add(made(AGENT_DECISIONS_MAX));
  decisions.add(made(10));
  const kept = decisions.after(0, AGENT_DECISIONS_MAX + 10);
  assert.equal(kept.length, AGENT_DECISIONS_MAX);
  assert.deepEqual([kept[0]?.id, kept.at(-1)?.id], [11, AGENT_DECISIONS_MAX + 10]);
});
