// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The exchanges of other programs' clients, as recorded from those programs: the octets they send, and how they use the
 * answer. Each client below decides as the real one does.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { DeliveredEvent, HttpApi } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryFeed } from './memory-feed.ts';
import { MemoryTotals } from './memory-totals.ts';
import { openApi } from './ports.ts';

const SECRET = 'sentrypeer_secret';
const NUMBER = '900442071234567';
const SEEN = { totalId: 1, firstSeenEpochUs: 1, lastSeenEpochUs: 9, seenCount: 1, sharedCount: 0 };

interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** A node that knows one number and two addresses, one of which may be forged; reading needs a key. */
async function openNode(delivered: DeliveredEvent[] = []): Promise<HttpApi> {
  const evidence = new MemoryEvidence();
  evidence.keys.set(SECRET, { name: 'pbx', role: 'admin' });
  evidence.numberList.push({ ...SEEN, number: NUMBER });
  evidence.addressList.push(
    { ...SEEN, totalId: 2, lastSeenEpochUs: 10, address: '203.0.113.9', grade: 'seen' },
    { ...SEEN, address: '203.0.113.5', grade: 'handshake' },
  );
  const totals = new MemoryTotals().addNumber(NUMBER).addAddress('203.0.113.5');
  const deliver = (events: readonly DeliveredEvent[]): Promise<void> => {
    delivered.push(...events);
    return Promise.resolve();
  };
  const feed = new MemoryFeed().tell(1, '203.0.113.5').list('203.0.113.5', { listingId: 1 });
  return openApi({ evidence, totals, deliver, feed }, { keyRequired: true });
}

/** Lines end in CRLF; a body follows the empty one. */
async function send(api: HttpApi, ...lines: readonly string[]): Promise<Answer> {
  const socket = connect(api.address.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
  socket.write(lines.join('\r\n'));
  await closed;
  const end = text.indexOf('\r\n\r\n');
  const chunked = /\r\ntransfer-encoding: chunked/i.test(text.slice(0, end));
  assert.ok(!chunked, 'these clients are given a length');
  return {
    status: Number(text.slice(9, 12)),
    headers: text.slice(0, end),
    body: text.slice(end + 4),
  };
}

const post = (path: string, headers: readonly string[], body: string): readonly string[] => [
  `POST ${path} HTTP/1.1`,
  'Host: pot:8082',
  'Connection: close',
  ...headers,
  `Content-Length: ${body.length}`,
  '',
  body,
];

/** CGRateS 1.0, its `sentrypeer` section: Go's HTTP client. */
class Cgrates {
  readonly #api: HttpApi;
  readonly #secret: string;
  #token = '';

  constructor(api: HttpApi, secret: string) {
    this.#api = api;
    this.#secret = secret;
  }

  /** The filter `*sentrypeer`: whether the call may go on; throws where CGRateS logs an error. */
  async mayPass(path: string, value: string): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (this.#token === '') await this.#fetchToken();
      const { status } = await send(
        this.#api,
        `GET ${path}/${value} HTTP/1.1`,
        'Host: pot:8082',
        'User-Agent: Go-http-client/1.1',
        `Authorization: Bearer ${this.#token}`,
        'Accept-Encoding: gzip',
        'Connection: close',
        '',
        '',
      );
      if (status === 404) return true;
      if (status >= 200 && status < 300) return false;
      if (status !== 401 && status !== 403) throw new Error(`CGRateS logs status ${status}`);
      this.#token = '';
    }
    return false; // It treats two refusals as a known fraud number.
  }

  async #fetchToken(): Promise<void> {
    const body = JSON.stringify({
      audience: 'https://sentrypeer.com/api',
      client_id: 'pbx',
      client_secret: this.#secret,
      grant_type: 'client_credentials',
    });
    const headers = [
      'User-Agent: Go-http-client/1.1',
      'Content-Type: application/json',
      'Accept-Encoding: gzip',
    ];
    const answer = await send(this.#api, ...post('/oauth/token', headers, body));
    // It ignores the status.
    this.#token =
      (JSON.parse(answer.body) as { readonly access_token?: string }).access_token ?? '';
  }
}

