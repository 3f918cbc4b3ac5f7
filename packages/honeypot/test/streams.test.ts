// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import { Bench, EXTENSION, type Overrides, registerText, requestText } from './bench.ts';

const uri = 'sip:00442071234567@203.0.113.5';

test('what never came to its end is recorded with what it said, and not answered', () => {
  const bench = new Bench();
  const { observation, replies } = bench.receive(requestText({ method: 'INVITE', uri }), {
    transport: 'TCP',
    framingAnomalies: ['body_unfinished'],
    isUnfinished: true,
  });
  assert.deepEqual(replies, []);
  assert.equal(observation.sipMethod, 'INVITE');
  assert.equal(observation.calledNumber, '00442071234567');
  assert.equal(observation.grade, 'handshake');
  assert.deepEqual(observation.anomalies, ['body_unfinished']);
});

test('what was skipped before a message stands in its details', () => {
  const { observation } = new Bench().receive(requestText(), {
    transport: 'TCP',
    framingAnomalies: ['octets_skipped'],
    skipped: latin1Octets('\0\0'),
  });
  assert.deepEqual(observation.details, { callId: '84f0a1d29c', skippedBefore: '\0\0' });
});

test('a Call-ID of 4 KiB is answered on streams and in datagrams, where the answer is no longer than 1.2 times', () => {
  for (const transport of ['UDP', 'TCP'] as const) {
    const text = requestText({ callId: 'x'.repeat(4096) });
    const { replies } = new Bench().receive(text, { transport });
    assert.equal(replies.length, 1, transport);
    assert.ok((replies[0]?.length ?? 0) > 4096);
    assert.ok((replies[0]?.length ?? 0) <= 1.2 * text.length);
  }
});

test('a connection ends where what came is not SIP, and stays open after a message', () => {
  const tcp = { transport: 'TCP' } as const;
  for (const [persona, mode, close] of [
    ['asterisk', 'responsive', true],
    ['kamailio', 'responsive', 'at-once'],
    ['kamailio', 'passive', true],
  ] as const) {
    const receive = (text: string, more: Overrides = {}) =>
      new Bench({ persona, mode }).receive(text, { ...tcp, ...more });
    assert.equal(receive('hello\r\n\r\n').close, close);
    assert.equal(receive('hello\r\n\r\n', { notSip: 'not_sip' }).close, close);
    assert.equal(receive('SIP/2.0 200 OK\r\n\r\n').close, false);
    assert.equal(receive(requestText()).close, false);
  }
});

test('a request that comes twice is not recorded as registered because it was answered twice', () => {
  const bench = new Bench();
  const text = registerText(EXTENSION);
  for (let count = 0; count < 2; count += 1) {
    assert.equal(bench.receive(text).observation.details, undefined);
  }
});
