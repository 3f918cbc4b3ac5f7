// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import {
  EVICTED_OCTETS,
  STORED_OCTETS_MAX,
  STORED_OCTETS_PER_SOURCE_MAX,
  VALUE_OCTETS_MAX,
  VALUE_OVERHEAD_OCTETS,
  VALUES_PER_KEY_MAX,
} from '../../src/limits.ts';
import { identityOf, signValue, type Identity } from '../../src/values/signature.ts';
import { Storage } from '../../src/serving/storage.ts';
import { unsignedValue, type Value } from '../../src/values/value.ts';
import { testCore } from '../core-for-tests.ts';

const KEY = infoHash('key');
const LIFE_MS = 600_000;

function made(): {
  storage: Storage;
  changes: string[];
  pass: (ms: number) => void;
  counters: { valuesEvicted: number };
} {
  const { core, pass } = testCore();
  const changes: string[] = [];
  const storage = new Storage(core, (change, stored) =>
    changes.push(`${change} ${stored.value.id}`),
  );
  return { storage, changes, pass, counters: core.counters };
}

function value(id: bigint, text: string, type = 0): Value {
  return unsignedValue(id, { data: new TextEncoder().encode(text), type });
}

function anIdentity(): Identity {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  assert.ok(identity !== undefined);
  return identity;
}

test('putRemote() keeps a value until its life ends, and a refresh prolongs it', () => {
  const { storage, changes, pass } = made();
  storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0);
  pass(LIFE_MS - 1);
  storage.refresh(KEY, 1n, LIFE_MS - 1);
  pass(LIFE_MS - 2);
  assert.ok(storage.has(KEY));
  pass(10);
  assert.ok(!storage.has(KEY));
  assert.deepEqual(changes, ['new 1', 'refreshed 1', 'expired 1']);
  assert.equal(storage.octets, 0);
});

test('putRemote() refuses what is expired, too large, or a certificate', () => {
  const { storage } = made();
  assert.ok(!storage.putRemote(KEY, value(1n, 'a'), 's', 0, 0));
  assert.ok(!storage.putRemote(KEY, value(1n, 'x'.repeat(VALUE_OCTETS_MAX + 1)), 's', LIFE_MS, 0));
  assert.ok(storage.putRemote(KEY, value(1n, 'x'.repeat(VALUE_OCTETS_MAX)), 's', LIFE_MS, 0));
  assert.ok(!storage.putRemote(KEY, value(2n, 'pem', 8), 's', LIFE_MS, 0));
});

test('an unsigned value is not edited, and an equal one is a refresh', () => {
  const { storage, changes } = made();
  storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0);
  assert.ok(!storage.putRemote(KEY, value(1n, 'b'), 's', LIFE_MS, 0));
  assert.ok(storage.putRemote(KEY, value(1n, 'a'), 't', LIFE_MS + 5, 5));
  assert.deepEqual(changes, ['new 1', 'refreshed 1']);
});

test('a signed value is edited only by its owner, upwards (the rules of edits)', () => {
  const { storage, changes } = made();
  const owner = anIdentity();
  const other = anIdentity();
  const content = (text: string) => ({ data: new TextEncoder().encode(text) });
  const put = (candidate: Value): boolean => storage.putRemote(KEY, candidate, 's', LIFE_MS, 0);
  const first = signValue(owner, 1n, content('one'), 5);
  assert.ok(put(first));
  assert.ok(!put(signValue(other, 1n, content('two'), 6)), 'another owner');
  assert.ok(!put(value(1n, 'two')), 'unsigned');
  assert.ok(!put(signValue(owner, 1n, content('two'), 5)), 'same sequence, other content');
  assert.ok(!put(signValue(owner, 1n, content('two'), 4)), 'lower sequence');
  const forged = { ...signValue(owner, 1n, content('two'), 6), data: new Uint8Array(3) };
  assert.ok(!put(forged), 'wrong signature');
  assert.ok(put(signValue(owner, 1n, content('two'), 6)), 'higher sequence');
  assert.deepEqual(changes, ['new 1', 'edited 1']);
});

test('a value whose signature is wrong is not stored', () => {
  const { storage } = made();
  const signed = signValue(anIdentity(), 1n, { data: new Uint8Array(3) }, 0);
  const signature = new Uint8Array(signed.signature ?? []);
  signature[7] = (signature[7] ?? 0) ^ 1;
  assert.ok(!storage.putRemote(KEY, { ...signed, signature }, 's', LIFE_MS, 0));
  assert.ok(storage.putRemote(KEY, signed, 's', LIFE_MS, 0));
});

