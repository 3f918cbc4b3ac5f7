// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The routes under /v1 of the running daemon; every answer is checked against the OpenAPI document it serves. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

type Specification = Parameters<Validator['validate']>[0];

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get?: {
          readonly responses: Readonly<
            Record<string, { content: Record<string, { schema: object }> }>
          >;
        };
      }
    >
  >;
  readonly components: object;
}

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | null;
}

class Client {
  readonly #base: string;
  #document: OpenApi | undefined;
  key: string | undefined;

  constructor(daemon: DaemonProcess) {
    this.#base = `http://127.0.0.1:${daemon.ports.api}`;
  }

  ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const own: Record<string, string> = this.key === undefined ? {} : { 'x-api-key': this.key };
    return fetch(this.#base + path, { headers: { ...own, ...headers } });
  }

  async document(): Promise<OpenApi> {
    this.#document ??= (await (await this.ask('/openapi.json')).json()) as OpenApi;
    return this.#document;
  }

  /** The body of an answer, which must match the document for this path. */
  async get(path: string, template = path.split('?')[0] ?? ''): Promise<unknown> {
    const response = await this.ask(path);
    const body: unknown = await response.json();
    const document = await this.document();
    const answers = document.paths[template]?.get?.responses[String(response.status)];
    const [schema] = Object.values(answers?.content ?? {}).map((media) => media.schema);
    assert.ok(schema !== undefined, `${template} documents ${response.status}`);
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile({ ...schema, components: document.components });
    assert.ok(
      validate(body),
      `${path}: ${ajv.errorsText(validate.errors)} ${JSON.stringify(body)}`,
    );
    return body;
  }

  page(path: string): Promise<Page> {
    return this.get(path) as Promise<Page>;
  }
}

/** Five events: three from a scanner over UDP, two calls over TCP. */
async function attacked(args: readonly string[] = []): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(['--threads=1', '-r', ...args]);
  using scanner = await UdpPeer.open('127.10.0.1');
  for (const user of ['100', '101', '102']) {
    const branch = `z9hG4bK-${user}`;
    const request = sipRequest({ method: 'REGISTER', user, branch, userAgent: 'friendly-scanner' });
    await scanner.send(request, daemon.ports.udp);
  }
  await daemon.recorded(3);
  using caller = await StreamPeer.open(daemon.ports.tcp, '127.10.0.2');
  await caller.send(
    sipRequest({ method: 'INVITE', user: '900442071234567', userAgent: '=cmd("x"),' }),
  );
  await daemon.recorded(4);
  await caller.send(
    sipRequest({ method: 'INVITE', user: '+4612345', callId: 'b', branch: 'z9hG4bK-b' }),
  );
  await daemon.recorded(5);
  return daemon;
}

