// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallPolicy } from '../src/call-policy.ts';
import { KeyedHash } from '@sentrypeer/bytes';
import { Sources } from '../src/sources.ts';
import { ATTACKER, SECRETS } from './bench.ts';

const PREFIXES = ['9', '0', '00', '000', '011', '9011', '900', '+', '7', '8', '810', '5', '1', '2'];
const TARGET = '442071234567';

function caller(address = ATTACKER): (number: string) => boolean {
  const policy = new CallPolicy(new KeyedHash(SECRETS.policy));
  const source = new Sources().of(address, 0);
  return (number) => policy.accepts(number, source, address);
}

test('CallPolicy refuses the first distinct numbers of a sweep and then accepts one', () => {
  const call = caller();
  const accepted = PREFIXES.map((prefix) => call(prefix + TARGET));
  const first = accepted.indexOf(true);
  assert.ok(first >= 3 && first <= 8, `accepted as number ${first}`);
  assert.deepEqual(accepted.filter(Boolean).length, 1);
});

test('CallPolicy goes on taking numbers with the prefix that was accepted, and no others', () => {
  const call = caller();
  const prefix = PREFIXES.find((candidate) => call(candidate + TARGET)) ?? '';
  assert.equal(call(prefix + TARGET), true);
  assert.equal(call(`${prefix}12125551212`), true);
  for (const other of PREFIXES.filter((candidate) => !candidate.startsWith(prefix.slice(0, 1)))) {
    assert.equal(call(`${other}33140205050`), false, other);
  }
});

test('CallPolicy gives way to a caller who insists on one number', () => {
  const call = caller();
  const accepted = Array.from({ length: 6 }, () => call('00442071234567'));
  const first = accepted.indexOf(true);
  assert.ok(first === 2 || first === 3, `accepted at attempt ${first + 1}`);
  assert.deepEqual(
    accepted.slice(first),
    accepted.slice(first).map(() => true),
  );
});

test('CallPolicy refuses different counts of numbers to different sources', () => {
  const counts = Array.from({ length: 40 }, (_, index) => {
    const call = caller(`192.0.2.${index}`);
    return PREFIXES.findIndex((prefix) => call(prefix + TARGET));
  });
  assert.ok(new Set(counts).size >= 4, counts.join(' '));
});

test('CallPolicy refuses three to eight numbers first, and a caller who insists two or three times', () => {
  const counts = new Set<number>();
  const insisted = new Set<number>();
  for (let index = 0; index < 200; index += 1) {
    const sweep = caller(`192.0.2.${index}`);
    counts.add(PREFIXES.findIndex((prefix) => sweep(prefix + TARGET)));
    const insist = caller(`192.0.2.${index}`);
    insisted.add([0, 1, 2, 3, 4].findIndex(() => insist(TARGET)));
  }
  assert.deepEqual(counts, new Set([3, 4, 5, 6, 7, 8]));
  assert.deepEqual(insisted, new Set([2, 3]));
});

/** Whether a caller whose last number was accepted may call each of `others` afterwards. */
function acceptedAfter(refused: readonly string[], last: string, others: readonly string[]) {
  const policy = new CallPolicy(new KeyedHash(SECRETS.policy));
  const source = new Sources().of(ATTACKER, 0);
  source.refusedNumbers.push(...refused, ...Array.from({ length: 8 }, (_, index) => `1${index}`));
  assert.equal(policy.accepts(last, source, ATTACKER), true);
  return others.filter((number) => policy.accepts(number, source, ATTACKER));
}

test('CallPolicy takes for the prefix what comes before the number that was refused with another', () => {
  const others = ['9011', '901', '9', '011'].map((prefix) => `${prefix}33140205050`);
  assert.deepEqual(acceptedAfter([TARGET], `9011${TARGET}`, others), ['901133140205050']);
  // The longest that any refused number shows: here the country's own prefix belongs to it.
  const refused = [`1${TARGET}`, TARGET, `11${TARGET}`];
  assert.deepEqual(acceptedAfter(refused, `9011${TARGET}`, others), ['901133140205050']);
});

test('CallPolicy takes two numbers for the same from seven equal digits at the end', () => {
  const others = ['81234567', '91112222', '92223333'];
  assert.deepEqual(acceptedAfter(['71234567'], '91234567', others), ['91112222', '92223333']);
  const unlike = ['9123999', '9124999', '9123'];
  assert.deepEqual(acceptedAfter(['7234567'], '91234567', unlike), ['9123999', '9123']);
});

test('CallPolicy takes the first four digits for the prefix of a caller who insisted', () => {
  const others = ['00449999999', '00459999999', '0044'];
  assert.deepEqual(acceptedAfter(['00442071234567'], '00442071234567', others), [
    '00449999999',
    '0044',
  ]);
});

test('CallPolicy holds out against numbers of any length and kind', () => {
  const call = caller();
  for (let index = 0; index < 100; index += 1) call(String(index).repeat(5000));
  assert.equal(typeof call(''), 'boolean');
});
