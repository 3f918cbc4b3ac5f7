// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { silentLogger, type LogFields } from '@sentrypeer/kernel';
import { EVENT_CHARACTERS_MAX } from '../src/limits.ts';
import { ListingStream } from '../src/listing-stream.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A node that answers each request as its test says, and what it reported. */
class Node implements AsyncDisposable {
  readonly told: string[] = [];
  /** Until when each is listed, and on what it stands. */
  readonly details: string[] = [];
  /** Warnings: event, node and reason. */
  readonly logged: string[] = [];
  readonly host: string;
  readonly stream: ListingStream;
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  readonly #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  private constructor(server: Server, key: string | undefined) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.host = `127.0.0.1:${port}`;
    const warn = (event: string, { node, why }: LogFields = {}): void => {
      this.logged.push([event, node, why].join(' '));
    };
    const tell = (text: string): void => {
      this.told.push(text);
      for (const waiting of this.#waiting) if (waiting.text === text) waiting.resolve();
    };
    this.stream = new ListingStream(
      {
        logger: { ...silentLogger, warn },
        sink: {
          begin: () => tell('begin'),
          entry: (value, until, grounds) => {
            this.details.push(`${value} ${until} ${grounds}`);
            tell(`entry ${value}`);
          },
          end: () => tell('end'),
          change: (value, until, grounds) => {
            this.details.push(`${value} ${until} ${grounds}`);
            tell(`${until === undefined ? 'in' : 'out'} ${value}`);
          },
        },
      },
      {
        node: new URL(`http://${this.host}`),
        key,
        keyOption: '--firewall-key',
        logName: 'firewall',
      },
    );
    this.#run = this.stream.run(this.#stop.signal);
  }

