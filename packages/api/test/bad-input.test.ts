// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What clients send by mistake or on purpose, octet by octet: each gets its status and a message that says what is
 * wrong, and another client that asks all the while notices nothing.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryTotals } from './memory-totals.ts';
import { openApi } from './ports.ts';

const KEY = 'the-admin-key';
const timeouts = { headersMs: 400, requestMs: 600, stalledMs: 2000, lateCheckMs: 50 };
const INVALID = /"error": "The request data was invalid"/;
const PROBLEM = /Content-Type: application\/problem\+json/i;

type Row = readonly [name: string, octets: string, statuses: readonly number[], says: RegExp];

const ask = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: pot\r\nConnection: close\r\n${more}\r\n`;
const post = (target: string, body: string, more = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: pot\r\nConnection: close\r\nX-Api-Key: ${KEY}\r\n` +
  `${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const problem = (name: string, target: string, says: RegExp): Row => [
  name,
  ask(target),
  [400],
  new RegExp(`${PROBLEM.source}[\\s\\S]*"detail":"[^"]*${says.source}`, 'i'),
];
const invalid = (name: string, target: string): Row => [name, ask(target), [400], INVALID];

const ADDRESSES: readonly Row[] = [
  '999.1.1.1',
  '1.2.3',
  '01.2.3.4',
  '1.2.3.4.5',
  '0x7f.1',
  '2130706433',
  '::g',
  ':::',
  '1::2::3',
  'fe80::1%25eth0',
  '[::1]',
  '1.2.3.4:5060',
  'localhost',
  '%00',
  '%E0%A4%A',
  '1.2.3.4%0d%0aX:%20y',
].flatMap((text) => [
  invalid(`address ${text} of 4.x`, `/ip-addresses/${text}`),
  invalid(`address ${text} of SentryPeerHQ`, `/api/ip-addresses/${text}`),
  invalid(`address ${text} of APIBAN`, `/api/k/check/${text}`),
]);

const NUMBERS: readonly Row[] = ['abc', '+', '4%0046', '%ff', '٤٦'].flatMap((text) => {
  const escaped = text.includes('%') ? text : encodeURIComponent(text);
  return [
    invalid(`number ${text} of 4.x`, `/numbers/${escaped}`),
    invalid(`number ${text} of SentryPeerHQ`, `/api/phone-numbers/${escaped}`),
  ];
});

const OWN_ROUTES: readonly Row[] = [
  problem('address', '/v1/addresses/1.2.3', /address must be an IP address/),
  problem('address to check', '/v1/check?address=1.2.3.256', /address must be once an IP address/),
  problem('number', '/v1/numbers/0x46', /number must be a number as it was dialled/),
  problem('nothing to check', '/v1/check', /there must be a number, an address, or both/),
  ...['x', '-1', '1-', '1-1-1', '99999999999999999-1', '%00', '1e3-1'].map((cursor) =>
    problem(`cursor ${cursor}`, `/v1/addresses?cursor=${cursor}`, /cursor must be once the next/),
  ),
  ...['x', '-5', '5.5', '1e3', '99999999999999999999'].map((cursor) =>
    problem(
      `cursor ${cursor} of events`,
      `/v1/events?cursor=${cursor}`,
      /cursor must be once the next/,
    ),
  ),
  problem('cursor of networks', '/v1/networks?cursor=5-AS1x', /cursor must be once the next/),
  ...[
    'yesterday',
    '2026-11-24',
    '2026-11-24T16:00:00',
    '2026-13-01T00:00:00Z',
    '2026-02-30T25:00:00Z',
    '2026-11-24T16:00:00+2',
    '1700000000',
    '',
    'Infinity',
  ].map((time) =>
    problem(
      `time ${time}`,
      `/v1/events?since=${encodeURIComponent(time)}`,
      /since must be once a time/,
    ),
  ),
  problem('age', '/v1/lists/ip-addresses.txt?max_age=1x', /max_age must be once a time such as/),
  problem(
    'parameter that does not exist',
    '/v1/events?sort=up',
    /there is no such parameter; there are/,
  ),
  problem('parameter twice', '/v1/events?limit=1&limit=2', /limit must be once/),
  problem('Last-Event-ID'.toLowerCase(), '/v1/events/stream?after=x', /after must be once/),
];

const JSON_BODIES: readonly Row[] = [
  ['nothing', ''],
  ['half an object', '{"event_uuid": '],
  ['text', 'hello'],
  ['a number', '1'],
  ['null', 'null'],
  ['nesting', '['.repeat(100_000)],
  ['a key of the prototype', '{"__proto__": {"event_uuid": "x"}}'],
  ['octets that are no UTF-8', '\u0000\u0001'],
].map(([name = '', body = '']): Row => [
  `JSON: ${name}`,
  post('/api/events', body),
  [422],
  /"errors":\{/,
]);

const HEADERS: readonly Row[] = [
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', [400], /^/],
  ['a header without a colon', ask('/', 'Bad header\r\n'), [400], INVALID],
  ['a blank before the colon', ask('/', 'Bad : x\r\n'), [400], INVALID],
  ['octet 0 in a header', ask('/', 'Bad: \0\r\n'), [400], INVALID],
  ['a folded header', ask('/', ' folded: x\r\n'), [400], INVALID],
  ['headers of 9 kB', ask('/', `Long: ${'x'.repeat(9000)}\r\n`), [431], /headers are too large/],
  ['a target of 9 kB', ask(`/numbers/${'1'.repeat(9000)}`), [431], /headers are too large/],
  ['two lengths', ask('/', 'Content-Length: 1\r\nContent-Length: 2\r\n'), [400], INVALID],
  ['a length that is not a number of octets', ask('/', 'Content-Length: -1\r\n'), [400], INVALID],
  [
    'a length and chunks',
    ask('/', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
    [400],
    INVALID,
  ],
  [
    'an unknown coding',
    post('/api/events', '{}', 'Content-Encoding: br\r\n'),
    [415],
    /must be gzip/,
  ],
  [
    'octets that are not gzip',
    post('/api/events', '{}', 'Content-Encoding: gzip\r\n'),
    [400],
    INVALID,
  ],
  [
    'a key of 5 kB',
    ask('/v1/summary', `X-Api-Key: ${'k'.repeat(5000)}\r\n`),
    [401],
    /this key is not known/,
  ],
];

const METHODS: readonly Row[] = [
  ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', [400], INVALID],
  ['a method in small letters', 'get / HTTP/1.1\r\nHost: x\r\n\r\n', [400], INVALID],
  ['CONNECT', 'CONNECT pot:80 HTTP/1.1\r\nHost: x\r\n\r\n', [405], /method is not allowed/],
  ['TRACE', ask('/').replace('GET', 'TRACE'), [405], /method is not allowed/],
  ['DELETE', ask('/v1/events').replace('GET', 'DELETE'), [405], /Allow: GET, HEAD\r\n/i],
  ['GET where events are posted', ask('/api/events'), [405], /Allow: POST\r\n/i],
  ['DELETE of nothing', ask('/nothing').replace('GET', 'DELETE'), [404], /could not be found/],
  ['a version to come', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', [400], INVALID],
];

const BODIES: readonly Row[] = [
  ['a length of 5 MB', post('/api/events', '', '').replace(': 0', ': 5000000'), [413], /too large/],
  [
    'a length of 5 MB to a list',
    ask('/numbers', 'Content-Length: 5000000\r\n'),
    [413],
    /too large/,
  ],
  [
    'chunks without end',
    `POST /api/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `100000\r\n${'x'.repeat(0x10_0000)}\r\n`.repeat(5),
    [413],
    /too large/,
  ],
  [
    'a chunk whose size is not a number',
    `POST /api/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    [400],
    INVALID,
  ],
  ['1,001 events', post('/api/events', `[${'{},'.repeat(1000)}{}]`), [422], /at most 1000 events/],
];

const one = 'GET /numbers/1 HTTP/1.1\r\nHost: x\r\n\r\n';
const CONNECTIONS: readonly Row[] = [
  [
    'requests at once, then nonsense',
    `${one.repeat(50)}nonsense\r\n\r\n`,
    [...Array<number>(50).fill(200), 400],
    INVALID,
  ],
  ['a good request, a bad one, a good one', one + ask('/numbers/x') + one, [200, 400], INVALID],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', [400], INVALID],
  ['SIP', 'OPTIONS sip:1@pot SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n', [400], INVALID],
  ['half a request', 'GET / HTTP/1.1\r\nHo', [408], /took too long/],
  ['half a body', post('/api/events', '{}').replace(': 2', ': 20'), [408], /took too long/],
];

let api: HttpApi;
const totals = new MemoryTotals().addNumber('1');

before(async () => {
  const evidence = new MemoryEvidence();
  evidence.keys.set(KEY, { name: 'admin', role: 'admin' });
  api = await openApi({ totals, evidence }, { timeouts });
});
after(() => api.close());

/** Sends octets and returns everything that came until the server closed. */
async function exchange(octets: string): Promise<string> {
  const socket = connect(api.address.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.on('error', () => undefined); // It may close before it has read all.
  const closed = once(socket, 'close');
  const deadline = setTimeout(() => socket.destroy(), 10_000);
  socket.write(Buffer.from(octets, 'latin1'));
  await closed;
  clearTimeout(deadline);
  return text;
}

/** A client that asks again and again over one connection, and must always be answered. */
async function honest(stop: AbortSignal): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let count = 0;
  for (; !stop.aborted; count += 1) {
    const sent = get({ ...api.address, path: '/numbers/1', agent });
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 200);
    assert.equal(await textOf(answer), '{\n  "phone_number_found": "1"\n}');
  }
  agent.destroy();
  return count;
}

for (const [kind, rows] of Object.entries({
  addresses: ADDRESSES,
  numbers: NUMBERS,
  'cursors, times and parameters': OWN_ROUTES,
  JSON: JSON_BODIES,
  headers: HEADERS,
  methods: METHODS,
  bodies: BODIES,
  connections: CONNECTIONS,
})) {
  test(`bad ${kind} get their status and message, and harm nobody`, async () => {
    const stop = new AbortController();
    const asking = honest(stop.signal);
    const texts = await Promise.all(rows.map(([, octets]) => exchange(octets)));
    for (const [index, [name, , statuses, says]] of rows.entries()) {
      const text = texts[index] ?? '';
      const found = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
      assert.deepEqual(found, statuses, `${name}: ${text.slice(0, 500)}`);
      assert.match(text, says, name);
    }
    stop.abort();
    assert.ok((await asking) > 0);
  });
}
