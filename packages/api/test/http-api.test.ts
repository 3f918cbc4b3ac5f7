// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { silentLogger, type LogFields, type Logger } from '@sentrypeer/kernel';
import { HttpApi, type HttpApiOptions, type HttpApiPorts } from '../src/index.ts';
import { MemoryTotals } from './memory-totals.ts';
import { openApi as openHttpApi } from './ports.ts';

let totals = new MemoryTotals();
let api: HttpApi;
let messages: LogFields[] = [];

const logger: Logger = { ...silentLogger, error: (_event, fields = {}) => messages.push(fields) };
const openApi = (
  options: Partial<HttpApiOptions> = {},
  ports: Partial<HttpApiPorts> = {},
): Promise<HttpApi> => openHttpApi({ totals, logger, ...ports }, options);

beforeEach(async () => {
  totals = new MemoryTotals();
  messages = [];
  api = await openApi();
});
afterEach(() => api.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The target is sent as given, which `fetch` would not do. */
async function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const sent = request({ ...api.address, path, headers, method, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const text = await textOf(answer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

const brief = ({ status, text }: Answer): readonly [number, unknown] => [status, JSON.parse(text)];

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

test('every answer has the headers of SentryPeer and no CORS header', async () => {
  for (const [path, method] of [
    ['/', 'GET'],
    ['/nothing', 'GET'],
    ['/numbers/x', 'GET'],
    ['/', 'POST'],
    ['/%zz', 'GET'],
  ] as const) {
    const { headers } = await ask(path, {}, method);
    assert.equal(headers['x-powered-by'], 'SentryPeer', path);
    assert.equal(headers['x-sentrypeer-version'], '1.2.3', path);
    assert.equal(headers['content-type'], 'application/json', path);
    assert.equal(headers['access-control-allow-origin'], undefined, path);
  }
});

test('the CORS header is sent where an origin is configured', async () => {
  await api.close();
  api = await openApi({ corsOrigin: 'https://pbx.example' });
  const { headers } = await ask('/');
  assert.equal(headers['access-control-allow-origin'], 'https://pbx.example');
});

test('GET / is JSON for programs and a page for browsers', async () => {
  const answer = await ask('/');
  assert.equal(answer.text, '{\n  "status": "OK"\n}');
  const page = await ask('/', BROWSER);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.text, /href="\/ip-addresses"/);
});

test('GET / is the dashboard for browsers where there is one, and JSON for programs as before', async () => {
  await api.close();
  const octets = new TextEncoder().encode('<!doctype html>the page');
  const file = { mediaType: 'text/html; charset=utf-8', octets, gzipped: gzipSync(octets) };
  const files = new Map([
    ['index.html', file],
    ['app-1.js', { ...file, mediaType: 'text/javascript' }],
  ]);
  api = await openApi({}, { dashboard: { files: async () => files } });
  const answer = await ask('/');
  assert.equal(answer.text, '{\n  "status": "OK"\n}');
  assert.equal(answer.headers['content-security-policy'], undefined);
  const page = await ask('/', { ...BROWSER, 'Accept-Encoding': 'gzip' });
  assert.equal(page.headers['content-encoding'], 'gzip');
  const { text, headers } = await ask('/', BROWSER);
  assert.equal(text, '<!doctype html>the page');
  assert.equal(headers['cache-control'], 'no-cache');
  assert.match(
    String(headers['content-security-policy']),
    /^default-src 'none'; script-src 'self'; /,
  );
  // A browser sends this only where the policy has an effect, and elsewhere logs an error about the policy.
  const trusted = await ask('/', { ...BROWSER, 'Sec-Fetch-Site': 'none' });
  assert.equal(trusted.headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(headers['cross-origin-opener-policy'], undefined);
  assert.match(String(headers['vary']), /Sec-Fetch-Site/);
  const script = await ask('/dashboard/app-1.js');
  assert.equal(script.headers['content-type'], 'text/javascript');
  assert.match(String(script.headers['cache-control']), /immutable/);
  for (const path of ['/dashboard/none.js', '/dashboard/..%2findex.html', '/dashboard/']) {
    assert.equal((await ask(path)).status, 404, path);
  }
});

test('GET / is a page of links where the dashboard cannot be had', async () => {
  await api.close();
  api = await openApi({}, { dashboard: { files: async () => undefined } });
  assert.match((await ask('/', BROWSER)).text, /href="\/ip-addresses"/);
});

test('GET /health-check is JSON by Content-Type or Accept, else HTML', async () => {
  const json =
    '{\n  "status": "OK",\n  "message": "Hello from SentryPeer!",\n  "version": "1.2.3"\n}';
  assert.equal((await ask('/health-check', { 'Content-Type': 'application/json' })).text, json);
  assert.equal((await ask('/health-check', { Accept: 'application/json' })).text, json);
  for (const headers of [{}, BROWSER]) {
    assert.match((await ask('/health-check', headers)).text, /<h1>Hello from SentryPeer!<\/h1>/);
  }
});

test('GET /ip-addresses lists addresses as SentryPeer 4.x prints them', async () => {
  totals.addAddress('192.0.2.1', 1263).addAddress('2001:db8::1');
  const { text, status } = await ask('/ip-addresses');
  assert.equal(status, 200);
  assert.equal(
    text,
    `{
  "ip_addresses_total": 2,
  "ip_addresses": [
    {
      "ip_address": "192.0.2.1",
      "seen_last": "2026-11-23 10:00:01.123456000",
      "seen_count": "1263"
    },
    {
      "ip_address": "2001:db8::1",
      "seen_last": "2026-11-23 10:00:01.123456000",
      "seen_count": "1"
    }
  ]
}`,
  );
  assert.equal(text, JSON.stringify(JSON.parse(text), undefined, 2));
});

test('GET /numbers lists numbers with leading zeros and any text escaped', async () => {
  totals.addNumber('00442071234567', 451).addNumber('*72#').addNumber('a"\\\n\u0000\u00e9');
  const { text } = await ask('/numbers');
  assert.deepEqual(JSON.parse(text), {
    called_numbers_total: 3,
    called_numbers: totals.numberList.map((total) => ({
      called_number: total.calledNumber,
      seen_last: total.seenLast,
      seen_count: String(total.seenCount),
    })),
  });
  assert.equal(text, JSON.stringify(JSON.parse(text), undefined, 2));
});

test('empty lists are 404 with their message', async () => {
  assert.deepEqual(brief(await ask('/ip-addresses')), [404, { message: 'No bad actors found' }]);
  assert.deepEqual(brief(await ask('/numbers')), [404, { message: 'No phone numbers found' }]);
});

test('GET /ip-addresses/{ip} and /ip-address/{ip} find an address in any of its forms', async () => {
  totals.addAddress('192.0.2.1').addAddress('2001:db8::1');
  const forms = {
    '192.0.2.1': ['192.0.2.1', '::ffff:192.0.2.1', '%20192.0.2.1%20'],
    '2001:db8::1': ['2001:db8::1', '2001%3ADB8%3A%3A0001'],
  };
  for (const [stored, texts] of Object.entries(forms)) {
    for (const text of texts) {
      const expected = [200, { bad_actor_found: stored }];
      assert.deepEqual(brief(await ask(`/ip-addresses/${text}`)), expected, text);
      assert.deepEqual(brief(await ask(`/ip-address/${text}?x=1`)), expected, text);
    }
  }
  assert.deepEqual(brief(await ask('/ip-addresses/192.0.2.2')), [
    404,
    { message: 'No bad actor found' },
  ]);
});

test('what is not an address or a number is 400, never the 404 that means clean', async () => {
  const invalid = [400, { error: 'The request data was invalid' }];
  const long = 'x'.repeat(4000);
  for (const text of [
    'x',
    '',
    '1.2.3',
    '1.2.3.4/24',
    '1.2.3.4%2f24',
    '%zz',
    '%00',
    '%ff',
    'ipset4',
    '../numbers',
    'a/b/c',
    long,
    '1'.repeat(300),
  ]) {
    assert.deepEqual(brief(await ask(`/ip-addresses/${text}`)), invalid, text);
    assert.deepEqual(brief(await ask(`/ip-address/${text}`)), invalid, text);
  }
  for (const text of ['x', '', '+', 'alice', '1/2', '%zz', '%00', '4%00', long, '1'.repeat(300)]) {
    assert.deepEqual(brief(await ask(`/numbers/${text}`)), invalid, text);
  }
});

test('GET /numbers/{number} finds a number as dialled', async () => {
  const numbers = ['00442071234567', '+442071234567', '*72#', '9#0044'];
  for (const number of numbers) totals.addNumber(number);
  const asked = [
    '00442071234567',
    '+442071234567',
    '%2B442071234567',
    '%20+442071234567',
    '*72%23',
    '*72#',
    '9#0044',
  ];
  const found = [
    '00442071234567',
    '+442071234567',
    '+442071234567',
    '+442071234567',
    '*72#',
    '*72#',
    '9#0044',
  ];
  for (const [index, text] of asked.entries()) {
    assert.deepEqual(
      brief(await ask(`/numbers/${text}`)),
      [200, { phone_number_found: found[index] }],
      text,
    );
  }
  assert.deepEqual(brief(await ask('/numbers/442071234567')), [
    404,
    { message: 'No phone number found' },
  ]);
});

test('routes are exact', async () => {
  const unknown = [404, { error: 'The requested resource could not be found.' }];
  for (const path of [
    '/x',
    '/numbersx',
    '/x/numbers',
    '/numbers2/1',
    '/ip-address',
    '/api',
    '//numbers',
    '/NUMBERS',
    '/health-check/',
  ]) {
    assert.deepEqual(brief(await ask(path)), unknown, path);
  }
});

test('HEAD answers as GET does, without a body and without reading more of a list than its begin', async () => {
  for (let index = 0; index < 3000; index += 1)
    totals.addAddress(`192.0.${index >> 8}.${index & 255}`);
  for (const path of [
    '/',
    '/health-check',
    '/ip-addresses/192.0.2.1',
    '/ip-addresses/192.1.2.2',
    '/numbers',
    '/numbers/x',
    '/nothing',
  ]) {
    const get = await ask(path);
    const head = await ask(path, {}, 'HEAD');
    assert.deepEqual([head.status, head.text], [get.status, ''], path);
    assert.equal(head.headers['content-length'], get.headers['content-length'], path);
    assert.equal(head.headers['content-type'], get.headers['content-type'], path);
  }
  const list = await ask('/ip-addresses', {}, 'HEAD');
  assert.deepEqual([list.status, list.text, list.headers['content-length']], [200, '', undefined]);
  assert.ok(totals.pagesReadCount <= 3, String(totals.pagesReadCount));
});

test('other methods are 405 with Allow, on unknown paths 404', async () => {
  for (const method of [
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
  ]) {
    for (const path of [
      '/',
      '/health-check',
      '/ip-addresses',
      '/ip-addresses/x',
      '/ip-address/1.2.3.4',
      '/numbers',
      '/numbers/1',
    ]) {
      const answer = await ask(path, {}, method);
      assert.deepEqual(
        [answer.status, answer.headers.allow],
        [405, 'GET, HEAD'],
        `${method} ${path}`,
      );
    }
    assert.equal((await ask('/nothing', {}, method)).status, 404, method);
  }
});

test('a failure of the data is 500, is logged, and leaves the server up', async () => {
  totals.failure = new Error('database disk image is malformed');
  const answer = await ask('/ip-addresses/192.0.2.1');
  assert.deepEqual(brief(answer), [500, { error: 'The request could not be answered' }]);
  await ask('/ip-addresses/192.0.2.1');
  assert.deepEqual(messages, [{ message: 'database disk image is malformed', failures: 1 }]);
  assert.equal((await ask('/')).status, 200);
});

test('a failure amid a list breaks the connection, so that no half of it looks whole', async () => {
  for (let index = 0; index < 1500; index += 1) totals.addAddress(`2001:db8::${index}`);
  totals.failure = new Error('database is locked');
  await assert.rejects(ask('/ip-addresses'), { code: 'ECONNRESET' });
  assert.equal(messages.length, 1);
  assert.equal(totals.openListsCount, 0);
});

test('HttpApi.open() says that the port is taken, and an abort leaves nothing open', async () => {
  await assert.rejects(openApi({ port: api.address.port }), {
    name: 'OperatingError',
    code: 'port_taken',
  });
  await assert.rejects(openApi({ host: '192.0.2.1' }), { code: 'address_unknown' });
  await assert.rejects(openHttpApi({ totals, logger }, {}, AbortSignal.abort()), {
    name: 'AbortError',
  });
  const { port } = api.address;
  await Promise.all([api.close(), api.close()]);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
