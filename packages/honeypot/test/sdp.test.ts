// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedHash } from '@sentrypeer/bytes';
import { sessionDescription } from '../src/sdp.ts';
import { wear } from '../src/worn-persona.ts';
import { OFFER, OURSELVES, persona, secret } from './bench.ts';

function describe(
  offer: string | undefined,
  options: { address?: string; lean?: boolean; name?: string } = {},
) {
  const { address = OURSELVES, lean = false, name = 'asterisk' } = options;
  const text = sessionDescription({
    worn: wear({ ...persona(name), products: ['Asterisk PBX 16.28.0'] }, new KeyedHash(secret(3))),
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
    's=Asterisk PBX 16.28.0',
    'c=IN IP4 203.0.113.5',
    't=0 0',
    'm=audio 13692 RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=maxptime:150',
    'a=sendrecv',
  ]);
  assert.equal(mediaOf(describe('m=audio 6000 RTP/AVP 8 0 0 8\r\n')), '8 0');
  const events = 'm=audio 6000 RTP/AVP 18 8 97\na=rtpmap:97 telephone-event/8000\n';
  assert.equal(mediaOf(describe(events)), '8 97');
});

test('sessionDescription() of PJSIP takes the ids of an offer where they are numbers', () => {
  const originOf = (offer: string) => describe(offer, { name: 'asterisk-pjsip' })[1];
  assert.equal(originOf(OFFER), 'o=- 53655765 2353687639 IN IP4 203.0.113.5');
  for (const [ids, expected] of [
    ['0 0', '0 2'],
    ['1 2', '1 4'],
    ['999999999999999 1 IN IP4 h', '999999999999999 3'],
  ] as const) {
    assert.equal(originOf(`v=0\r\no=- ${ids}\r\n`), `o=- ${expected} IN IP4 203.0.113.5`);
  }
  assert.equal(originOf('v=0\r\n'), 'o=- 1812741846 1812741846 IN IP4 203.0.113.5');
  for (const ids of ['-1 0', '1 x', '1', '', '1e3 0', '1000000000000000 1', '007 1', '1  2']) {
    assert.equal(originOf(`v=0\r\no=- ${ids}\r\n`), 'o=- 1812741846 1812741846 IN IP4 203.0.113.5');
  }
});

test('sessionDescription() takes events of the dynamic payload types, from 96 to 127', () => {
  const mediaFor = (type: string) =>
    mediaOf(
      describe(`m=audio 6000 RTP/AVP 8 ${type}\r\na=rtpmap:${type} telephone-event/8000\r\n`),
    );
  assert.deepEqual(['96', '127'].map(mediaFor), ['8 96', '8 127']);
  assert.deepEqual(['18', '95', '128', '0101', ' 101'].map(mediaFor), ['8', '8', '8', '8', '8']);
  const other = 'm=audio 6000 RTP/AVP 8 101\nb=nonsens101 telephone-event/8000\n';
  assert.equal(mediaOf(describe(other)), '8');
});

test('sessionDescription() answers the first line of audio, and takes no port for a payload', () => {
  const two = 'm=audio 6000 RTP/AVP 8\r\nm=audio 6002 RTP/AVP 0\r\n';
  assert.equal(mediaOf(describe(`v=0\r\no=x 1 2 0\r\n${two}`)), '8');
  assert.equal(mediaOf(describe('m=audio 8 RTP/AVP 0\r\n')), '0');
  assert.equal(mediaOf(describe('m=video 6000 RTP/AVP 8\r\nm=audio 6000 RTP/AVP 0\r\n')), '0');
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