  /** @param answers One for each request; the last one for all that follow. */
  static async open(answers: readonly Answer[], key?: string): Promise<Node> {
    const rest = [...answers];
    const server = createServer((request, response) => {
      const answer = rest.length > 1 ? rest.shift() : rest[0];
      answer?.(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Node(server, key);
  }

  async until(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.told.includes(text)) return;
    this.#waiting.push({ text, resolve });
    const timer = setTimeout(
      () => reject(new Error(`not told: ${text}: ${this.told.join()}`)),
      60_000,
    );
    await promise;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function event(type: string, data: object, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function listed(value: string, more: object = {}): object {
  return { kind: 'address', value, level: 'listed', until: '2099-01-01T00:00:00Z', ...more };
}

function sends(...events: readonly string[]): Answer {
  return (_request, response) => {
    response.setHeader('content-type', 'text/event-stream');
    response.write(['retry: 1000\n\n', ...events].join(''));
  };
}

test('ListingStream goes on after the last serial, and never with half a snapshot', async () => {
  const asked: unknown[] = [];
  const cut: Answer = (_request, response) => {
    response.write(event('begin', {}) + event('entry', listed('45.1.2.3')) + event('end', {}, 7));
    response.write(event('change', listed('45.1.2.4', { change: 'listed' }), 8), () =>
      response.destroy(),
    );
  };
  const resumed: Answer = (request, response) => {
    asked.push(request.headers['last-event-id'], request.headers['authorization']);
    sends(
      event('change', listed('45.1.2.4', { change: 'unlisted' }), 9),
      event('change', listed('45.1.2.5', { change: 'watched', level: 'watch' }), 10),
      event('serial', { serial: 12 }, 12),
      event('change', listed('45.1.2.6', { change: 'listed' }), 13),
    )(request, response);
  };
  await using node = await Node.open([cut, resumed], 'sentrypeer_key');
  await node.until('out 45.1.2.6');
  assert.deepEqual(asked, ['8', 'Bearer sentrypeer_key']);
  assert.deepEqual(node.told, [
    'begin',
    'entry 45.1.2.3',
    'end',
    'out 45.1.2.4',
    'in 45.1.2.4',
    'in 45.1.2.5',
    'out 45.1.2.6',
  ]);
  assert.deepEqual([node.stream.serial, node.stream.failure], ['13', undefined]);
});

test('ListingStream asks for a snapshot where told to', async () => {
  const asked: unknown[] = [];
  const snapshot: Answer = (request, response) => {
    asked.push(request.headers['last-event-id']);
    sends(event('begin', {}), event('end', {}, 7))(request, response);
  };
  const second: Answer = (request, response) => {
    asked.push(request.headers['last-event-id'], node.stream.failure, node.stream.serial);
    sends(event('change', listed('45.1.2.9', { change: 'listed' }), 8))(request, response);
  };
  await using node = await Node.open([snapshot, second]);
  await node.until('end');
  node.stream.restart();
  await node.until('out 45.1.2.9');
  // A new beginning is no failure.
  assert.deepEqual(asked, [undefined, undefined, undefined, '']);
  assert.deepEqual([node.stream.serial, node.logged], ['8', []]);
});

test('ListingStream logs an outage from the second failure in a row on, and its end', async () => {
  const snapshot = sends(event('begin', {}), event('end', {}, 7));
  const cut: Answer = (_request, response) => response.destroy();
  await using node = await Node.open([
    cut,
    (_request, response) => response.writeHead(503).end(),
    (request, response) => {
      assert.deepEqual(node.logged, [`firewall_feed_lost ${node.host} the node answers 503`]);
      snapshot(request, response);
    },
  ]);
  await node.until('end');
  assert.deepEqual(node.logged.slice(1), [`firewall_feed_followed ${node.host} `]);
});

test('ListingStream counts failures in a row only', async () => {
  const change = event('change', listed('45.1.2.4', { change: 'listed' }), 8);
  const once: Answer = (_request, response) => response.write(change, () => response.destroy());
  await using node = await Node.open([once, once, once, sends(event('serial', {}, 9))]);
  const deadline = AbortSignal.timeout(60_000);
  while (node.stream.serial !== '9') {
    assert.ok(!deadline.aborted, String(node.stream.failure));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(node.logged, [], 'each was followed by a connection');
});

test('ListingStream says what a node that refuses it wants, and takes nothing that is not an event', async () => {
  const refuses: Answer = (_request, response) => response.writeHead(403).end('{}');
  await using refused = await Node.open([refuses]);
  await failing(refused, /wants a key that may read \(403\)/);
  const nonsense: Answer = (_request, response) => response.end('data: {"kind":\n\n');
  await using broken = await Node.open([nonsense]);
  await failing(broken, /JSON/);
  const elsewhere: Answer = (_request, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  await using moved = await Node.open([elsewhere]);
  await failing(moved, /redirect/);
  assert.deepEqual([...refused.told, ...broken.told, ...moved.told], []);
});

async function failing(node: Node, why: RegExp): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!why.test(node.stream.failure ?? '')) {
    assert.ok(!deadline.aborted, String(node.stream.failure));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('ListingStream asks for addresses, with the key where there is one', async () => {
  const asked: unknown[] = [];
  const answer: Answer = (request, response) => {
    const { accept, authorization } = request.headers;
    asked.push(request.url, accept, authorization);
    sends(event('begin', {}), event('end', {}, 7))(request, response);
  };
  await using node = await Node.open([answer]);
  assert.deepEqual([node.stream.serial, node.stream.failure], ['', 'not connected yet']);
  await node.until('end');
  assert.deepEqual(asked, ['/v1/listings/stream?kind=address', 'text/event-stream', undefined]);
});

test('ListingStream says until when an entry is listed, and on what it stands', async () => {
  const until = Date.UTC(2099, 0, 1);
  const blocked = { grade: 'seen', reasons: ['blocked by the operator: scans', 'more'] };
  await using node = await Node.open([
    sends(
      event('begin', {}),
      event('entry', listed('45.1.0.1', { grade: 'returned' })),
      event('entry', listed('45.1.0.2', { grade: 'handshake', reasons: blocked.reasons })),
      event('entry', listed('45.1.0.3', blocked)),
      event('entry', listed('45.1.0.4', { reasons: ['it is blocked by the operator', 5] })),
      event('entry', listed('45.1.0.5', { reasons: 'blocked by the operator', until: null })),
      event('entry', { ...listed('46.1.0.1'), level: 'watch' }),
      event('entry', { ...listed('46701234567'), kind: 'number' }),
      event('entry', { ...listed('45.1.0.6'), value: 5 }),
      event('end', {}, 7),
      event('change', listed('45.1.0.7', { change: 'listed', grade: 'handshake' }), 8),
      event('change', listed('45.1.0.8', { change: 'unlisted', ...blocked }), 9),
      event('change', listed('46701234567', { change: 'listed', kind: 'number' }), 10),
      event('unheard', listed('45.1.0.9', { change: 'listed' }), 11),
      event('change', listed('45.1.0.0', { change: 'listed' }), 12),
    ),
  ]);
  await node.until('out 45.1.0.0');
  assert.deepEqual(node.details, [
    `45.1.0.1 ${until} returned`,
    `45.1.0.2 ${until} handshake`,
    `45.1.0.3 ${until} operator`,
    `45.1.0.4 ${until} seen`,
    '45.1.0.5 NaN seen',
    ` ${until} seen`,
    `45.1.0.7 ${until} handshake`,
    '45.1.0.8 undefined operator',
    `45.1.0.0 ${until} seen`,
  ]);
  assert.equal(node.stream.serial, '12');
});

test('ListingStream goes back to no place that is not a number, and follows only from the end of a snapshot on', async () => {
  let rest: (() => void) | undefined;
  const answer: Answer = (_request, response) => {
    response.write(event('begin', {}) + event('entry', listed('45.1.2.3')));
    rest = () => response.write(`id: x\n${event('end', {})}id: 1e999\n${event('unheard', {})}`);
  };
  await using node = await Node.open([answer]);
  await node.until('entry 45.1.2.3');
  assert.equal(node.stream.failure, 'not connected yet');
  rest?.();
  await node.until('end');
  assert.deepEqual([node.stream.serial, node.stream.failure], ['', undefined]);
});

test('ListingStream goes on after an id that it could not send back as a header', async () => {
  const asked: unknown[] = [];
  const odd: Answer = (_request, response) => {
    // White space around a number, which no header may have: the snapshot could never be asked for again.
    const ids = ['\u20288', ' 8', '08', '8e0', ''].map((id) => `id: ${id}\n${event('serial', {})}`);
    response.write(event('begin', {}) + event('end', {}) + ids.join(''), () => response.destroy());
  };
  const next: Answer = (request, response) => {
    asked.push(request.headers['last-event-id']);
    sends(
      event('begin', {}),
      event('entry', listed('45.1.2.3')),
      event('end', {}, 7),
    )(request, response);
  };
  await using node = await Node.open([odd, next]);
  await node.until('entry 45.1.2.3');
  assert.deepEqual(asked, [undefined]);
});

test('ListingStream reads events wherever they are cut, and signs of life between them', async () => {
  const text = `: still here\n\n${event('begin', {})}${event('entry', listed('45.1.2.3'))}${event('end', {}, 7)}`;
  const answer: Answer = (_request, response) => {
    const parts = Array.from(text);
    const next = (): void => {
      const part = parts.shift();
      if (part !== undefined) response.write(part, next);
    };
    next();
  };
  await using node = await Node.open([answer]);
  await node.until('end');
  assert.deepEqual(node.told, ['begin', 'entry 45.1.2.3', 'end']);
});

test('ListingStream ends a connection on which an event has no end', async () => {
  const long: Answer = (_request, response) => {
    response.write(`data: ${'x'.repeat(EVENT_CHARACTERS_MAX)}`);
  };
  await using node = await Node.open([long]);
  await failing(node, /^an event has no end$/);
});

for (const [status, why] of [
  [
    401,
    /^the node wants a key that may read \(401\): sentrypeer keys add there, --firewall-key here$/,
  ],
  [404, /^the node answers 404$/],
  [503, /^the node answers 503$/],
] as const) {
  test(`ListingStream says what it means that the node answers ${status}`, async () => {
    await using node = await Node.open([(_request, response) => response.writeHead(status).end()]);
    await failing(node, why);
  });
}

test('ListingStream says that the node ended the stream, and that nobody answers', async () => {
  await using node = await Node.open([(_request, response) => response.end(event('begin', {}))]);
  await failing(node, /^the node ended the stream$/);
  await using gone = await Node.open([(_request, response) => response.destroy()]);
  await failing(gone, /socket|closed/);
});
