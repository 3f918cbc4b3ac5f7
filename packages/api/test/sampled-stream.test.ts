// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A stream of events that is limited to a number per second. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { SAMPLE_STEP_IDS, STREAM_WINDOW_MS } from '../src/limits.ts';
import { eventOf } from './found-events.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

interface Message {
  readonly id: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events up to an id; every third is an OPTIONS. */
function fill(evidence: MemoryEvidence, until: number): void {
  while (evidence.lastHoneyId() < until) {
    const id = evidence.lastHoneyId() + 1;
    evidence.eventList.push({ ...eventOf(id), sipMethod: id % 3 === 0 ? 'OPTIONS' : 'INVITE' });
  }
}

/** What a stream says, message by message. */
async function* follow(
  api: HttpApi,
  query: string,
  headers: Record<string, string> = {},
): AsyncGenerator<Message> {
  const url = `http://127.0.0.1:${api.address.port}/v1/events/stream?${query}`;
  const { body } = await fetch(url, { headers });
  assert.ok(body !== null);
  let text = '';
  for await (const octets of body.pipeThrough(new TextDecoderStream())) {
    text += octets;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [, id, type = '', data = ''] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(part) ?? [];
      if (id !== undefined) yield { id: Number(id), type, data: JSON.parse(data) };
    }
  }
}

async function take(messages: AsyncGenerator<Message>, count: number): Promise<readonly Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

function idsOf(messages: readonly Message[]): readonly number[] {
  return messages.map(({ id }) => id);
}

test('a stream with per_second sends the newest events and says exactly what it left out', async () => {
  const evidence = new MemoryEvidence();
  await using api = await openApi({ evidence });
  fill(evidence, 100);
  const stream = follow(api, 'after=90&per_second=16'); // 4 each quarter of a second
  const first = await take(stream, 5);
  assert.deepEqual(idsOf(first), [96, 97, 98, 99, 100]);
  assert.deepEqual(first[0], {
    id: 96,
    type: 'left_out',
    data: { count: 6, after: 90, until: 96 },
  });
  assert.ok(first.slice(1).every(({ id, type, data }) => type === 'event' && data['id'] === id));
  // As many as may be sent: nothing is left out, and they come no sooner than allowed.
  const startMs = performance.now();
  fill(evidence, 104);
  api.wake();
  assert.deepEqual(idsOf(await take(stream, 4)), [101, 102, 103, 104]);
  assert.ok(performance.now() - startMs > STREAM_WINDOW_MS / 2);
  fill(evidence, 300);
  api.wake();
  const last = await take(stream, 5);
  assert.deepEqual(last[0]?.data, { count: 192, after: 104, until: 296 });
  await stream.return(undefined);
  // A client that was told what was left out, and comes again, gets the rest; it is not told a second time.
  const resumed = follow(api, 'per_second=16', { 'last-event-id': '296' });
  assert.deepEqual(idsOf(await take(resumed, 4)), [297, 298, 299, 300]);
  await resumed.return(undefined);
});

test('a stream with per_second counts and sends only what its filter says', async () => {
  const evidence = new MemoryEvidence();
  await using api = await openApi({ evidence });
  fill(evidence, 99);
  const stream = follow(api, 'after=9&per_second=8&method=OPTIONS');
  const all = await take(stream, 3);
  assert.deepEqual(idsOf(all), [95, 96, 99]);
  assert.deepEqual(all[0]?.data, { count: 28, after: 9, until: 95 });
  await stream.return(undefined);
});

test('a stream with per_second that is far behind is told of everything at once', async () => {
  const evidence = new MemoryEvidence();
  await using api = await openApi({ evidence });
  const newest = 2 * SAMPLE_STEP_IDS + 10;
  fill(evidence, newest);
  const stream = follow(api, 'after=0&per_second=1');
  const both = await take(stream, 2);
  assert.deepEqual(both[0]?.data, { count: newest - 1, after: 0, until: newest - 1 });
  assert.equal(both[1]?.id, newest);
  await stream.return(undefined);
});
