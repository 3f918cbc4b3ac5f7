// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Tokens, certificates and proxies of webhooks. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { beforeEach, test } from 'node:test';
import { Webhooks, type WebhookOptions } from '../src/index.ts';
import { ENDPOINT, OTHER } from './certificates.ts';
import { MemoryEventLog, NODE_ID } from './memory-event-log.ts';
import { WebhookReceiver, type Behaviour } from './webhook-receiver.ts';

const SECRET = 's3cret-of-the-client';

let log = new MemoryEventLog();
beforeEach(() => {
  log = new MemoryEventLog();
  log.append(1);
});

const onRequest = (): void => log.happened();

interface Setup extends Partial<WebhookOptions> {
  readonly name: string;
  readonly url: URL;
}

function open(setups: readonly Setup[], proxies: Record<string, string> = {}): Webhooks {
  for (const { name } of setups) log.cursors.set(`webhook:${name}`, 1);
  const options = setups.map((setup): WebhookOptions => ({
    headers: {},
    choice: { grade: 'seen', origin: 'own', omit: [] },
    batchEventsMax: 1,
    batchWaitMs: 0,
    gzip: false,
    signingSecret: undefined,
    timeoutMs: 5_000,
    parallel: 1,
    authorities: undefined,
    oauth2: undefined,
    ...setup,
  }));
  const facts = { appVersion: '1.2.3', nodeId: NODE_ID, proxies, retryMsMin: 2, lookMs: 5 };
  return Webhooks.open(log.ports, options, facts);
}

function credentials(tokenUrl: URL, body: 'json' | 'form' = 'json') {
  return {
    tokenUrl,
    clientId: 'node-1',
    clientSecret: SECRET,
    audience: 'https://sentrypeer.com/api',
    scope: body === 'form' ? 'write:events' : '',
    body,
  };
}

/** Gives tokens `token-1`, `token-2`, ... */
class TokenServer {
  readonly receiver: WebhookReceiver;

  private constructor(receiver: WebhookReceiver) {
    this.receiver = receiver;
  }

  static async open(expiresIn = 86_400, refusals: readonly Behaviour[] = []): Promise<TokenServer> {
    const receiver: WebhookReceiver = await WebhookReceiver.open({
      behave: () =>
        refusals[receiver.requests.length - 1] ?? {
          status: 200,
          body: JSON.stringify({
            access_token: `token-${receiver.requests.length}`,
            expires_in: expiresIn,
            token_type: 'Bearer',
          }),
        },
      onRequest,
    });
    return new TokenServer(receiver);
  }

  get count(): number {
    return this.receiver.requests.length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.receiver[Symbol.asyncDispose]();
  }
}

const settled = (name = 'hub'): Promise<void> => log.settled(`webhook:${name}`);

test('Webhooks asks for a token as SentryPeer 4.x does, once for all events and endpoints', async () => {
  await using tokens = await TokenServer.open();
  await using first = await WebhookReceiver.open({ onRequest });
  await using second = await WebhookReceiver.open({ onRequest });
  log.append(20);
  const oauth2 = credentials(tokens.receiver.url);
  await using _webhooks = open([
    { name: 'hub', url: first.url, oauth2 },
    { name: 'other', url: second.url, oauth2: { ...oauth2 } },
  ]);
  await Promise.all([settled(), settled('other')]);
  assert.equal(tokens.count, 1);
  const [request] = tokens.receiver.requests;
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(request.body), {
    client_id: 'node-1',
    client_secret: SECRET,
    audience: 'https://sentrypeer.com/api',
    grant_type: 'client_credentials',
  });
  for (const { headers } of [...first.requests, ...second.requests]) {
    assert.equal(headers.authorization, 'Bearer token-1');
  }
});

test('Webhooks asks for a token with the form of RFC 6749 where it is told to', async () => {
  await using tokens = await TokenServer.open();
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(1);
  const oauth2 = credentials(tokens.receiver.url, 'form');
  await using _webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await settled();
  const [request] = tokens.receiver.requests;
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
    client_id: 'node-1',
    client_secret: SECRET,
    audience: 'https://sentrypeer.com/api',
    grant_type: 'client_credentials',
    scope: 'write:events',
  });
});

for (const status of [401, 403]) {
  test(`Webhooks renews a token that is refused with ${status}, and sends again`, async () => {
    await using tokens = await TokenServer.open();
    await using receiver = await WebhookReceiver.open({
      behave: ({ headers }) =>
        headers.authorization === 'Bearer token-1' && receiver.requests.length > 1 ? status : 201,
      onRequest,
    });
    log.append(1);
    const oauth2 = credentials(tokens.receiver.url);
    await using webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
    await settled();
    log.append(2);
    webhooks.wake();
    await settled();
    assert.equal(tokens.count, 2);
    assert.deepEqual(new Set(receiver.uuids()), new Set(log.uuids().slice(1)));
  });
}

test('Webhooks renews a token at once that was taken before, however young it is', async () => {
  await using tokens = await TokenServer.open();
  const uses = new Map<string, number>();
  await using receiver = await WebhookReceiver.open({
    behave: ({ headers: { authorization = '' } }) => {
      uses.set(authorization, (uses.get(authorization) ?? 0) + 1);
      return (uses.get(authorization) ?? 0) > 3 ? 401 : 201;
    },
    onRequest,
  });
  log.append(9);
  const oauth2 = credentials(tokens.receiver.url);
  await using webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await settled();
  assert.equal(tokens.count, 3);
  assert.equal(webhooks.reports[0]?.status.failures, 0);
});

