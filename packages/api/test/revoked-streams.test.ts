// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Streams that are open when their key is revoked, or when the session in which they were opened ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from './found-events.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryFeed } from './memory-feed.ts';
import { openApi } from './ports.ts';

/** The streams, and what each says about the first and the second thing that happens. */
const STREAMS = [
  ['/v1/events/stream?after=0&include=message', 'id: 1\n', 'id: 2\n'],
  ['/v1/events/stream?after=0&per_second=1000', 'id: 1\n', 'id: 2\n'],
  ['/v1/listings/stream?after=100', 'id: 101\n', 'id: 102\n'],
] as const;

for (const [path, first, second] of STREAMS) {
  for (const how of ['the key is revoked', 'its browser signs out']) {
    test(`${path} ends when ${how}`, async () => {
      const [evidence, feed] = [new MemoryEvidence(), new MemoryFeed().tell(0, '203.0.113.1')];
      evidence.keys.set('good', { name: 'pbx', role: 'read' });
      evidence.eventList.push(eventOf(1));
      await using api = await openApi({ evidence, feed }, { keyRequired: true });
      const ask = (to: string, init: RequestInit = {}): Promise<Response> =>
        fetch(`http://127.0.0.1:${api.address.port}${to}`, init);
      const signedIn = await ask('/v1/session', { method: 'POST', body: '{"key":"good"}' });
      const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';');
      const { session } = (await signedIn.json()) as { readonly session: { token: string } };
      const isKey = how === 'the key is revoked';
      const { body } = await ask(path, { headers: isKey ? { 'x-api-key': 'good' } : { cookie } });
      assert.ok(body !== null);
      let text = '';
      for await (const octets of body.pipeThrough(new TextDecoderStream())) {
        text += octets;
        if (!text.includes(first) || text.includes(second)) continue;
        if (isKey) evidence.keys.clear();
        else {
          const headers = { cookie, 'x-csrf-token': session.token };
          assert.equal((await ask('/v1/session', { method: 'DELETE', headers })).status, 204);
        }
        evidence.eventList.push(eventOf(2));
        feed.tell(1, '203.0.113.2');
        api.wake();
        api.wakeFeed();
      }
      assert.ok(text.includes(first), text);
      assert.ok(!text.includes(second), text);
    });
  }
}