test('CGRateS *sentrypeer passes what is clean and stops what is known', async () => {
  await using api = await openNode();
  const cgrates = new Cgrates(api, SECRET);
  const numbers = '/api/phone-numbers';
  const addresses = '/api/ip-addresses';
  assert.equal(await cgrates.mayPass(numbers, NUMBER), false);
  assert.equal(await cgrates.mayPass(numbers, '+4612345'), true);
  assert.equal(await cgrates.mayPass(numbers, '%2046123'), true, 'a blank in front');
  assert.equal(await cgrates.mayPass(addresses, '203.0.113.5'), false);
  assert.equal(await cgrates.mayPass(addresses, '2001:db8::1'), true, 'IPv6 as it is');
  await assert.rejects(cgrates.mayPass(numbers, 'alice'), /status 400/);
});

test('CGRateS with a wrong secret takes all for fraud, as docs/api.md warns', async () => {
  await using api = await openNode();
  assert.equal(await new Cgrates(api, 'wrong').mayPass('/api/phone-numbers', '+4612345'), false);
});

/** The FreePBX module: PHP's curl, the number unescaped in the path. */
async function freepbx(api: HttpApi, number: string, secret = SECRET): Promise<string> {
  const type = 'application/json;charset=utf-8';
  const usual = [
    'User-Agent: SentryPeer-FreePBX-Module/1.0',
    `Content-Type: ${type}`,
    `Accept: ${type}`,
  ];
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const body = JSON.stringify({
      client_id: 'pbx',
      client_secret: secret,
      audience: 'https://sentrypeer.com/api',
      grant_type: 'client_credentials',
    });
    const granted = await send(api, ...post('/oauth/token', usual, body));
    const { access_token: token } = JSON.parse(granted.body) as { readonly access_token?: string };
    if (token === undefined) return 'allowed: no token';
    const { status } = await send(
      api,
      `GET /api/phone-numbers/${number} HTTP/1.1`,
      'Host: pot:8082',
      ...usual,
      `Authorization: Bearer ${token}`,
      'Connection: close',
      '',
      '',
    );
    if (status === 200) return 'hung up';
    if (status !== 401 && status !== 403) return status === 404 ? 'allowed' : `allowed: ${status}`;
  }
  return 'allowed: refused twice';
}

test('the FreePBX module hangs up on what is known and lets the rest through', async () => {
  await using api = await openNode();
  assert.equal(await freepbx(api, NUMBER), 'hung up');
  assert.equal(await freepbx(api, '0046123'), 'allowed');
  assert.equal(await freepbx(api, '*72#'), 'allowed');
  assert.equal(await freepbx(api, '0046123', 'wrong'), 'allowed: no token');
});

/** What node 4.0.6 posts, made by jansson. */
const EVENT = JSON.stringify({
  app_name: 'sentrypeer',
  app_version: 'v4.0.6',
  event_timestamp: '2026-11-23 20:13:26.529970690',
  event_uuid: 'fc5d1f6a-0000-4000-8000-000000000001',
  created_by_node_id: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
  collected_method: 'responsive',
  transport_type: 'UDP',
  source_ip: '203.0.113.9',
  destination_ip: '198.51.100.7',
  called_number: NUMBER,
  sip_method: 'INVITE',
  sip_user_agent: 'friendly-scanner',
  sip_message: 'INVITE sip:900442071234567@198.51.100.7 SIP/2.0\r\n\r\n',
});

test('a C node with OAuth2 delivers, with a new token after a refusal', async () => {
  const delivered: DeliveredEvent[] = [];
  await using api = await openNode(delivered);
  const deliver = (token: string): Promise<Answer> => {
    const headers = [
      'User-Agent: SentryPeer/1.0',
      'Accept: */*',
      'Content-Type: application/json',
      `Authorization: Bearer ${token}`,
    ];
    return send(api, ...post('/api/events', headers, EVENT));
  };
  assert.equal((await deliver('of another service')).status, 401);
  const granted = await send(
    api,
    ...post(
      '/oauth/token',
      ['User-Agent: SentryPeer/1.0', 'Accept: */*', 'Content-Type: application/json'],
      JSON.stringify({
        client_id: 'pbx',
        client_secret: SECRET,
        audience: 'https://sentrypeer.com/api',
        grant_type: 'client_credentials',
      }),
    ),
  );
  const { access_token: token, token_type: type } = JSON.parse(granted.body) as Record<
    string,
    string
  >;
  assert.equal(type, 'Bearer');
  const answer = await deliver(token ?? '');
  assert.ok([200, 201].includes(answer.status), 'it counts nothing else as delivered');
  assert.equal(delivered[0]?.event.calledNumber, NUMBER);
});

