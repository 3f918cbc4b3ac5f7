// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Requests that scan work in small steps, fair among clients, in the time that look-ups leave. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  SCANS_AWAY_MAX,
  SCANS_COUNT_MAX,
  SCANS_PER_CLIENT_MAX,
  SCAN_SLICE_MS,
  SCAN_STEP_EVENTS,
  SCAN_STEP_ROWS,
} from '../src/limits.ts';
import type { WrittenEvents } from '../src/index.ts';
import { Scans } from '../src/scans.ts';
import { eventOf } from './found-events.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

function busyMs(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('Scans lets clients take turns, however many questions one of them has', async () => {
  const scans = new Scans();
  const order: string[] = [];
  const ask = (client: string): Promise<void> => scans.step(client, () => void order.push(client));
  await Promise.all(['a', 'a', 'a', 'a', 'b', 'c', 'b'].map(ask));
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'a', 'a']);
});

test('Scans goes on after a step that failed, and tells who asked', async () => {
  const scans = new Scans();
  const broken = scans.step('a', () => {
    throw new RangeError('unreadable');
  });
  const next = scans.step('a', () => 7);
  await assert.rejects(broken, /unreadable/);
  assert.equal(await next, 7);
});

test('Scans leaves the thread as long a rest as its steps took', async () => {
  const scans = new Scans();
  const startMs = performance.now();
  const steps = 10;
  await Promise.all(
    Array.from({ length: steps }, () => scans.step('a', () => busyMs(SCAN_SLICE_MS + 1))),
  );
  const tookMs = performance.now() - startMs;
  const workedMs = steps * (SCAN_SLICE_MS + 1);
  assert.ok(tookMs >= 1.9 * workedMs - (SCAN_SLICE_MS + 2), `${tookMs} for ${workedMs}`);
});

test('Scans takes on a limited number of questions of one client, and still those of others', async () => {
  const scans = new Scans();
  const asked: Promise<void>[] = [];
  while (scans.hasRoom('a')) asked.push(scans.step('a', () => undefined));
  assert.equal(asked.length, SCANS_PER_CLIENT_MAX);
  assert.ok(scans.hasRoom('b'));
  await Promise.all(asked);
  assert.ok(scans.hasRoom('a'));
});

test('questions from other addresses of an IPv6 /64 are those of one client', async () => {
  const answer = Promise.withResolvers<WrittenEvents>();
  const evidence = new MemoryEvidence();
  const eventSearch = { find: () => answer.promise, sample: () => assert.fail() };
  await using api = await openApi({ evidence, eventSearch }, { trustedProxies: ['127.0.0.1'] });
  const url = `http://127.0.0.1:${api.address.port}/v1/events`;
  const ask = async (from: string): Promise<number> =>
    (await fetch(url, { headers: { 'X-Forwarded-For': from } })).status;
  // Some wait for the other thread, and as many for their turn as one client may have.
  const first = Array.from({ length: SCANS_AWAY_MAX + SCANS_PER_CLIENT_MAX + 1 }, (_, at) =>
    ask(`2001:db8:1:2::${at + 1}`),
  );
  assert.equal(await Promise.race(first), 503, 'one too many of this /64');
  const other = ask('2001:db8:1:3::1');
  answer.resolve({ octets: new Uint8Array(), count: 0, next: undefined });
  assert.equal(await other, 200);
  const statuses = await Promise.all(first);
  assert.equal(
    statuses.filter((status) => status === 200).length,
    SCANS_AWAY_MAX + SCANS_PER_CLIENT_MAX,
  );
});

test('questions of strangers, from however many addresses, never take the room of known clients', async () => {
  const answer = Promise.withResolvers<WrittenEvents>();
  const evidence = new MemoryEvidence();
  evidence.keys.set('good', { name: 'pbx', role: 'read' });
  const eventSearch = { find: () => answer.promise, sample: () => assert.fail() };
  await using api = await openApi({ evidence, eventSearch }, { trustedProxies: ['127.0.0.1'] });
  const url = `http://127.0.0.1:${api.address.port}/v1/events`;
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(url, { headers })).status;
  const strangers = Array.from({ length: SCANS_AWAY_MAX + SCANS_COUNT_MAX + 1 }, (_, at) =>
    ask({ 'X-Forwarded-For': `192.0.2.${at % (2 * (SCANS_COUNT_MAX / SCANS_PER_CLIENT_MAX))}` }),
  );
  assert.equal(await Promise.race(strangers), 503, 'one too many of all');
  const known = [ask({ 'X-Forwarded-For': '192.0.2.0', 'X-Api-Key': 'good' }), ask({})];
  const last = { 'X-Forwarded-For': '192.0.2.255' }; // By then those before it were taken or refused.
  for (let count = 0; count < 3; count += 1) assert.equal(await ask(last), 503);
  answer.resolve({ octets: new Uint8Array(), count: 0, next: undefined });
  assert.deepEqual(await Promise.all(known), [200, 200]);
  await Promise.all(strangers);
});

test('a page of /v1/events is read in small steps and is whole all the same', async () => {
  const evidence = new MemoryEvidence();
  const asked: (readonly number[])[] = [];
  const read = evidence.find.bind(evidence);
  evidence.find = (filter, order, after, limit, rowsMax) => {
    asked.push([limit, rowsMax]);
    return read(filter, order, after, limit, rowsMax);
  };
  for (let id = 1; id <= 3 * SCAN_STEP_EVENTS + 7; id += 1) evidence.eventList.push(eventOf(id));
  await using api = await openApi({ evidence });
  const url = `http://127.0.0.1:${api.address.port}/v1/events?order=asc&limit=`;
  const page = async (query: string) =>
    (await (await fetch(url + query)).json()) as {
      readonly items: readonly { readonly id: number }[];
      readonly next: string | null;
    };
  const all = await page('1000');
  assert.deepEqual(
    all.items.map(({ id }) => id),
    Array.from({ length: 3 * SCAN_STEP_EVENTS + 7 }, (_, index) => index + 1),
  );
  assert.equal(all.next, null);
  assert.ok(
    asked.every(([limit = 0, rows]) => limit <= SCAN_STEP_EVENTS && rows === SCAN_STEP_ROWS),
  );
  const some = await page(String(SCAN_STEP_EVENTS + 3));
  assert.equal(some.items.length, SCAN_STEP_EVENTS + 3);
  assert.equal(some.next, String(SCAN_STEP_EVENTS + 3));
});
