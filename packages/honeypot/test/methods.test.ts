// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedHash, latin1Text } from '@sentrypeer/bytes';
import { USUAL_SHAPE } from '@sentrypeer/sip';
import { personaNames, type Persona } from '../src/index.ts';
import type { Check } from '../src/persona.ts';
import { wear } from '../src/worn-persona.ts';
import { Bench, EXTENSION, NOBODY, persona, registerText, requestText, SECRETS } from './bench.ts';

interface Row {
  readonly title: string;
  readonly request: string;
  /** The one status code that the request is answered with, or 0 for silence. */
  readonly status: (persona: Persona) => number;
}

const HASH = new KeyedHash(SECRETS.policy);
const always = (status: number) => () => status;
const ifAllowed =
  (method: string, status: (persona: Persona) => number) =>
  (persona: Persona): number =>
    persona.checks.notAllowed === 'ignored' || wear(persona, HASH).allowed.has(method)
      ? status(persona)
      : 405;
const callChallenge = (worn: Persona) => worn.challenge.invite;
/** The result of a persona's check; `ignored` if it finds nothing wrong. */
const checked =
  (pick: (checks: Persona['checks']) => Check | 'challenge', ignored = 200) =>
  (worn: Persona): number => {
    const check = pick(worn.checks);
    if (check === 'challenge') return worn.challenge.invite;
    if (check === 'ignored') return ignored;
    return check === 'silence' ? 0 : check.status;
  };
const delivered = (method: string) => (worn: Persona) =>
  worn.methods.deliver.get(method)?.status ?? worn.challenge.invite;
/** Without a To tag. */
const ofNoDialog = (method: string) => (worn: Persona) => {
  const { noDialog, noTag } = worn.methods;
  if (noTag === 'challenge' && method !== 'CANCEL') return worn.challenge.invite;
  const said = noDialog.get(method) ?? noDialog.get('other');
  return said === undefined || said === 'silence' ? 0 : said.status;
};

const request = (method: string, uri = 'sip:203.0.113.5', headers: readonly string[] = []) =>
  requestText({ method, uri, headers });

const enumerationInvite = (account: string) =>
  requestText({
    method: 'INVITE',
    uri: `sip:${account}@203.0.113.5`,
    from: `"${account}" <sip:${account}@203.0.113.5>;tag=7f2a`,
  });

