// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../src/engine/admission.ts';
import {
  BLACKLIST_MAX,
  PROVED_ADDRESSES_MAX,
  PROVED_MS,
  PROVED_OCTETS_BURST,
  QUERIES_PER_SECOND_MAX,
  QUERIES_PER_SOURCE_PER_SECOND_MAX,
} from '../../src/limits.ts';
import {
  ANSWERED_MS,
  UNPROVED_OCTETS_PER_HOUR,
  UNPROVED_OCTETS_PER_HOUR_NETWORK,
  UNPROVED_OCTETS_PER_SECOND_ALL,
} from '../../src/engine/limits.ts';

const HOUR_MS = 3_600_000;

function at(number: number): { readonly address: string; readonly port: number } {
  return { address: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`, port: 4222 };
}

test('allows() takes 1,024 queries a second of one source, whatever its port, and again in the next second', () => {
  const admission = new Admission();
  let count = 0;
  for (let index = 0; index < 3000; index += 1)
    if (admission.allows({ address: '192.0.2.1', port: index + 1 }, 10)) count += 1;
  assert.equal(count, QUERIES_PER_SOURCE_PER_SECOND_MAX);
  assert.ok(admission.allows(at(1), 10), 'others are heard');
  assert.ok(admission.allows({ address: '192.0.2.1', port: 1 }, 1010));
});

test('allows() takes an IPv6 /64 as one source', () => {
  const admission = new Admission();
  let count = 0;
  for (let index = 0; index < 3000; index += 1)
    if (admission.allows({ address: `2001:db8::${index.toString(16)}`, port: 1 }, 0)) count += 1;
  assert.equal(count, QUERIES_PER_SOURCE_PER_SECOND_MAX);
});

test('allows() takes 8,192 queries a second in all', () => {
  const admission = new Admission();
  let count = 0;
  for (let index = 0; index < 20_000; index += 1) if (admission.allows(at(index), 0)) count += 1;
  assert.equal(count, QUERIES_PER_SECOND_MAX);
});

test('blacklist() remembers a limited number, the newest', () => {
  const admission = new Admission();
  for (let index = 0; index <= BLACKLIST_MAX; index += 1) admission.blacklist(at(index));
  assert.ok(!admission.isBlacklisted(at(0)));
  assert.ok(admission.isBlacklisted(at(BLACKLIST_MAX)));
  assert.ok(!admission.isBlacklisted({ ...at(BLACKLIST_MAX), port: 1 }), 'an address and port');
});

test('spend() lets an address that has not answered have so much an hour, and gives back what it answers', () => {
  const admission = new Admission();
  const spent = (nowMs: number): number => {
    let octets = 0;
    while (admission.spend(at(1), 64, nowMs)) octets += 64;
    return octets;
  };
  assert.equal(spent(0), UNPROVED_OCTETS_PER_HOUR);
  assert.equal(spent(0), 0);
  assert.equal(spent(HOUR_MS / 2), UNPROVED_OCTETS_PER_HOUR / 2);
  admission.prove({ ...at(1), port: 1 }, HOUR_MS / 2);
  assert.equal(spent(HOUR_MS / 2), 0, 'another port gives nothing back');
  admission.prove(at(1), HOUR_MS / 2);
  assert.ok(admission.affords(at(1), UNPROVED_OCTETS_PER_HOUR, HOUR_MS / 2));
});

test('spend() bounds what a network gets in an hour, and all together in a second', () => {
  const admission = new Admission();
  const spent = (first: number, count: number): number => {
    let octets = 0;
    for (let number = first; number < first + count; number += 1)
      while (admission.spend(at(number), 64, 0)) octets += 64;
    return octets;
  };
  assert.equal(spent(0, 256), UNPROVED_OCTETS_PER_HOUR_NETWORK);
  assert.equal(
    spent(256, 65_536),
    UNPROVED_OCTETS_PER_SECOND_ALL - UNPROVED_OCTETS_PER_HOUR_NETWORK,
  );
});

test('mayAnswer() bounds the values that a proved address gets; a proof gets old', () => {
  const admission = new Admission();
  admission.prove(at(1), 0);
  let octets = 0;
  while (admission.mayAnswer(at(1), 65_536, 0)) octets += 65_536;
  assert.equal(octets, PROVED_OCTETS_BURST);
  assert.ok(admission.isProved(at(1), PROVED_MS - 1));
  assert.ok(!admission.isProved(at(1), PROVED_MS));
  assert.ok(admission.hasAnswered(at(1), ANSWERED_MS - 1));
  assert.ok(!admission.hasAnswered(at(1), ANSWERED_MS));
});

test('prove() remembers a limited number of addresses, the newest', () => {
  const admission = new Admission();
  for (let index = 0; index <= PROVED_ADDRESSES_MAX; index += 1) admission.prove(at(index), 0);
  assert.ok(!admission.isProved(at(0), 0));
  assert.ok(admission.isProved(at(PROVED_ADDRESSES_MAX), 0));
});

test('blacklist() forgets nobody while there is room', () => {
  const admission = new Admission();
  assert.ok(!admission.isBlacklisted(at(0)));
  for (let number = 0; number < BLACKLIST_MAX; number += 1) admission.blacklist(at(number));
  assert.ok(admission.isBlacklisted(at(0)));
  assert.ok(!admission.isBlacklisted({ ...at(0), port: 4223 }));
  admission.blacklist(at(BLACKLIST_MAX));
  assert.ok(!admission.isBlacklisted(at(0)));
  assert.ok(admission.isBlacklisted(at(1)));
});

test('a proof counts from when it was last given, for ten minutes and for two hours', () => {
  const admission = new Admission();
  const nowMs = 1_000_000;
  assert.ok(!admission.isProved(at(1), 0));
  assert.ok(!admission.hasAnswered(at(1), 0));
  admission.prove(at(1), 0);
  admission.prove(at(1), nowMs);
  assert.ok(admission.isProved(at(1), nowMs + PROVED_MS - 1));
  assert.ok(!admission.isProved(at(1), nowMs + PROVED_MS));
  assert.ok(!admission.isProved({ ...at(1), port: 4223 }, nowMs));
  assert.ok(admission.hasAnswered(at(1), nowMs + ANSWERED_MS - 1));
  assert.ok(!admission.hasAnswered(at(1), nowMs + ANSWERED_MS));
});

test('who proves itself again is not among the first to be forgotten', () => {
  const admission = new Admission();
  for (let number = 0; number < PROVED_ADDRESSES_MAX; number += 1) admission.prove(at(number), 0);
  assert.ok(admission.isProved(at(0), 0), 'all have room');
  admission.prove(at(0), 0);
  admission.prove(at(PROVED_ADDRESSES_MAX), 0);
  assert.ok(admission.isProved(at(0), 0));
  assert.ok(!admission.isProved(at(1), 0));
  assert.ok(admission.isProved(at(2), 0));
});

test('who answers gets its octets back once, and so does its network', () => {
  const admission = new Admission();
  const spendAll = (): void => {
    let number = 0;
    for (let octets = 0; octets < UNPROVED_OCTETS_PER_HOUR_NETWORK; octets += 4096) {
      assert.ok(admission.spend(at(number >> 1), 4096, 0), String(number));
      number += 1;
    }
  };
  spendAll();
  assert.ok(!admission.affords(at(9), 1, 0));
  admission.prove(at(0), 0);
  admission.prove(at(0), 0);
  assert.ok(admission.affords(at(9), UNPROVED_OCTETS_PER_HOUR, 0));
  assert.ok(admission.affords(at(0), UNPROVED_OCTETS_PER_HOUR, 0));
  assert.ok(admission.spend(at(9), UNPROVED_OCTETS_PER_HOUR, 0));
  assert.ok(!admission.affords(at(10), 1, 0), 'no more than it had got');
});

test('a network has its octets back after an hour, and not before', () => {
  const admission = new Admission();
  for (let number = 0; number < 4; number += 1)
    assert.ok(admission.spend(at(number), UNPROVED_OCTETS_PER_HOUR, 0));
  assert.ok(!admission.affords(at(9), 100, 1000));
  assert.ok(!admission.affords(at(9), UNPROVED_OCTETS_PER_HOUR, HOUR_MS / 5));
  assert.ok(admission.affords(at(9), UNPROVED_OCTETS_PER_HOUR, HOUR_MS / 3));
});

test('an answer without values costs nothing', () => {
  const admission = new Admission();
  assert.ok(admission.mayAnswer(at(1), PROVED_OCTETS_BURST, 0));
  assert.ok(!admission.mayAnswer(at(1), 1, 0));
  assert.ok(admission.mayAnswer(at(1), 0, 0));
});