test('Webhooks makes no loop where every token is refused', async () => {
  await using tokens = await TokenServer.open();
  await using receiver = await WebhookReceiver.open({ script: [401], onRequest });
  log.append(1);
  const oauth2 = credentials(tokens.receiver.url);
  await using webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await log.until('five tries', () => receiver.requests.length === 5);
  // Each try is a failure with a back-off, and within the first second no token is renewed.
  assert.equal(tokens.count, 1);
  assert.ok((webhooks.reports[0]?.status.failures ?? 0) >= 4);
});

test('Webhooks renews a token before it ends', async () => {
  await using tokens = await TokenServer.open(0.001);
  await using receiver = await WebhookReceiver.open({
    behave: () => {
      const startMs = performance.now();
      while (performance.now() < startMs + 2); // By the next request, a token of one millisecond has expired.
      return 201;
    },
    onRequest,
  });
  log.append(3);
  const oauth2 = credentials(tokens.receiver.url);
  await using webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await settled();
  assert.ok(tokens.count >= 2, String(tokens.count));
  assert.equal(webhooks.reports[0]?.status.failures, 0);
});

/** Ways in which no token is available. */
const NO_TOKENS: readonly Behaviour[] = [
  401,
  500,
  'reset',
  'no-http',
  { status: 200, body: '{}' },
  { status: 200, body: 'not JSON' },
  { status: 200, body: '{"access_token":"two\\nlines"}' },
  { status: 200, body: `{"access_token":"${'x'.repeat(10_000)}"}` },
  { status: 302, headers: { Location: 'http://127.0.0.1:9/' } },
];

test('Webhooks waits where no token is to be had, says so without the secret, and goes on', async () => {
  await using tokens = await TokenServer.open(60, NO_TOKENS);
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(2);
  const oauth2 = credentials(tokens.receiver.url);
  await using webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await settled();
  const status = webhooks.reports[0]?.status;
  assert.equal(status?.error?.code, 'webhook_token');
  // Except for the reset of a kept connection, after which it is requested again at once.
  assert.equal(status.failures, NO_TOKENS.length - 1);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
  assert.ok(!JSON.stringify([log.messages, status]).includes(SECRET));
});

test('Webhooks keeps what an endpoint repeats of secrets out of the reason of a dead letter', async () => {
  await using tokens = await TokenServer.open();
  await using receiver = await WebhookReceiver.open({
    script: [{ status: 400, body: `bad: Bearer token-1 of ${SECRET}` }],
    onRequest,
  });
  log.append(1);
  const oauth2 = credentials(tokens.receiver.url);
  await using _webhooks = open([{ name: 'hub', url: receiver.url, oauth2 }]);
  await settled();
  assert.deepEqual(
    [...log.letters.values()].map(({ reason }) => reason),
    ['400 bad: Bearer *** of ***'],
  );
});

test('Webhooks sends nothing over TLS to whom it does not trust, and goes on when it may', async () => {
  const wrong = [
    { tls: ENDPOINT, authorities: undefined }, // Signed by an unknown authority.
    { tls: OTHER, authorities: OTHER.cert }, // For another name.
    { tls: ENDPOINT, authorities: OTHER.cert }, // Signed by another authority.
  ];
  for (const { tls, authorities } of wrong) {
    await using receiver = await WebhookReceiver.open({ tls, onRequest });
    log.append(1);
    await using webhooks = open([{ name: 'hub', url: receiver.url, authorities }]);
    await log.until('a failure', () => (webhooks.reports[0]?.status.failures ?? 0) > 1);
    assert.equal(webhooks.reports[0]?.status.error?.code, 'webhook_certificate');
    assert.equal(receiver.requests.length, 0);
  }
  await using receiver = await WebhookReceiver.open({ tls: ENDPOINT, onRequest });
  await using _webhooks = open([{ name: 'hub', url: receiver.url, authorities: ENDPOINT.cert }]);
  await settled();
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
});

test('Webhooks refuses a file of authorities that contains none, and what is not a proxy', () => {
  const url = new URL('https://127.0.0.1:1/');
  assert.throws(() => open([{ name: 'hub', url, authorities: '-----BEGIN CERTIFICATE-----\nx' }]), {
    code: 'webhook_authority',
  });
  assert.throws(() => open([{ name: 'hub', url }], { HTTPS_PROXY: 'socks://pa55word@x' }), {
    code: 'webhook_proxy',
  });
});

/** A proxy that sends everything to one port, and keeps the requests. */
class Proxy implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port: number): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server);
    server.on('request', (request: IncomingMessage, response) => {
      proxy.asked.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => response.writeHead(201).end());
    });
    server.on('connect', (request: IncomingMessage, socket, head: Buffer) => {
      proxy.asked.push(`CONNECT ${request.url}`);
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on('error', () => undefined);
      socket.on('close', () => upstream.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://someone:pa55word@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

test('Webhooks goes through the proxies of the environment, and past them where it is told to', async () => {
  await using secure = await WebhookReceiver.open({ tls: ENDPOINT, onRequest });
  await using near = await WebhookReceiver.open({ onRequest });
  await using proxy = await Proxy.open(secure.port);
  log.append(1);
  const url = new URL(`https://endpoint.test:${secure.port}/events`);
  await using _webhooks = open(
    [
      { name: 'plain', url: new URL('http://plain.test/events') },
      { name: 'secure', url, authorities: ENDPOINT.cert },
      { name: 'near', url: near.url },
    ],
    { HTTP_PROXY: proxy.url, https_proxy: proxy.url, NO_PROXY: '127.0.0.1' },
  );
  await Promise.all([settled('plain'), settled('secure'), settled('near')]);
  assert.deepEqual(proxy.asked.toSorted(), [
    `CONNECT endpoint.test:${secure.port}`,
    'POST http://plain.test/events',
  ]);
  assert.equal(secure.requests.length, 1);
  assert.equal(near.requests.length, 1);
});