const ROWS: readonly Row[] = [
  { title: 'OPTIONS without user', request: request('OPTIONS'), status: always(200) },
  {
    title: 'OPTIONS for an account',
    request: request('OPTIONS', `sip:${EXTENSION}@203.0.113.5`),
    status: always(200),
  },
  {
    title: 'OPTIONS for nobody',
    request: request('OPTIONS', `sip:${NOBODY}@203.0.113.5`),
    status: always(404),
  },
  { title: 'REGISTER of an account', request: registerText(EXTENSION), status: always(401) },
  { title: 'REGISTER of nobody', request: registerText(NOBODY), status: always(404) },
  {
    title: 'REGISTER of an absurd account',
    request: registerText('1719813943'),
    status: always(404),
  },
  {
    title: 'INVITE that tests an account',
    request: enumerationInvite(EXTENSION),
    status: callChallenge,
  },
  {
    title: 'INVITE that tests nobody',
    request: enumerationInvite('1622742859'),
    status: always(404),
  },
  {
    title: 'INVITE to a number',
    request: request('INVITE', 'sip:00442071234567@203.0.113.5'),
    status: always(404),
  },
  { title: 'INVITE to a name', request: request('INVITE', 'sip:nobody@h'), status: always(404) },
  { title: 'INVITE to no user at all', request: request('INVITE'), status: always(404) },
  { title: 'ACK', request: request('ACK'), status: always(0) },
  { title: 'CANCEL of nothing', request: request('CANCEL'), status: ofNoDialog('CANCEL') },
  { title: 'BYE of nothing', request: request('BYE'), status: ofNoDialog('BYE') },
  {
    title: 'SUBSCRIBE to an account',
    request: request('SUBSCRIBE', `sip:${EXTENSION}@203.0.113.5`),
    status: always(401),
  },
  {
    title: 'SUBSCRIBE to nobody',
    request: request('SUBSCRIBE', `sip:${NOBODY}@203.0.113.5`),
    status: always(404),
  },
  {
    title: 'MESSAGE',
    request: request('MESSAGE'),
    status: ifAllowed('MESSAGE', delivered('MESSAGE')),
  },
  {
    title: 'PUBLISH',
    request: request('PUBLISH'),
    status: ifAllowed('PUBLISH', delivered('PUBLISH')),
  },
  { title: 'REFER', request: request('REFER'), status: ifAllowed('REFER', delivered('REFER')) },
  { title: 'INFO', request: request('INFO'), status: ifAllowed('INFO', ofNoDialog('INFO')) },
  {
    title: 'NOTIFY',
    request: request('NOTIFY'),
    status: ifAllowed('NOTIFY', ofNoDialog('NOTIFY')),
  },
  {
    title: 'UPDATE',
    request: request('UPDATE'),
    status: ifAllowed('UPDATE', ofNoDialog('UPDATE')),
  },
  { title: 'PRACK', request: request('PRACK'), status: ifAllowed('PRACK', ofNoDialog('PRACK')) },
  {
    title: 'an unknown method',
    request: request('NEWMETHOD'),
    status: checked((c) => c.unknownMethod),
  },
  {
    title: 'a method in small letters',
    request: request('invite'),
    status: checked((c) => c.unknownMethod),
  },
  { title: 'an unknown URI scheme', request: request('OPTIONS', 'http://a'), status: always(416) },
  {
    title: 'a tel URI',
    request: request('INVITE', 'tel:+442071234567'),
    status: always(404),
  },
  {
    title: 'Require with an unknown extension',
    request: request('OPTIONS', 'sip:203.0.113.5', ['Require: nothingSupportsThis']),
    status: ({ checks }) => (checks.require === 'all' ? 420 : 200),
  },
  {
    title: 'a body that nobody takes',
    request: requestText({
      method: 'INVITE',
      headers: ['Content-Type: text/plain'],
      body: 'hello',
    }),
    status: ({ checks }) => (checks.strangeBody === 415 ? 415 : 404),
  },
  {
    title: 'another version of SIP',
    request: requestText({ version: 'SIP/7.0' }),
    status: checked((c) => c.version),
  },
  {
    title: 'a CSeq without number',
    request: requestText({ cseq: 'x' }),
    status: checked((c) => c.cseqMalformed),
  },
  {
    title: 'a CSeq of another method',
    request: requestText().replace('CSeq: 1 OPTIONS', 'CSeq: 1 INVITE'),
    status: checked((c) => c.cseqMethod),
  },
  {
    title: 'a Content-Length that is no number',
    request: requestText().replace('Content-Length: 0', 'Content-Length: -1'),
    status: always(400),
  },
  ...['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => ({
    title: `a request without ${name}`,
    request: without(requestText(), name),
    status: always(0),
  })),
  { title: 'a response', request: `SIP/2.0 200 OK${afterLine(requestText())}`, status: always(0) },
  {
    title: 'a request line without version',
    request: requestText().replace(' SIP/2.0\r\n', '\r\n'),
    status: always(0),
  },
  { title: 'a line of HTTP', request: 'GET / HTTP/1.0\r\n\r\n', status: always(0) },
  { title: 'OPTIONS of RTSP', request: 'OPTIONS / RTSP/1.0\r\n\r\n', status: always(0) },
  { title: 'an empty datagram', request: '', status: always(0) },
  { title: 'a keep-alive', request: '\r\n\r\n', status: always(0) },
  { title: 'four NUL octets', request: '\u0000\u0000\u0000\u0000', status: always(0) },
];

for (const name of personaNames) {
  for (const row of ROWS) {
    test(`${name} answers ${row.title} rightly`, () => {
      const expected = row.status(persona(name));
      const bench = new Bench({ persona: name });
      const { replies, observation } = bench.receive(row.request);
      assert.equal(latin1Text(observation.sipMessage), row.request);
      assert.equal(observation.grade, 'seen');
      assert.deepEqual(
        replies.map((octets) => Number(latin1Text(octets).slice(8, 11))),
        expected === 0 ? [] : [expected],
      );
      for (const reply of replies) assertWellFormed(row.request, latin1Text(reply), name);
    });
  }
}

test('a passive honeypot observes and never answers', () => {
  const bench = new Bench({ mode: 'passive' });
  for (const row of ROWS) {
    const { replies, observation, close } = bench.receive(row.request);
    assert.deepEqual(replies, [], row.title);
    assert.equal(observation.collectedMethod, 'passive');
    assert.equal(close, false);
  }
  const stream = bench.receive(ROWS[0]?.request ?? '', { transport: 'TLS' });
  assert.equal(stream.observation.grade, 'handshake');
  assert.equal(bench.honeypot.nextDueMs(), undefined);
});