async function makeKey(daemon: DaemonProcess, name: string, role: string): Promise<string> {
  const run = await DaemonProcess.run(['-f', daemon.dbFile, 'keys', 'add', name, role], {
    folder: daemon.folder,
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.split('\n')[0] ?? '';
}

test('the OpenAPI document is one', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const document = await new Client(daemon).document();
  const result = await new Validator().validate(
    structuredClone(document) as unknown as Specification,
  );
  assert.ok(result.valid, JSON.stringify(result.errors));
});

test('every total and event that was recorded can be asked for', async () => {
  await using daemon = await attacked();
  const client = new Client(daemon);
  assert.deepEqual(await client.get('/v1/summary'), {
    addresses: 2,
    numbers: 5,
    user_agents: 3,
    shared_addresses: 0,
    shared_numbers: 0,
    shared_user_agents: 0,
    last_event_id: 5,
  });
  const addresses = await client.page('/v1/addresses');
  assert.deepEqual(
    addresses.items.map(({ address, grade, seen_count: count }) => [address, grade, count]),
    [
      ['127.10.0.2', 'handshake', 2],
      ['127.10.0.1', 'seen', 3],
    ],
  );
  const one = await client.get('/v1/addresses/127.10.0.2', '/v1/addresses/{address}');
  assert.deepEqual(one, addresses.items[0]);
  await client.get('/v1/addresses/192.0.2.1', '/v1/addresses/{address}');
  const number = await client.get('/v1/numbers/4612345', '/v1/numbers/{number}');
  assert.equal((number as { number: string }).number, '+4612345');
  const agents = await client.page('/v1/user-agents?min_count=3');
  assert.deepEqual(
    agents.items.map((agent) => agent['user_agent']),
    ['friendly-scanner'],
  );
  const methods = (await client.get('/v1/methods')) as Page;
  assert.deepEqual(
    methods.items.map(({ method, transport, seen_count: count }) => [method, transport, count]),
    [
      ['REGISTER', 'UDP', 3],
      ['INVITE', 'TCP', 2],
    ],
  );
  const series = (await client.get('/v1/totals?interval=day')) as Page;
  assert.deepEqual(series.items.at(-1)?.['methods'], { INVITE: 2, REGISTER: 3 });
  await client.get('/v1/countries');
  const { intervals } = (await client.get('/v1/analytics?period=hour')) as {
    readonly intervals: readonly { readonly seen_count: number }[];
  };
  assert.equal(
    intervals.reduce((sum, { seen_count: count }) => sum + count, 0),
    5,
  );
  await client.page('/v1/networks');
  await until('the number to be judged', async () => {
    const check = await client.get('/v1/check?number=900442071234567&address=127.10.0.1');
    return (check as { verdict: string }).verdict === 'watch';
  });
  await client.get('/v1/check?number=nonsense');
});

test('events are found by what they say, page by page, and exported', async () => {
  await using daemon = await attacked();
  const client = new Client(daemon);
  const ids: unknown[] = [];
  let cursor = '';
  do {
    const page = await client.page(`/v1/events?limit=2${cursor}`);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  assert.deepEqual(ids, [5, 4, 3, 2, 1]);
  for (const [query, expected] of [
    ['source_ip=127.10.0.1&order=asc', [1, 2, 3]],
    ['called_number=4612345', [5]],
    ['method=INVITE', [5, 4]],
    ['user_agent=friendly-scanner&order=asc', [1, 2, 3]],
    ['transport=TCP', [5, 4]],
    ['grade=seen', [3, 2, 1]],
    ['until=2026-01-01T00:00:00Z', []],
    ['since=2026-01-01T00:00:00Z&transport=UDP', [3, 2, 1]],
  ] as const) {
    const page = await client.page(`/v1/events?${query}`);
    assert.deepEqual(
      page.items.map(({ id }) => id),
      expected,
      query,
    );
  }
  const [first] = (await client.page('/v1/events?order=asc')).items;
  const uuid = String(first?.['event_uuid']);
  assert.deepEqual(await client.get(`/v1/events/${uuid}`, '/v1/events/{event_uuid}'), first);
  const lines = (await (await client.ask('/v1/events.jsonl')).text()).trimEnd().split('\n');
  assert.deepEqual(JSON.parse(lines[0] ?? ''), first);
  assert.equal(lines.length, 5);
  const csv = (await (await client.ask('/v1/events.csv?method=INVITE')).text()).split('\r\n');
  assert.equal(csv.length, 4);
  assert.match(csv[1] ?? '', /,900442071234567,"'=cmd\(""x""\),",handshake,1,,/);
  assert.match(csv[2] ?? '', /,\+4612345,/);
});

test('raw messages are for those with a key, made and revoked while the daemon runs', async () => {
  await using daemon = await attacked();
  const client = new Client(daemon);
  await client.get('/v1/events?include=message');
  client.key = await makeKey(daemon, 'analyst', 'read');
  const page = await client.page('/v1/events?include=message&limit=1');
  assert.match(
    String(page.items[0]?.['sip_message']),
    /^INVITE sip:\+4612345@127\.0\.0\.1 SIP\/2\.0\r\n/,
  );
  const list = await DaemonProcess.run(['-f', daemon.dbFile, 'keys', 'list'], {
    folder: daemon.folder,
  });
  assert.match(list.stdout, /^analyst {2}read {2}2\d\d\d-/);
  const again = await DaemonProcess.run(['-f', daemon.dbFile, 'keys', 'add', 'analyst', 'read'], {
    folder: daemon.folder,
  });
  assert.equal(again.status, 1);
  assert.match(again.stderr, /there is already a key analyst/);
  await DaemonProcess.run(['-f', daemon.dbFile, 'keys', 'revoke', 'analyst'], {
    folder: daemon.folder,
  });
  assert.equal((await client.ask('/v1/summary')).status, 401);
});

/** The ids of the events that a stream sends, as they arrive. */
async function follow(response: Response, ids: string[], stop: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const octets of response.body ?? []) {
      if (stop.aborted) return;
      text += decoder.decode(octets as Uint8Array, { stream: true });
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const id = /^id: (\d+)\nevent: event\ndata: (.*)$/.exec(message);
        if (id === null) continue;
        assert.equal((JSON.parse(id[2] ?? '') as { id: number }).id, Number(id[1]));
        ids.push(id[1] ?? '');
      }
    }
  } catch {
    assert.ok(stop.aborted); // We hung up.
  }
}

