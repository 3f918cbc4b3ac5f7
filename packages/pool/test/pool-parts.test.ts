// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What `Pool` gives to its parts, and takes from them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unsignedValue } from '@sentrypeer/dht';
import { POOL_CURSOR } from '@sentrypeer/follow/cursors';
import { silentLogger } from '@sentrypeer/kernel';
import { BAD_ACTORS } from '../src/dht-keys.ts';
import { Pool } from '../src/pool.ts';
import type { PoolPorts, ReceivedEvent } from '../src/ports.ts';
import {
  APP_VERSION,
  legacyClaim,
  NETWORK,
  newSigner,
  NOW_US,
  octetsOf,
  recorded,
  sharedObject,
} from './claims.ts';

const OWN = newSigner();
const TODAY = Math.floor(NOW_US / 86_400_000_000);

/** A pool whose DHT is connected, and tells what the test says. */
function newPool({
  state,
  told = [],
  failure,
}: { state?: unknown; told?: readonly Uint8Array[]; failure?: Error } = {}) {
  const events = [recorded(OWN.nodeId)];
  let count = 0;
  const puts: unknown[] = [];
  const looked: { readonly hash: unknown; readonly signal: AbortSignal }[] = [];
  const received: ReceivedEvent[] = [];
  const begin = Promise.withResolvers<void>();
  const ports = {
    network: {
      isConnected: true,
      connected: () => Promise.resolve(),
      put: (hash: unknown) => {
        puts.push(hash);
        if (failure !== undefined) return Promise.reject(failure);
        return Promise.resolve({ announced: true, id: 1n, nodesCount: 8 });
      },
      get: (hash: unknown, { signal }: { signal: AbortSignal }) => {
        looked.push({ hash, signal });
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        return promise;
      },
      listen: (_: unknown, { signal }: { signal: AbortSignal }) => ({
        async *[Symbol.asyncIterator]() {
          const { promise: closed, resolve } = Promise.withResolvers<void>();
          signal.addEventListener('abort', () => resolve(), { once: true });
          await Promise.race([begin.promise, closed]);
          for (const data of told) yield { kind: 'value', value: unsignedValue(1n, { data }) };
          await closed;
        },
        [Symbol.asyncDispose]: async () => undefined,
      }),
    },
    log: {
      eventsAfter: (id: number) => (id < count ? events : []),
      lastHoneyId: () => count,
      cursor: (name: string) => (name === POOL_CURSOR ? 0 : undefined),
    },
    cursors: { saveCursor: () => undefined },
    origins: { origin: () => undefined },
    isRecorded: () => false,
    record: async (some: readonly ReceivedEvent[]) => received.push(...some),
    signer: OWN,
    clock: { nowMs: () => 0, epochUs: () => NOW_US },
    random: { fill: () => undefined },
    logger: silentLogger,
    wakeAfter: () => () => undefined,
  } as unknown as PoolPorts;
  const pool = new Pool(ports, {
    networkId: NETWORK,
    appVersion: APP_VERSION,
    budgetOctets: 1_000_000,
    delayMsMax: 0,
    state,
  });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  };
  const meet = (): void => void (count = 1);
  const tell = (): void => begin.resolve();
  return { pool, puts, looked, received, turns, meet, tell };
}

test('`status()` tells of the connection, of both directions, and of what is left for today', async () => {
  const made = newPool({ told: [legacyClaim()] });
  const before = made.pool.status();
  assert.deepEqual(
    [before.isConnected, before.published.values, before.received.values, before.waitingValues],
    [true, 0, 0, 0],
  );
  assert.deepEqual([before.budgetSpentOctets, before.budgetOctets], [0, 1_000_000]);
  made.meet();
  made.pool.wake();
  made.tell();
  await made.turns();
  const { published, received, budgetSpentOctets, keptValues } = made.pool.status();
  assert.deepEqual([published.values, received.recorded, keptValues], [1, 1, 1]);
  assert.equal(budgetSpentOctets, published.octets);
  await made.pool.close();
});

test('`wake()` tells of events that were committed', async () => {
  const made = newPool();
  await made.turns();
  made.meet();
  await made.turns();
  assert.ok(!made.puts.includes(BAD_ACTORS));
  made.pool.wake();
  await made.turns();
  assert.ok(made.puts.includes(BAD_ACTORS));
  await made.pool.close();
});

test('a pool goes on with what an earlier run used of the day, and with nothing of what is no state', async () => {
  const budget = { day: TODAY, octets: 1234 };
  const made = newPool({ state: { budget } });
  assert.deepEqual(made.pool.exportState(), { budget });
  assert.equal(made.pool.status().budgetSpentOctets, 1234);
  await made.pool.close();
  for (const state of [undefined, null, 5, 'budget', {}, { budget: null }]) {
    const { pool } = newPool({ state });
    assert.deepEqual(pool.exportState(), { budget: { day: TODAY, octets: 0 } });
    await pool.close();
  }
});

test('`learnKey()` saves the look-up of a key', async () => {
  const alice = newSigner();
  const told = [octetsOf(sharedObject(alice, recorded(alice.nodeId)))];
  for (const isLearned of [true, false]) {
    const made = newPool({ told });
    if (isLearned) made.pool.learnKey(alice.nodeId, alice.publicKey);
    made.tell();
    await made.turns();
    assert.equal(made.received.length, isLearned ? 1 : 0);
    assert.equal(made.looked.length, isLearned ? 0 : 1);
    assert.equal(made.pool.status().waitingValues, isLearned ? 0 : 1);
    await made.pool.close();
    assert.ok(
      made.looked.every(({ signal }) => signal.aborted),
      'it ends with the pool',
    );
  }
});

test('`running` rejects if a part of the pool fails', async () => {
  const { pool } = newPool({ failure: new Error('a bug') });
  await assert.rejects(pool.running, /a bug/);
});

test('`close()` ends everything, once', async () => {
  const made = newPool();
  await made.turns();
  await made.pool[Symbol.asyncDispose]();
  await made.pool.close();
  await made.pool.running;
  made.meet();
  made.pool.wake();
  await made.turns();
  assert.ok(!made.puts.includes(BAD_ACTORS));
});