test('what the framer refused is recorded with its code and never answered', () => {
  const judgement = new Bench().receive('GET / HTTP/1.1\r\n\r\n', {
    transport: 'TCP',
    notSip: 'http',
    framingAnomalies: ['http'],
  });
  assert.deepEqual(judgement.replies, []);
  assert.equal(judgement.close, true);
  assert.equal(judgement.observation.messageKind, 'not-sip');
  assert.equal(judgement.observation.grade, 'handshake');
  assert.deepEqual(judgement.observation.anomalies, ['http']);
});

test('on connections each persona behaves as its product does, and a passive honeypot like none', () => {
  for (const [name, pong, close] of [
    ['asterisk', undefined, true],
    ['freepbx', undefined, true],
    ['asterisk-pjsip', undefined, true],
    ['kamailio', '\r\n', 'at-once'],
    ['opensips', '\r\n', true],
    ['freeswitch', '\r\n', true],
  ] as const) {
    const { honeypot } = new Bench({ persona: name });
    assert.equal(honeypot.pong === undefined ? undefined : latin1Text(honeypot.pong), pong, name);
    const refused = { transport: 'TCP', notSip: 'not_sip', framingAnomalies: ['not_sip'] } as const;
    assert.equal(new Bench({ persona: name }).receive('hello\r\n\r\n', refused).close, close, name);
    assert.equal(new Bench({ persona: name }).receive('hello', { transport: 'UDP' }).close, false);
  }
  assert.equal(new Bench({ persona: 'kamailio', mode: 'passive' }).honeypot.pong, undefined);
});

test('405 names the methods once, 420 the extension, and both keep them in a short answer', () => {
  const bench = new Bench({ persona: 'cisco' });
  const [notAllowed] = bench.answers(request('PUBLISH'), { transport: 'TCP' });
  assert.equal(notAllowed?.headerValues('allow').length, 1);
  const required = request('OPTIONS', 'sip:203.0.113.5', [
    'Require: replaces, gone',
    'Require: lost',
  ]);
  const [extension] = bench.answers(required);
  assert.equal(extension?.header('unsupported'), 'gone, lost');
});

/** The form of every answer, so that every tool can read it (RFC 3261 §8.2.6). */
function assertWellFormed(request: string, reply: string, name: string): void {
  const { productHeader, shape, layouts } = persona(name);
  const status = Number(reply.slice(8, 11));
  const lines = reply.split('\r\n');
  assert.ok(!lines.some((line) => line.includes('\n') || line.includes('\r')), reply);
  const length = shape.contentLength === 'plain' ? '0' : ' 0';
  assert.ok(reply.endsWith(`\r\nContent-Length: ${length}\r\n\r\n`), reply);
  const names = lines.slice(1, -2).map((line) => line.slice(0, line.indexOf(':')));
  const order = shape.order === 'as-in-request' ? USUAL_SHAPE.order : shape.order;
  const expected = order === 'as-in-request' ? [] : order.filter((each) => each !== 'Record-Route');
  assert.deepEqual(names.slice(0, 5), expected);
  const isOfStack = !layouts.stack.includes(productHeader) && [400, 481, 505].includes(status);
  // A challenge may leave no room for it.
  const mayBeUnnamed = isOfStack || status === 401 || status === 407;
  assert.ok(mayBeUnnamed || names.includes(productHeader), reply);
  for (const header of ['From', 'Call-ID', 'CSeq']) {
    assert.equal(lineOf(reply, header), lineOf(request, header));
  }
  assert.ok(lineOf(reply, 'To').startsWith(`${lineOf(request, 'To')};tag=`), reply);
  assert.ok(lineOf(reply, 'Via').includes(';rport=5070'), reply);
  const isReceivedSaid = shape.via !== 'in-place-other-host';
  assert.equal(lineOf(reply, 'Via').includes(';received=198.51.100.25'), isReceivedSaid, reply);
  assert.ok(reply.length <= request.length * 1.2, `${reply.length} for ${request.length}`);
}

function lineOf(text: string, name: string): string {
  return text.split('\r\n').find((line) => line.startsWith(`${name}:`)) ?? '';
}

function without(text: string, name: string): string {
  const lines = text.split('\r\n');
  return lines.filter((line) => !line.startsWith(`${name}:`)).join('\r\n');
}

function afterLine(text: string): string {
  return text.slice(text.indexOf('\r\n'));
}