test('a C node without OAuth2 labels its JSON as a form, and its key stands in the path', async () => {
  const delivered: DeliveredEvent[] = [];
  await using api = await openNode(delivered);
  const headers = [
    'User-Agent: SentryPeer/1.0',
    'Accept: */*',
    'Content-Type: application/x-www-form-urlencoded',
  ];
  const answer = await send(api, ...post(`/api/${SECRET}/events`, headers, EVENT));
  assert.equal(answer.status, 201);
  assert.equal(answer.body.replaceAll(/\s/g, ''), '{"message":"ThanksforusingSentryPeer!"}');
  assert.equal(delivered.length, 1);
});

test('a C node that is refused again and again is slowed down, not invited to come back', async () => {
  await using api = await openNode();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const headers = ['User-Agent: SentryPeer/1.0', 'Authorization: Bearer revoked'];
    statuses.push((await send(api, ...post('/api/events', headers, EVENT))).status);
  }
  // On 401 and 403 it fetches a token and comes again endlessly; 429 is logged, and it continues.
  assert.deepEqual(statuses.slice(-2), [429, 429]);
});

/** APIBAN's client: from id to id, until there is nothing new. */
async function apiban(api: HttpApi, key: string, id: string): Promise<readonly [string[], string]> {
  const banned: string[] = [];
  for (let last = id; ;) {
    const { status, body } = await send(
      api,
      `GET /api/${key}/banned/${last} HTTP/1.1`,
      'Host: pot:8082',
      'User-Agent: apiban-client/1.0',
      'Accept-Encoding: gzip',
      'Connection: close',
      '',
      '',
    );
    const page = JSON.parse(body) as { readonly ipaddress: readonly string[]; readonly ID: string };
    if (page.ID === 'none') {
      assert.deepEqual([[400, 404].includes(status), page.ipaddress], [true, ['no new bans']]);
      return [banned, last];
    }
    assert.equal(status, 200);
    banned.push(...page.ipaddress);
    last = page.ID;
  }
}

test('APIBAN bans what is listed, once, and a wrong key gets nothing', async () => {
  await using api = await openNode();
  const [banned, id] = await apiban(api, SECRET, '100');
  assert.deepEqual(banned, ['203.0.113.5']);
  assert.deepEqual(await apiban(api, SECRET, id), [[], id]);
  const refused = await send(
    api,
    'GET /api/wrong/banned/100 HTTP/1.1',
    'Host: pot',
    'Connection: close',
    '',
    '',
  );
  assert.equal(refused.status, 401);
});

test('clients of 4.x get what they read, whatever they send along', async () => {
  await using api = await openApi({ totals: new MemoryTotals().addNumber(NUMBER) });
  // Kamailio's http_client, OpenSIPS' rest_client, Asterisk's CURL().
  for (const agent of [
    'kamailio (5.6.3 (x86_64/linux))',
    'opensips',
    'asterisk-libcurl-agent/1.0',
  ]) {
    for (const [number, status, body] of [
      [NUMBER, 200, `{\n  "phone_number_found": "${NUMBER}"\n}`],
      ['0046123', 404, '{\n  "message": "No phone number found"\n}'],
    ] as const) {
      const answer = await send(
        api,
        `GET /numbers/${number} HTTP/1.1`,
        'Host: pot:8082',
        `User-Agent: ${agent}`,
        'Accept: */*',
        'Connection: close',
        '',
        '',
      );
      assert.deepEqual([answer.status, answer.body], [status, body]);
      assert.match(answer.headers, /\r\nContent-Type: application\/json\r\n/i);
      assert.match(answer.headers, /\r\nX-Powered-By: SentryPeer\r\n/);
      assert.match(answer.headers, /\r\nX-SentryPeer-Version: 1\.2\.3\r\n/);
    }
  }
});
