// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Clients of the daemon in these tests, over real sockets of the loopback interface. */

import assert from 'node:assert/strict';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { DEADLINE_MS, until, type DaemonProcess } from './daemon-process.ts';

/** The parts of a request that tests vary. */
export interface RequestParts {
  readonly method?: string;
  readonly user?: string;
  readonly from?: string;
  readonly fromTag?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly branch?: string;
  readonly cseq?: string;
  readonly userAgent?: string;
  /** Whole lines without their end. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** A complete request, with every header that an answer requires (docs/architecture.md, Never a weapon). */
export function sipRequest(parts: RequestParts = {}): string {
  const { method = 'OPTIONS', user = '100', from = user, fromTag = 'f00d', body = '' } = parts;
  const { callId = 'call-1', branch = 'z9hG4bK-1', userAgent = 'e2e' } = parts;
  return [
    `${method} sip:${user}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.7:5060;branch=${branch};rport`,
    'Max-Forwards: 70',
    `To: ${parts.to ?? `<sip:${user}@127.0.0.1>`}`,
    `From: "e2e" <sip:${from}@127.0.0.1>;tag=${fromTag}`,
    `User-Agent: ${userAgent}`,
    `Call-ID: ${callId}`,
    `Contact: <sip:${from}@192.0.2.7:5060>`,
    `CSeq: ${parts.cseq ?? `1 ${method}`}`,
    ...(parts.lines ?? []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** A UDP socket that keeps what it receives. */
export class UdpPeer implements Disposable {
  readonly received: string[] = [];
  /** Source address and port of each datagram. */
  readonly senders: string[] = [];
  receivedOctets = 0;
  sentOctets = 0;
  sentCount = 0;
  readonly #socket: DatagramSocket;

  private constructor(socket: DatagramSocket) {
    this.#socket = socket;
    socket.on('message', (octets, { address, port }) => {
      this.received.push(octets.toString('latin1'));
      this.senders.push(`${address}:${port}`);
      this.receivedOctets += octets.length;
    });
  }

  static async open(address = '127.0.0.1'): Promise<UdpPeer> {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    return new UdpPeer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when the kernel has it. */
  send(message: string | Uint8Array, port: number, address = '127.0.0.1'): Promise<void> {
    const octets = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
    this.sentOctets += octets.length;
    this.sentCount += 1;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.send(octets, port, address, (error) => (error ? reject(error) : resolve()));
    return promise;
  }

  /** The first datagram received that begins like this. */
  async heard(beginning: string): Promise<string> {
    await until(`${beginning} over UDP`, () =>
      this.received.some((text) => text.startsWith(beginning)),
    );
    return this.received.find((text) => text.startsWith(beginning)) ?? '';
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A TCP connection, or another stream, that keeps what it receives. */
export class StreamPeer implements Disposable {
  received = '';
  ended = false;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('data', (text: string) => (this.received += text));
    socket.on('close', () => (this.ended = true));
    socket.on('error', () => (this.ended = true)); // Closed by the daemon; `ended` says so.
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<StreamPeer> {
    const socket = createConnection({ port, host: '127.0.0.1', localAddress });
    await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
    return new StreamPeer(socket);
  }

  /** Resolves when the kernel has it. */
  send(message: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(message, 'latin1', (error) => (error ? reject(error) : resolve()));
    return promise;
  }

  /** Nothing more is sent. */
  end(): void {
    this.#socket.end();
  }

  async heard(part: string): Promise<void> {
    await until(`${part} over a stream, not ${this.received}`, () => this.received.includes(part));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Sends an OPTIONS and waits for the answer: the honeypot is alive and answers. */
export async function assertAnswers(daemon: DaemonProcess): Promise<void> {
  using peer = await UdpPeer.open();
  await peer.send(sipRequest({ callId: `alive-${peer.port}` }), daemon.ports.udp);
  await peer.heard('SIP/2.0 ');
  assert.ok(!daemon.hasEnded, daemon.output());
}

/** Whether the daemon has read all that came on the connection: nothing of it waits in the kernel. */
export function isRead({ localPort }: Socket, port: number): boolean {
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
  const ends = `:${hex(port)} \\S+:${hex(localPort ?? 0)} \\S+ [0-9A-F]{8}:(?<waiting>[0-9A-F]{8}) `;
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'latin1'));
  return new RegExp(ends).exec(tables.join('\n'))?.groups?.['waiting'] === '00000000';
}
