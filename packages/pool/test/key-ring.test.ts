// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How the keys of origins are found, while anybody can name origins that do not exist. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unsignedValue, type Value } from '@sentrypeer/dht';
import { nodeIdOfKey } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { publicKeyHash, valueIdOf } from '../src/dht-keys.ts';
import { KeyRing } from '../src/key-ring.ts';
import {
  KEY_LOOKUP_MS_MAX,
  KEY_LOOKUPS_OPEN_MAX,
  KEY_LOOKUPS_WAITING_MAX,
  KEY_MISSING_MS,
  KEY_RETRY_MS,
  KEYS_MAX,
} from '../src/limits.ts';
import type { KnownOrigin, PoolPorts } from '../src/ports.ts';
import { newSigner, uuidOf } from './claims.ts';

interface Get {
  readonly hash: string;
  readonly where: unknown;
  readonly answer: (...keys: readonly Uint8Array[]) => void;
  readonly fail: (error: Error) => void;
}

/** A key ring whose look-ups are answered, and whose time passes, when the test says so. */
function newRing() {
  const gets: Get[] = [];
  const origins = new Map<string, KnownOrigin>();
  const state = { nowMs: 0, reads: 0 };
  const timers = new Set<{ readonly ms: number; readonly run: () => void }>();
  const ports = {
    network: {
      get: (hash: string, { where, signal }: { where: unknown; signal: AbortSignal }) => {
        const { promise, resolve, reject } = Promise.withResolvers<readonly Value[]>();
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        if (signal.aborted) reject(new Error('aborted'));
        const answer = (...keys: readonly Uint8Array[]): void =>
          resolve(keys.map((data) => unsignedValue(1n, { data })));
        gets.push({ hash, where, answer, fail: reject });
        return promise;
      },
    },
    origins: {
      origin: (id: string) => {
        state.reads += 1;
        return origins.get(id);
      },
    },
    clock: { nowMs: () => state.nowMs, epochUs: () => 0 },
    wakeAfter: (ms: number, run: () => void) => {
      const timer = { ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  } as unknown as PoolPorts;
  /** Lets those timers run that take so long. */
  const pass = async (ms: number): Promise<void> => {
    for (const timer of timers) {
      if (timer.ms !== ms) continue;
      timers.delete(timer);
      timer.run();
    }
    await nextTurn();
  };
  return { ring: new KeyRing(ports), gets, origins, state, timers, pass };
}

/** What a promise resolves to within a turn; `pending` if it does not. */
async function settled(promise: Promise<unknown> | undefined): Promise<unknown> {
  let result: unknown = 'pending';
  void promise?.then((value) => (result = value));
  await nextTurn();
  return result;
}

test('a key is that of the node whose id is made from it, whoever tells it', () => {
  const { ring } = newRing();
  const [alice, bob] = [newSigner(), newSigner()];
  assert.equal(ring.known(alice.nodeId), undefined);
  assert.equal(ring.learn(alice.nodeId, bob.publicKey), undefined);
  const short = new Uint8Array(31);
  assert.equal(ring.learn(nodeIdOfKey(short), short), undefined);
  assert.equal(ring.known(alice.nodeId), undefined);
  const told = new Uint8Array(alice.publicKey);
  ring.learn(alice.nodeId, told);
  told.fill(0);
  assert.deepEqual(ring.known(alice.nodeId)?.publicKey, alice.publicKey, 'a copy');
});

test('a recorded key is read once, and of too many the oldest is forgotten', () => {
  // A thousand keys take a second.
  const { ring, origins, state } = newRing();
  const alice = newSigner();
  const { publicKey } = alice;
  origins.set(alice.nodeId, { trust: 'none', publicKey, firstSeenEpochUs: 0 });
  assert.deepEqual(ring.known(alice.nodeId)?.publicKey, publicKey);
  ring.known(alice.nodeId);
  assert.equal(state.reads, 1);
  origins.clear();
  for (let count = 1; count < KEYS_MAX; count += 1) {
    const signer = newSigner();
    ring.learn(signer.nodeId, signer.publicKey);
  }
  assert.notEqual(ring.known(alice.nodeId), undefined);
  const last = newSigner();
  ring.learn(last.nodeId, last.publicKey);
  assert.equal(ring.known(alice.nodeId), undefined);
  assert.notEqual(ring.known(last.nodeId), undefined);
});

test('a key is looked up where its owner keeps it, once at a time, among whatever others put there', async () => {
  const { ring, gets, timers } = newRing();
  const alice = newSigner();
  const lookup = ring.lookUp(alice.nodeId);
  assert.equal(ring.lookUp(alice.nodeId), lookup);
  await nextTurn();
  assert.equal(gets.length, 1);
  assert.equal(gets[0]?.hash, publicKeyHash(alice.nodeId));
  const conditions = (gets[0]?.where ?? []) as readonly { readonly id?: bigint }[];
  assert.deepEqual(
    conditions.map(({ id }) => id),
    [valueIdOf(alice.nodeId)],
  );
  gets[0]?.answer(new Uint8Array(32), newSigner().publicKey, alice.publicKey);
  assert.deepEqual((await lookup)?.publicKey, alice.publicKey);
  assert.notEqual(ring.known(alice.nodeId), undefined);
  assert.equal(timers.size, 0);
});

test('a key that is not there is looked up once more, and then not again for a while', async () => {
  const { ring, gets, state, pass } = newRing();
  const { nodeId, publicKey } = newSigner();
  state.nowMs = 5000;
  const lookup = ring.lookUp(nodeId);
  await nextTurn();
  gets[0]?.answer();
  assert.equal(await settled(lookup), 'pending');
  await pass(KEY_RETRY_MS);
  assert.equal(gets.length, 2);
  gets[1]?.answer();
  assert.equal(await settled(lookup), undefined);
  state.nowMs = 5000 + KEY_MISSING_MS - 1;
  assert.equal(ring.lookUp(nodeId), undefined);
  state.nowMs += 1;
  const again = ring.lookUp(nodeId);
  await nextTurn();
  gets[2]?.answer(publicKey);
  assert.deepEqual((await again)?.publicKey, publicKey);
  assert.notEqual(ring.lookUp(nodeId), undefined, 'it was not missing this time');
});

test('a key that a neighbour told meanwhile is not looked up again', async () => {
  const { ring, gets, pass } = newRing();
  const { nodeId, publicKey } = newSigner();
  const lookup = ring.lookUp(nodeId);
  await nextTurn();
  gets[0]?.answer();
  await nextTurn();
  ring.learn(nodeId, publicKey);
  await pass(KEY_RETRY_MS);
  assert.equal(gets.length, 1);
  assert.deepEqual((await lookup)?.publicKey, publicKey);
});

test('four look-ups run at a time, sixty-four wait, and who comes then has to come again', async () => {
  const { ring, gets, pass } = newRing();
  const ids = Array.from({ length: KEY_LOOKUPS_WAITING_MAX }, (_, index) => uuidOf(`${index}`));
  for (const id of ids.slice(1)) assert.ok(ring.lookUp(id));
  assert.equal(ring.isBusy('another'), false);
  assert.ok(ring.lookUp(ids[0] ?? ''));
  await nextTurn();
  assert.equal(gets.length, KEY_LOOKUPS_OPEN_MAX);
  assert.equal(ring.isBusy('another'), true);
  assert.equal(ring.isBusy(ids[0] ?? ''), false, 'it is under way');
  assert.equal(ring.lookUp('another'), undefined);
  gets[0]?.answer();
  await nextTurn();
  await pass(KEY_RETRY_MS);
  gets[4]?.answer();
  await nextTurn();
  await nextTurn();
  assert.equal(gets.length, 6, 'the next one has its turn');
  assert.equal(ring.isBusy('another'), false);
});

test('a look-up that fails or takes too long finds nothing, and a bug is one', async () => {
  const { ring, gets, pass, timers } = newRing();
  const late = ring.lookUp(uuidOf('late'));
  await nextTurn();
  await pass(KEY_LOOKUP_MS_MAX);
  await pass(KEY_RETRY_MS);
  gets[1]?.fail(new OperatingError('dht_closed', 'the node is closed'));
  assert.equal(await settled(late), undefined);
  const broken = ring.lookUp(uuidOf('broken'));
  await nextTurn();
  gets[2]?.fail(new Error('a bug'));
  await assert.rejects(broken ?? Promise.resolve(), /a bug/);
  assert.equal(timers.size, 0);
});

test('a ring that is closed ends all look-ups, those that run, wait or pause, and begins none', async () => {
  const { ring, gets } = newRing();
  const ids = Array.from({ length: 8 }, (_, index) => uuidOf(`${index}`));
  const lookups = ids.map((id) => ring.lookUp(id));
  await nextTurn();
  gets[0]?.answer();
  await nextTurn();
  ring.close();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  assert.deepEqual(
    await Promise.all(lookups.map(settled)),
    ids.map(() => undefined),
  );
  assert.equal(ring.lookUp('another'), undefined);
});

test('of too many keys that are missing the oldest is looked up again', async () => {
  const { ring, gets, pass } = newRing();
  const missing = async (id: string): Promise<boolean> => {
    const lookup = ring.lookUp(id);
    if (lookup === undefined) return true;
    await nextTurn();
    gets.at(-1)?.answer();
    await nextTurn();
    await pass(KEY_RETRY_MS);
    gets.at(-1)?.answer();
    assert.equal(await settled(lookup), undefined);
    return false;
  };
  for (let index = 0; index < KEYS_MAX; index += 1) await missing(`id ${index}`);
  assert.equal(await missing('id 0'), true);
  await missing('one more');
  assert.equal(await missing('id 1'), true);
  assert.equal(await missing('id 0'), false);
});