test("one source that fills its share loses its own oldest values, nobody else's", () => {
  const { storage, counters } = made();
  storage.putRemote(KEY, value(1n, 'honest'), 'honest', LIFE_MS, 0);
  const large = 'x'.repeat(60_000);
  for (let id = 2n; id < 402n; id += 1n)
    storage.putRemote(KEY, value(id, large), 'flood', LIFE_MS + Number(id), 0);
  assert.ok(storage.octets <= STORED_OCTETS_PER_SOURCE_MAX + 1000, String(storage.octets));
  assert.ok(counters.valuesEvicted > 0);
  const values = storage.values(KEY);
  assert.ok(values.has(1n) && values.has(401n) && !values.has(2n));
});

test('a full storage evicts from the source that uses most', () => {
  const { storage } = made();
  const large = 'x'.repeat(60_000);
  storage.putRemote(KEY, value(1n, 'honest'), 'honest', LIFE_MS, 0);
  for (let id = 2n; id < 2002n; id += 1n)
    storage.putRemote(KEY, value(id, large), `flood ${id % 10n}`, LIFE_MS, 0);
  assert.ok(storage.octets <= STORED_OCTETS_MAX, String(storage.octets));
  assert.ok(storage.octets > STORED_OCTETS_MAX * 0.9);
  assert.ok(storage.values(KEY).has(1n));
});

test('a key holds 65,536 values and no more', () => {
  const { storage } = made();
  for (let id = 1n; id <= BigInt(VALUES_PER_KEY_MAX); id += 1n)
    storage.putRemote(KEY, value(id, ''), `s${id % 8n}`, LIFE_MS, 0);
  assert.ok(storage.values(KEY).size === VALUES_PER_KEY_MAX);
  assert.ok(!storage.putRemote(KEY, value(1n << 40n, ''), 'late', LIFE_MS, 0));
  assert.ok(storage.putRemote(infoHash('another'), value(1n, ''), 'late', LIFE_MS, 0));
});

test('release() lets a permanent local value run out', () => {
  const { storage, pass } = made();
  storage.putLocal(KEY, value(1n, 'mine'), Infinity);
  pass(10 * LIFE_MS);
  assert.ok(storage.has(KEY));
  storage.release(KEY, 1n, 10 * LIFE_MS);
  pass(LIFE_MS + 1);
  assert.ok(!storage.has(KEY));
});

test('a storage counts its keys and the values of others, and what became of them', () => {
  const { core, pass } = testCore();
  const storage = new Storage(core, () => undefined);
  const { counters } = core;
  const other = infoHash('another');
  storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0);
  storage.putRemote(KEY, value(2n, 'b'), 't', LIFE_MS, 0, '192.0.2.1');
  storage.putLocal(other, value(3n, 'c'), LIFE_MS);
  assert.deepEqual([storage.keysCount, storage.valuesCount], [2, 2]);
  assert.deepEqual([...storage.keys()], [KEY, other]);
  assert.deepEqual([...storage.values(infoHash('none'))], []);
  const [one, two] = storage.values(KEY).values();
  assert.deepEqual([one?.source, one?.from, two?.from], ['s', 's', '192.0.2.1']);
  assert.ok(!storage.putRemote(KEY, value(1n, 'x'), 's', LIFE_MS, 0));
  assert.ok(storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0));
  assert.deepEqual(
    [counters.valuesStored, counters.valuesRefused, counters.valuesRefreshed],
    [3, 1, 1],
  );
  pass(LIFE_MS);
  assert.deepEqual([storage.keysCount, storage.valuesCount, storage.octets], [0, 0, 0]);
  assert.equal(counters.valuesExpired, 3);
});

test('refresh() and release() of what is not there do nothing', () => {
  const { storage, changes, pass } = made();
  storage.refresh(KEY, 1n, 0);
  storage.release(KEY, 1n, 0);
  storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0);
  storage.refresh(KEY, 2n, 0);
  storage.release(KEY, 2n, 0);
  storage.release(KEY, 1n, LIFE_MS);
  assert.deepEqual(changes, ['new 1']);
  pass(LIFE_MS);
  assert.ok(!storage.has(KEY), 'release() is for what would stay');
});

