// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import type { Observation } from '@sentrypeer/event';
import { ANOMALIES_MAX } from '../src/limits.ts';
import { ATTACKER, Bench, OURSELVES, type Overrides, requestText } from './bench.ts';

const HELLO = { ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1', serverName: 'pbx.example' };

const observed = (text: string, overrides: Overrides = {}): Observation =>
  new Bench({ mode: 'passive' }).receive(text, overrides).observation;

const detailsOf = (headers: readonly string[], overrides: Overrides = {}) =>
  observed(requestText({ headers }), overrides).details;

test('what the framer refused is recorded with whence it came, and nothing is made up', () => {
  const octets = latin1Octets('GET / HTTP/1.1\r\n\r\n');
  const { observation } = new Bench().receive(octets, {
    transport: 'TLS',
    sourcePort: 40_000,
    destinationPort: 5061,
    notSip: 'http',
    framingAnomalies: ['octets_skipped', 'http'],
    hello: HELLO,
  });
  assert.deepEqual(observation, {
    eventEpochUs: 1_772_366_401_000_000,
    collectedMethod: 'responsive',
    transportType: 'TLS',
    grade: 'handshake',
    messageKind: 'not-sip',
    sourceIp: ATTACKER,
    sourcePort: 40_000,
    destinationIp: OURSELVES,
    destinationPort: 5061,
    calledNumber: undefined,
    calledNumberSource: 'none',
    sipMethod: undefined,
    userAgent: undefined,
    requestUri: undefined,
    toUri: undefined,
    toUser: undefined,
    fromUri: undefined,
    fromUser: undefined,
    details: HELLO,
    anomalies: ['http', 'octets_skipped'],
    sipMessage: octets,
  });
  const { details } = observed('hello', { transport: 'TCP', notSip: 'not_sip' });
  assert.equal(details, undefined);
});

test('an ordinary request has no details, not even its Call-ID', () => {
  assert.equal(detailsOf([]), undefined);
  assert.deepEqual(observed(requestText()).anomalies, []);
});

test('a request that says nothing about itself is recorded with what it says', () => {
  const { sipMethod, toUri, fromUri, details, requestUri, userAgent } = observed(
    'OPTIONS sip:h SIP/2.0\r\n\r\n',
  );
  const said = { sipMethod, toUri, fromUri, details, requestUri, userAgent };
  assert.deepEqual(said, {
    sipMethod: 'OPTIONS',
    requestUri: 'sip:h',
    toUri: undefined,
    fromUri: undefined,
    details: undefined,
    userAgent: undefined,
  });
  assert.equal(observed(requestText({ from: '<sip:a@b>' })).details, undefined);
  const nameless = 'OPTIONS sip:h SIP/2.0\r\n\r\n';
  assert.deepEqual(observed(nameless, { transport: 'TLS', hello: HELLO }).details, HELLO);
});

test('what a TLS client revealed about itself stands in the details', () => {
  const tls = { transport: 'TLS' } as const;
  assert.deepEqual(detailsOf([], { ...tls, hello: HELLO }), { ...HELLO, callId: '84f0a1d29c' });
  const { ja4 } = HELLO;
  const unnamed = { ja4, serverName: undefined };
  assert.deepEqual(detailsOf([], { ...tls, hello: unnamed }), { ja4, callId: '84f0a1d29c' });
});

test('a message of a WebSocket says so in its details', () => {
  const tcp = { transport: 'TCP' } as const;
  const callId = '84f0a1d29c';
  assert.deepEqual(detailsOf([], { ...tcp, isWebSocket: true }), { callId, webSocket: true });
  assert.equal(detailsOf([], { ...tcp, isWebSocket: false }), undefined);
});

test('what a page made its visitor send is no handshake of the visitor', () => {
  const tcp = { transport: 'TCP' } as const;
  const gradeOf = (isFromPage: boolean) =>
    observed(requestText(), { ...tcp, isWebSocket: true, isFromPage }).grade;
  assert.deepEqual([true, false].map(gradeOf), ['seen', 'handshake']);
});

test('credentials are recorded as sent: all that is needed to look for the password, and no more', () => {
  const needed = {
    user: '100',
    realm: 'asterisk',
    nonce: 'n',
    uri: 'sip:203.0.113.5',
    response: '7d1f0e2b',
  };
  const more = { algorithm: 'MD5', qop: 'auth', nc: '00000001', cnonce: 'c', opaque: 'o' };
  const write = ({ user, ...fields }: Record<string, string>): string =>
    `Authorization: Digest ${Object.entries({
      ...(user === undefined ? {} : { username: user }),
      ...fields,
    })
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ')}`;
  assert.deepEqual(detailsOf([write(needed)])?.digest, needed);
  assert.deepEqual(detailsOf([write({ ...needed, ...more })])?.digest, { ...needed, ...more });
  const nothing = { user: '', realm: '', nonce: '', uri: '', response: '' };
  assert.deepEqual(detailsOf(['Authorization: Digest opaque="o"'])?.digest, {
    ...nothing,
    opaque: 'o',
  });
  const { digest } = detailsOf([`Proxy-${write(needed)}`]) ?? {};
  assert.deepEqual(digest, needed);
});

test('of several credentials and identities the first is recorded', () => {
  const details = detailsOf([
    'Authorization: Basic dXNlcjpwYXNz',
    'Proxy-Authorization: Bearer x',
    'P-Asserted-Identity: <sip:first@a>',
    'P-Asserted-Identity: <sip:second@a>',
  ]);
  assert.equal(details?.authorizationScheme, 'Basic');
  assert.equal(details?.digest, undefined);
  assert.equal(details?.assertedIdentity, '<sip:first@a>');
});

for (const [code, text] of [
  ['cseq_syntax', requestText({ cseq: 'x' })],
  ['via_syntax', requestText({ via: 'x' })],
  ['angle_bracket', requestText({ to: '<sip:100@h' })],
  ['angle_bracket', requestText({ from: '<sip:100@h' })],
] as const) {
  test(`${code} is recorded also where nobody read that header to answer it`, () => {
    assert.deepEqual(observed(text).anomalies, [code]);
    const { anomalies } = new Bench().receive(text).observation;
    assert.deepEqual(anomalies, [code]);
  });
}

test('anomalies of the framing, of the parser and of ours are told together', () => {
  const framing = ['octets_skipped'];
  assert.deepEqual(observed(requestText(), { framingAnomalies: framing }).anomalies, framing);
  const unread = observed(requestText({ cseq: 'x' }), { framingAnomalies: framing });
  assert.deepEqual(unread.anomalies, [...framing, 'cseq_syntax']);
  const text = requestText({ to: '<sip:203.0.113.5>;tag=as00000000' });
  const { anomalies } = new Bench().receive(text, { framingAnomalies: framing }).observation;
  assert.deepEqual(anomalies, [...framing, 'to_tag_foreign']);
});

test('anomalies are told once each, those of the framing first, and up to a limit', () => {
  const text = requestText({ to: '<sip:203.0.113.5>;tag=as00000000', cseq: 'x' });
  const of = (framingAnomalies: readonly string[]) =>
    new Bench().receive(text, { framingAnomalies }).observation.anomalies;
  assert.deepEqual(of(['octets_skipped', 'octets_skipped', 'cseq_syntax']), [
    'octets_skipped',
    'cseq_syntax',
    'to_tag_foreign',
  ]);
  const many = Array.from({ length: ANOMALIES_MAX + 8 }, (_, index) => `code_${index}`);
  assert.deepEqual(of(many), many.slice(0, ANOMALIES_MAX));
});
