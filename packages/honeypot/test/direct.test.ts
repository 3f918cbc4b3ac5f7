// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '@sentrypeer/sip';
import { latin1Octets } from '@sentrypeer/bytes';
import { isDirect } from '../src/direct.ts';
import {
  Bench,
  credentialsFor,
  EXTENSION,
  registerText,
  type RequestFields,
  requestText,
  toTagOf,
} from './bench.ts';

const HOP = 'SIP/2.0/UDP 198.51.100.25:5070;branch=z9hG4bK-524287;rport';
const NEXT = 'SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK-thief';

/** Requests whose answer may be passed on, and what indicates it. */
const RELAYED: readonly (readonly [string, RequestFields])[] = [
  ['two Via lines', { headers: [`Via: ${NEXT}`] }],
  ['two Via lines, one in the compact form', { headers: [`v: ${NEXT}`] }],
  ['two values of Via on one line', { via: `${HOP}, ${NEXT}` }],
  ['two values of Via, folded', { via: `${HOP},\r\n ${NEXT}` }],
  ['a comma that is quoted', { via: `${HOP};x=", ${NEXT}"` }],
  ['an empty value of Via', { via: `,${NEXT}` }],
  ['a Via that cannot be read', { headers: ['Via: x'] }],
  ['a lone carriage return in Via', { via: `${HOP}\rVia: ${NEXT}` }],
  ['a lone carriage return in From', { from: `<sip:a@b>;tag=7f2a\rVia: ${NEXT}` }],
  ['a lone carriage return in To', { to: `<sip:${EXTENSION}@b>;x=1\rVia: ${NEXT}` }],
  ['a lone carriage return in Call-ID', { callId: `84f0\rVia: ${NEXT}` }],
  ['a NUL in Call-ID', { callId: '84f0\0' }],
  ['Record-Route', { headers: ['Record-Route: <sip:192.0.2.66;lr>'] }],
  [
    'a branch of Kamailio',
    { via: 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bK0964.72a6821d3fb0b04fa3296d1654f27874.0' },
  ],
  ['a branch of OpenSIPS', { via: 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3.9b1f5e07.0' }],
  ['the same in capitals', { via: 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKD1A3.9B1F5E07.F' }],
];

const read = (fields: RequestFields) => parseMessage(latin1Octets(requestText(fields)));

for (const [what, fields] of RELAYED) {
  test(`${what}: the answer may be handed on, so its tag proves nothing`, () => {
    assert.equal(isDirect(read(fields)), false);
    const bench = new Bench();
    const uri = 'sip:00442071234567@203.0.113.5';
    const [answer] = bench.answers(requestText({ method: 'INVITE', uri, ...fields }));
    const toTag = toTagOf(answer);
    const { callId, from } = fields;
    const back = { callId: callId ?? '84f0a1d29c', ...(from === undefined ? {} : { from }) };
    const info = requestText({ method: 'BYE', to: `<${uri}>;tag=${toTag}`, ...back });
    const { observation } = bench.receive(info);
    assert.equal(observation.grade, 'seen');
    assert.ok(!observation.anomalies.includes('to_tag_foreign'), 'the dialog goes on all the same');
    assert.equal(bench.receive(requestText()).observation.grade, 'seen');
  });

  test(`${what}: the answer may be handed on, so its nonce proves nothing`, () => {
    const bench = new Bench();
    const [challenge] = bench.answers(registerText(EXTENSION, fields));
    const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
    const { observation } = bench.receive(registerText(EXTENSION, { headers }));
    assert.equal(observation.grade, 'seen');
    assert.ok(!observation.anomalies.includes('nonce_foreign'), 'it is a nonce of ours');
  });
}

for (const [what, via] of [
  ['an ordinary client', HOP],
  ['no branch', 'SIP/2.0/UDP 198.51.100.25'],
  ['a branch of svmap', 'SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK-2719498253;rport'],
  ['a branch of sipsak', 'SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK.1c882828;rport;alias'],
  ['a branch of sipp', 'SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK-4711-1-0'],
  ['a branch of PJSIP', 'SIP/2.0/UDP 127.0.1.1;branch=z9hG4bKPjb0d.8b04fa32.x'],
  ['a middle part of seven digits', 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3.9b1f5e0.0'],
  ['no third part', 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3.9b1f5e07.'],
  ['a third part of letters', 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3.9b1f5e07.x'],
  ['three numbers, but no cookie', 'SIP/2.0/UDP 198.51.100.25;branch=x9hG4bKd1a3.9b1f5e07.0'],
  ['a hyphen after the first part', 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3-9b1f5e07.0'],
  ['a hyphen after the second', 'SIP/2.0/UDP 198.51.100.25;branch=z9hG4bKd1a3.9b1f5e07-0'],
  ['a tab', 'SIP/2.0/UDP\t198.51.100.25'],
] as const) {
  test(`${what}: the answer stays with its receiver`, () =>
    assert.equal(isDirect(read({ via })), true));
}

test('what was given directly proves nothing where it comes back over another hop', () => {
  const bench = new Bench();
  const uri = 'sip:00442071234567@203.0.113.5';
  const [answer] = bench.answers(requestText({ method: 'INVITE', uri }));
  const to = `<${uri}>;tag=${toTagOf(answer)}`;
  const relayed = requestText({ method: 'BYE', to, headers: [`Via: ${NEXT}`] });
  assert.equal(bench.receive(relayed).observation.grade, 'seen');
});

test('a proof is good for the port that gave it, not for others of the same address', () => {
  const bench = new Bench();
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  bench.receive(registerText(EXTENSION, { headers }));
  assert.equal(bench.receive(requestText()).observation.grade, 'returned');
  const elsewhere = bench.receive(requestText(), { sourcePort: 5071 });
  assert.equal(elsewhere.observation.grade, 'seen');
});

test('a tag or nonce that was given over TCP proves nothing over UDP', () => {
  const bench = new Bench();
  const overTcp = { transport: 'TCP' } as const;
  const [challenge] = bench.answers(registerText(EXTENSION), overTcp);
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  assert.equal(bench.receive(registerText(EXTENSION, { headers })).observation.grade, 'seen');
  const [answer] = bench.answers(requestText({ callId: 'other' }), overTcp);
  const to = `<sip:203.0.113.5>;tag=${toTagOf(answer)}`;
  const bye = requestText({ method: 'BYE', callId: 'other', to });
  assert.equal(bench.receive(bye).observation.grade, 'seen');
});