test('a stream sends events as they are recorded, and what was missed to one who comes again', async () => {
  await using daemon = await attacked(['--fold-window=0']);
  const client = new Client(daemon);
  using peer = await UdpPeer.open('127.10.0.3');
  const first = await client.ask('/v1/events/stream');
  assert.equal(first.headers.get('content-type'), 'text/event-stream');
  const ids: string[] = [];
  const stop = new AbortController();
  const following = follow(first, ids, stop.signal);
  await peer.send(sipRequest(), daemon.ports.udp);
  await until('the event on the stream', () => ids.length === 1);
  assert.deepEqual(ids, ['6']);
  stop.abort();
  await peer.send(sipRequest(), daemon.ports.udp);
  await following;
  await peer.send(sipRequest(), daemon.ports.udp);
  await daemon.recorded(8);
  const resumed = await client.ask('/v1/events/stream?transport=UDP', { 'last-event-id': '6' });
  const missed: string[] = [];
  const rest = follow(resumed, missed, AbortSignal.timeout(60_000));
  await until('what was missed', () => missed.length === 2);
  assert.deepEqual(missed, ['7', '8']);
  await daemon.stop();
  await rest;
});

test('a hub takes the events of a node of 4.x, each once, and serves them', async () => {
  await using hub = await DaemonProcess.start(['--syslog=off']);
  const key = await makeKey(hub, 'c-node', 'write');
  const event = {
    app_name: 'sentrypeer',
    app_version: 'v4.0.6',
    event_timestamp: '2026-11-23 20:13:26.52997069',
    event_uuid: 'fc5d1f6a-0000-4000-8000-000000000001',
    created_by_node_id: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
    collected_method: 'passive',
    transport_type: 'TCP',
    source_ip: '203.0.113.9',
    destination_ip: '198.51.100.7',
    called_number: '900442071234567',
    sip_method: 'INVITE',
    sip_user_agent: 'NOT_FOUND',
    sip_message: 'INVITE',
  };
  const token = await fetch(`http://127.0.0.1:${hub.ports.api}/oauth/token`, {
    method: 'POST',
    body: JSON.stringify({
      client_id: 'c-node',
      client_secret: key,
      grant_type: 'client_credentials',
    }),
  });
  const { access_token: bearer } = (await token.json()) as { access_token: string };
  for (let times = 0; times < 3; times += 1) {
    const response = await fetch(`http://127.0.0.1:${hub.ports.api}/api/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${bearer}`,
      },
      body: JSON.stringify(event),
    });
    assert.equal(response.status, 201);
  }
  const client = new Client(hub);
  const { items } = await client.page('/v1/events');
  assert.equal(items.length, 1);
  assert.equal(items[0]?.['event_timestamp'], '2026-11-23T20:13:26.052997Z');
  assert.equal(items[0]['created_by_node_id'], event.created_by_node_id);
  await until('the number to be judged', async () => {
    return (await client.ask('/numbers/900442071234567')).status === 200;
  });
});
