// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { ask, send, UNREACHABLE } from '../src/ask/ask.ts';

afterEach(() => mock.restoreAll());

/** A node whose next answer is this one. */
function answers(response: Response): void {
  mock.method(globalThis, 'fetch', () => Promise.resolve(response));
}

/** An answer that ends in the middle, as when the page leaves the view or the node stops. */
function cutOff(status: number): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"last_event_id":'));
      controller.error(new DOMException('The user aborted a request.', 'AbortError'));
    },
  });
  return new Response(body, { status });
}

test('an answer that is cut off is none, and a refusal that is cut off says only its status', async () => {
  answers(cutOff(200));
  const why = 'The user aborted a request.';
  assert.deepEqual(await ask('/v1/summary'), { ok: false, status: UNREACHABLE, why });
  answers(cutOff(404));
  assert.deepEqual(await ask('/v1/summary'), { ok: false, status: 404, why: 'HTTP 404' });
});

test('an answer that is not JSON, as of a proxy between, is none, or says only its status', async () => {
  answers(new Response('<h1>Sign in</h1>'));
  const signIn = await ask('/v1/summary');
  assert.ok(!signIn.ok);
  assert.equal(signIn.status, UNREACHABLE);
  assert.match(signIn.why, /JSON/u);
  answers(new Response('<h1>Bad gateway</h1>', { status: 502 }));
  assert.deepEqual(await ask('/v1/summary'), { ok: false, status: 502, why: 'HTTP 502' });
});

test('what needs no answer has none', async () => {
  answers(new Response(null, { status: 204 }));
  const answer = await send('DELETE', '/v1/session', 'token', undefined);
  assert.deepEqual(answer, { ok: true, value: undefined });
});
