// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../src/engine/admission.ts';
import {
  BLACKLIST_MAX,
  PROVED_ADDRESSES_MAX,
  PROVED_MS,
  QUERIES_PER_SECOND_MAX,
  QUERIES_PER_SOURCE_PER_SECOND_MAX,
  UNPROVED_OCTETS_BURST,
  UNPROVED_OCTETS_PER_SECOND,
  UNPROVED_OCTETS_PER_SECOND_ALL,
} from '../../src/limits.ts';

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

test('blacklist() remembers so many, the newest', () => {
  const admission = new Admission();
  for (let index = 0; index <= BLACKLIST_MAX; index += 1) admission.blacklist(at(index));
  assert.ok(!admission.isBlacklisted(at(0)));
  assert.ok(admission.isBlacklisted(at(BLACKLIST_MAX)));
  assert.ok(!admission.isBlacklisted({ ...at(BLACKLIST_MAX), port: 1 }), 'an address and port');
});

test('mayAnswer() gives an address that has not proved to hear us a budget, and then no more', () => {
  const admission = new Admission();
  const chunk = 8192;
  const answered = (nowMs: number): number => {
    let octets = 0;
    for (let index = 0; index < 100; index += 1)
      if (admission.mayAnswer(at(1), chunk, nowMs)) octets += chunk;
    return octets;
  };
  assert.equal(answered(0), UNPROVED_OCTETS_BURST);
  assert.equal(answered(0), 0);
  assert.equal(answered(1000), UNPROVED_OCTETS_PER_SECOND);
  admission.prove(at(1), 1000);
  assert.equal(answered(1000), 100 * chunk);
  for (let index = 0; index < 20; index += 1) answered(1000);
  assert.equal(answered(1000), 0, 'that is bounded, too');
  assert.equal(answered(1000 + PROVED_MS + 1), UNPROVED_OCTETS_BURST, 'a proof gets old');
});

test('mayAnswer() bounds all unproved addresses together', () => {
  const admission = new Admission();
  let octets = 0;
  for (let index = 0; index < 1000; index += 1)
    if (admission.mayAnswer(at(index), 65_536, 0)) octets += 65_536;
  assert.equal(octets, UNPROVED_OCTETS_PER_SECOND_ALL);
});

test('prove() remembers so many addresses, the newest', () => {
  const admission = new Admission();
  for (let index = 0; index <= PROVED_ADDRESSES_MAX; index += 1) admission.prove(at(index), 0);
  assert.ok(!admission.isProved(at(0), 0));
  assert.ok(admission.isProved(at(PROVED_ADDRESSES_MAX), 0));
});
