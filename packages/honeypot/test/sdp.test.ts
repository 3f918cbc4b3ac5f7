// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionDescription } from '../src/sdp.ts';
import { OFFER, OURSELVES, persona } from './bench.ts';

function describe(offer: string | undefined, options: { address?: string; lean?: boolean } = {}) {
  const { address = OURSELVES, lean = false } = options;
  const text = sessionDescription({
    persona: persona('asterisk'),
    address,
    sessionId: 1_812_741_846,
    offer,
    lean,
  });
  assert.ok(text.endsWith('\r\n'));
  return text.slice(0, -2).split('\r\n');
}

test('sessionDescription() answers with G.711 in the order offered, and events where they are offered', () => {
  assert.deepEqual(describe(OFFER), [
    'v=0',
    'o=root 1812741846 1812741846 IN IP4 203.0.113.5',
    's=Asterisk PBX',
    'c=IN IP4 203.0.113.5',
    't=0 0',
    'm=audio 13692 RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=sendrecv',
  ]);
  assert.equal(mediaOf(describe('m=audio 6000 RTP/AVP 8 0 0 8\r\n')), '8 0');
  const events = 'm=audio 6000 RTP/AVP 18 8 97\na=rtpmap:97 telephone-event/8000\n';
  assert.equal(mediaOf(describe(events)), '8 97');
});

test('sessionDescription() offers both laws and events where nothing was offered', () => {
  assert.equal(mediaOf(describe(undefined)), '0 8 101');
});

test('sessionDescription() is short where it has to be', () => {
  assert.deepEqual(describe(OFFER, { lean: true }).slice(5), ['m=audio 13692 RTP/AVP 0 8']);
});

test('sessionDescription() names an IPv6 address as such', () => {
  assert.ok(describe(undefined, { address: '2001:db8::5' }).includes('c=IN IP6 2001:db8::5'));
});

test('sessionDescription() writes nothing back that a peer made up', () => {
  const offers = [
    'm=audio 1 RTP/AVP 0 evil\na=rtpmap:evil telephone-event/8000\n',
    `m=audio 1 RTP/AVP ${'9'.repeat(4000)}\n`,
    'm=audio\n',
    'm=audio 1 RTP/AVP 0 1e2\na=rtpmap:1e2 telephone-event/8000\n',
    '\u0000\u0000\u0000',
  ];
  for (const offer of offers) assert.ok(['0', '0 8'].includes(mediaOf(describe(offer))), offer);
});

function mediaOf(lines: readonly string[]): string {
  return (
    lines
      .find((line) => line.startsWith('m='))
      ?.split(' ')
      .slice(3)
      .join(' ') ?? ''
  );
}
