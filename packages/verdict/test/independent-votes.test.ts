// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimFacts } from '@sentrypeer/event';
import { votesOf, type PoolVoice } from '../src/independent-votes.ts';

function voice(
  name: string,
  networks: readonly string[],
  grade: ClaimFacts['grade'] = 'returned',
): PoolVoice {
  const facts: ClaimFacts = {
    grade,
    contactsLog2: 0,
    daysCount: 1,
    triedPasswords: false,
    madeCostlyCalls: false,
    usedTool: false,
    breadthLog2: 0,
  };
  return { name, isVoter: true, networks, facts, lastEpochUs: 0, endEpochUs: 1 };
}

function names(voices: readonly PoolVoice[], networkCheck = true): readonly string[] {
  return votesOf(voices, networkCheck).map(({ name, facts }) => `${name} ${facts.grade}`);
}

test('votesOf() has the best voice of each name, the best ones first', () => {
  const voices = [
    voice('A', ['45.1.0.0/16'], 'seen'),
    voice('B', ['45.2.0.0/16']),
    voice('C', ['45.3.0.0/16'], 'handshake'),
    voice('A', ['45.1.0.0/16'], 'handshake'),
  ];
  const best = ['C handshake', 'A handshake', 'B returned'];
  assert.deepEqual(names(voices), best);
  assert.deepEqual(names(voices, false), best);
});

test('votesOf() counts the kind of networks by which most are apart, and mixes none', () => {
  const both = [
    voice('A', ['45.1.0.0/16', '2a01:4f0::/28']),
    voice('B', ['45.1.0.0/16', '2a02:4f0::/28']),
  ];
  assert.deepEqual(names(both), ['A returned', 'B returned'], 'by IPv6');
  const systems = [voice('A', ['AS1', '45.1.0.0/16']), voice('B', ['AS2', '45.1.0.0/16'])];
  assert.deepEqual(names(systems), ['A returned', 'B returned'], 'by autonomous system');
  assert.deepEqual(names([voice('A', ['AS1']), voice('B', ['45.1.0.0/16'])]), ['A returned']);
  assert.deepEqual(names([voice('A', ['AS1']), voice('B', ['2a01:4f0::/28'])]), ['A returned']);
  assert.deepEqual(names([voice('A', ['45.1.0.0/16']), voice('B', ['2a01:4f0::/28'])]), [
    'A returned',
  ]);
  assert.deepEqual(names([]), []);
});

test('votesOf() gives up a network that its holder can do without, along any chain of them', () => {
  const chain = [
    voice('A', ['45.1.0.0/16', '45.2.0.0/16']),
    voice('B', ['45.2.0.0/16', '45.3.0.0/16']),
    voice('C', ['45.1.0.0/16']),
    voice('D', ['45.2.0.0/16']),
  ];
  assert.deepEqual(names(chain), ['A returned', 'B returned', 'C returned'], 'three networks');
  const rest = [...chain.slice(0, 3), voice('D', ['45.2.0.0/16', '45.4.0.0/16'])];
  assert.equal(names(rest).length, 4);
});

test('votesOf() knows all networks of a name, from each of its voices', () => {
  const voices = [
    voice('A', ['45.1.0.0/16']),
    voice('A', ['45.2.0.0/16']),
    voice('B', ['45.1.0.0/16']),
  ];
  assert.deepEqual(names(voices), ['A returned', 'B returned']);
});
