// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import {
  ConnectionQuota,
  ensureCertificate,
  StreamListener,
  type Frame,
  type Framer,
  type StreamConnection,
  type StreamEvidence,
  type StreamOptions,
} from '@sentrypeer/net';
import { Arrivals, within } from './arrivals.ts';
import { LineFramer } from './line-framer.ts';

/** Of all listeners of a test, and of one source. */
export const CONNECTIONS = { max: 2000, perSourceMax: 100 };

/** A frame with its octets as text, since those are borrowed. */
export interface Framed {
  readonly frame: Frame;
  readonly text: string;
  readonly connection: StreamConnection;
}

/** Evidence with its octets as text. */
export interface Told extends Omit<StreamEvidence, 'octets'> {
  readonly text: string;
}

const folder = await mkdtemp(join(tmpdir(), 'tls-'));
/** One certificate for all tests. */
export const CERTIFICATE = await ensureCertificate({
  certPath: join(folder, 'cert.pem'),
  keyPath: join(folder, 'key.pem'),
});
await rm(folder, { recursive: true });

/** A listener of lines that answers `re:` and the line. */
export async function listen(
  options: Partial<StreamOptions>,
  admits: (address: string) => boolean = () => true,
  connections: ConstructorParameters<typeof ConnectionQuota>[0] = CONNECTIONS,
  newFramer: () => Framer = () => new LineFramer(),
) {
  const frames = new Arrivals<Framed>();
  const evidence = new Arrivals<Told>();
  const quota = new ConnectionQuota(connections);
  const listener = await StreamListener.open(
    {
      admits,
      quota,
      onEvidence: ({ octets, ...rest }) =>
        evidence.push({ ...rest, text: Buffer.from(octets).toString('latin1') }),
    },
    {
      host: '127.0.0.1',
      port: 0,
      reusePort: false,
      ...options,
      limits: { closePauseMs: 20, ...options.limits },
    },
    newFramer,
    (frame, connection) => {
      const text = 'octets' in frame ? Buffer.from(frame.octets).toString('latin1') : '';
      frames.push({ frame, text, connection });
      connection.send(Buffer.from(frame.kind === 'ping' ? 'PONG\n' : `re:${text}\n`));
    },
  );
  return { frames, evidence, listener, quota, [Symbol.asyncDispose]: () => listener.close() };
}

/** A client whose received text and end can be awaited. */
export class StreamPeer {
  readonly socket: Socket;
  readonly #connected: Promise<void>;
  #text = '';
  #onText: () => void = () => undefined;
  #ended = false;

  private constructor(socket: Socket, connectedEvent: string) {
    this.socket = socket;
    this.#connected = new Promise((resolve, reject) => {
      socket.once(connectedEvent, () => resolve());
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    socket.on('data', (octets) => {
      this.#text += octets.toString('latin1');
      this.#onText();
    });
    for (const event of ['end', 'close'])
      socket.once(event, () => {
        this.#ended = true;
        this.#onText();
      });
  }

  static async tcp(to: StreamListener, localAddress?: string): Promise<StreamPeer> {
    const { address: host, port } = to.local;
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connectTcp({ host, port, allowHalfOpen: true, ...from });
    const peer = new StreamPeer(socket, 'connect');
    await within(peer.#connected);
    return peer;
  }

  /** Does not wait for a connection, which may be reset immediately. */
  static tcpUnsure(to: StreamListener, localAddress: string): StreamPeer {
    const { address: host, port } = to.local;
    const peer = new StreamPeer(connectTcp({ host, port, localAddress }), 'connect');
    peer.#connected.catch(() => undefined);
    return peer;
  }

  static async tls(
    to: StreamListener,
    options: ConnectionOptions & { readonly localAddress?: string } = {},
  ): Promise<StreamPeer> {
    const { address: host, port } = to.local;
    const socket = connectTls({ host, port, rejectUnauthorized: false, ...options });
    const peer = new StreamPeer(socket, 'secureConnect');
    await within(peer.#connected);
    return peer;
  }

  /** Resolves with all text so far, once it ends with `end`. */
  async heard(end: string): Promise<string> {
    await this.#until(() => this.#text.endsWith(end));
    return this.#text;
  }

  /** Resolves with all text when the other side has ended or reset the connection. */
  async ended(): Promise<string> {
    await this.#until(() => this.#ended);
    return this.#text;
  }

  #until(condition: () => boolean): Promise<void> {
    return within(
      new Promise((resolve) => {
        this.#onText = () => {
          if (condition()) resolve();
        };
        this.#onText();
      }),
    );
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
