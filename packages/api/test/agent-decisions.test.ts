// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentDecision, AgentDecisions } from '../src/agent-decisions.ts';
import type { HttpApi } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

const PATH = '/v1/sip-agent/decisions/stream';

class MemoryDecisions implements AgentDecisions {
  readonly made: AgentDecision[] = [];

  get newestId(): number {
    return this.made.length;
  }

  after(afterId: number, limit: number): readonly AgentDecision[] {
    return this.made.slice(afterId, afterId + limit);
  }

  make(number: string): void {
    this.made.push({
      id: this.made.length + 1,
      epochUs: 1_772_366_400_000_000,
      kind: 'call',
      outcome: 'refused',
      status: 404,
      level: 'listed',
      peer: '192.0.2.1',
      transport: 'UDP',
      callId: 'c\r\nevent: forged',
      account: undefined,
      number,
      e164: '442071234567',
      address: '203.0.113.5',
      score: 87,
      reasons: ['the number was called once at the honeypot'],
    });
  }
}

function keys(): MemoryEvidence {
  const evidence = new MemoryEvidence();
  for (const role of ['read', 'write'] as const) evidence.keys.set(role, { name: role, role });
  return evidence;
}

function ask(api: HttpApi, headers: Record<string, string>, query = ''): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${PATH}${query}`, { headers });
}

/** Reads until this many decisions came, then ends the stream. */
async function read(response: Response, count: number): Promise<readonly string[]> {
  assert.ok(response.body !== null);
  let text = '';
  for await (const octets of response.body.pipeThrough(new TextDecoderStream())) {
    text += octets;
    if (text.split('\n\n').length > count + 1) break;
  }
  return text.split('\n\n').slice(1, count + 1);
}

test('decisions of the SIP agent are streamed as they are made, to a key that may read', async () => {
  const agentDecisions = new MemoryDecisions();
  await using api = await openApi({ evidence: keys(), agentDecisions });
  for (const [headers, status] of [
    [{}, 401],
    [{ 'x-api-key': 'write' }, 403],
    [{ 'x-api-key': 'read', 'last-event-id': 'x' }, 400],
  ] as const) {
    const response = await ask(api, headers);
    await response.text();
    assert.equal(response.status, status);
  }
  agentDecisions.make('before');
  const response = await ask(api, { 'x-api-key': 'read' });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  agentDecisions.make('00442071234567');
  api.wake();
  const [text = ''] = await read(response, 1);
  const [id, type, data = ''] = text.split('\n');
  assert.deepEqual([id, type], ['id: 2', 'event: decision']);
  assert.deepEqual(JSON.parse(data.slice('data: '.length)), {
    at: '2026-03-01T12:00:00.000000Z',
    kind: 'call',
    outcome: 'refused',
    status: 404,
    level: 'listed',
    peer: '192.0.2.1',
    transport: 'UDP',
    call_id: 'c\r\nevent: forged',
    account: null,
    number: '00442071234567',
    e164: '+442071234567',
    address: '203.0.113.5',
    score: 87,
    reasons: ['the number was called once at the honeypot'],
  });
  const resumed = await ask(api, { 'x-api-key': 'read' }, '?after=0');
  assert.deepEqual(
    (await read(resumed, 2)).map((event) => event.split('\n')[0]),
    ['id: 1', 'id: 2'],
  );
});

test('if the SIP agent is off, there is no stream of its decisions', async () => {
  await using api = await openApi({ evidence: keys() });
  const response = await ask(api, { 'x-api-key': 'read' });
  assert.equal(response.status, 404);
  assert.match(await response.text(), /--sip-agent/);
});