test('release() gives a value its life from now on', () => {
  const { storage, pass } = made();
  storage.putLocal(KEY, value(1n, 'mine'), Infinity);
  pass(5000);
  storage.release(KEY, 1n, 5000);
  pass(LIFE_MS - 1);
  assert.ok(storage.has(KEY));
  pass(1);
  assert.ok(!storage.has(KEY));
});

test('putLocal() takes an equal value as a refresh, and replaces another', () => {
  const { storage, changes, pass } = made();
  storage.putLocal(KEY, value(1n, 'a'), 1000);
  storage.putLocal(KEY, value(1n, 'a'), 2000);
  storage.putLocal(KEY, value(1n, 'b'), 3000);
  assert.deepEqual(changes, ['new 1', 'refreshed 1', 'edited 1']);
  pass(2999);
  assert.ok(storage.has(KEY));
  pass(1);
  assert.deepEqual(changes.slice(3), ['expired 1']);
});

test('putLocal() for a limited time ends what was to stay', () => {
  const { storage, pass } = made();
  storage.putLocal(KEY, value(1n, 'a'), Infinity);
  storage.putLocal(KEY, value(1n, 'a'), 1000);
  pass(999);
  assert.ok(storage.has(KEY));
  pass(1);
  assert.ok(!storage.has(KEY));
});

test('putLocal() of what another node put makes it ours, and takes it off its account', () => {
  const { storage, pass } = made();
  storage.putRemote(KEY, value(1n, 'a'), 's', 1000, 0);
  storage.putLocal(KEY, value(1n, 'a'), Infinity);
  assert.deepEqual([storage.octets, storage.valuesCount], [0, 0]);
  pass(LIFE_MS);
  assert.ok(storage.has(KEY));
});

test('an edit takes the place of the value it edits in every count', () => {
  const { storage, pass } = made();
  const owner = anIdentity();
  const put = (sequence: number, size: number, atMs: number): boolean => {
    const content = { data: new Uint8Array(size) };
    return storage.putRemote(KEY, signValue(owner, 1n, content, sequence), 's', atMs, 0);
  };
  assert.ok(put(1, 10, 1000));
  const { octets } = storage;
  assert.ok(put(2, 20, 5000));
  assert.equal(storage.valuesCount, 1);
  assert.equal(storage.octets, octets + 10);
  assert.ok(!put(3, VALUE_OCTETS_MAX, 5000), 'too large with its signature');
  assert.ok(put(3, VALUE_OCTETS_MAX - 128, 5000), 'exactly as large as may be');
  pass(1000);
  assert.ok(storage.has(KEY), 'the life of the first one ended with it');
  pass(4000);
  assert.deepEqual([storage.octets, storage.valuesCount], [0, 0]);
});

test('a signed value does not take the place of an unsigned one', () => {
  const { storage } = made();
  storage.putRemote(KEY, value(1n, 'a'), 's', LIFE_MS, 0);
  const signed = signValue(anIdentity(), 1n, { data: new Uint8Array(1) }, 5);
  assert.ok(!storage.putRemote(KEY, signed, 's', LIFE_MS, 0));
});

test('a source that exceeds its share loses what would expire first, until 1 MiB is free', () => {
  const { storage, changes, counters } = made();
  const data = 'x'.repeat(60_000);
  const put = (id: bigint): boolean =>
    storage.putRemote(KEY, value(id, data), 's', LIFE_MS - Number(id), 0);
  let id = 1000n;
  while (id < 1400n && put(id)) id += 1n;
  // The value that was put last would expire first, so it is gone at once and was never news.
  assert.ok(!storage.values(KEY).has(id));
  assert.ok(!changes.includes(`new ${id}`));
  const kept = [...storage.values(KEY).keys()];
  assert.deepEqual(
    kept,
    kept.map((_, index) => 1000n + BigInt(index)),
  );
  const free = STORED_OCTETS_PER_SOURCE_MAX - storage.octets;
  assert.ok(free >= EVICTED_OCTETS && free < EVICTED_OCTETS + 61_000, String(free));
  const gone = changes.filter((change) => change.startsWith('expired'));
  assert.equal(gone.length, counters.valuesEvicted);
  assert.equal(storage.octets, kept.length * (60_000 + VALUE_OVERHEAD_OCTETS) + packedOverhead());

  function packedOverhead(): number {
    const [one] = storage.values(KEY).values();
    return kept.length * ((one?.packed.length ?? 0) - 60_000);
  }
});
