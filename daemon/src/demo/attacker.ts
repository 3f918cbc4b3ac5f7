// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { latin1Octets } from '@sentrypeer/bytes';
import { computeDigestResponse, parseDigestParams, parseMessage } from '@sentrypeer/sip';
import { DEMO_ANSWER_MS_MAX } from '../limits.ts';
import type { Stage } from './stage.ts';

/** What differs between the requests of the demo. */
interface Request {
  readonly method: 'OPTIONS' | 'REGISTER' | 'INVITE';
  /** The user that it is addressed to. */
  readonly user: string;
  readonly userAgent: string;
  /** Whole lines without their line ends. */
  readonly lines?: readonly string[];
}

/** A loopback socket that plays an attacker somewhere else. */
abstract class Attacker implements Disposable {
  readonly address: string;
  #sentCount = 0;

  protected constructor(address: string) {
    this.address = address;
  }

  abstract [Symbol.dispose](): void;
  protected abstract send(text: string): Promise<string | undefined>;
  protected abstract readonly transport: 'UDP' | 'TCP';

  /** Sends a request. @returns The answer; `undefined` if none came in time. */
  async ask({ method, user, userAgent, lines = [] }: Request): Promise<string | undefined> {
    this.#sentCount += 1;
    const id = `${this.#sentCount}-${this.address}`;
    const uri = `sip:${user}@127.0.0.1`;
    return this.send(
      [
        `${method} ${uri} SIP/2.0`,
        `Via: SIP/2.0/${this.transport} ${this.address}:5060;branch=z9hG4bK${id};rport`,
        'Max-Forwards: 70',
        `To: <${uri}>`,
        `From: <sip:100@${this.address}>;tag=${this.#sentCount}`,
        `Call-ID: ${id}`,
        `CSeq: ${this.#sentCount} ${method}`,
        `Contact: <sip:100@${this.address}:5060>`,
        `User-Agent: ${userAgent}`,
        'Accept: application/sdp',
        'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO',
        'Allow-Events: presence, message-summary, refer',
        'Supported: replaces, timer',
        ...lines,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
  }

  /**
   * Registers as scanners do: tries one extension after the other until one is challenged, then answers the challenge
   * with a password from a list.
   *
   * @returns Number of requests sent.
   */
  async tryPassword(
    extensions: readonly string[],
    password: string,
    userAgent: string,
  ): Promise<number> {
    for (const [index, user] of extensions.entries()) {
      const request = { method: 'REGISTER', user, userAgent } as const;
      const reply = await this.ask(request);
      const challenge = reply === undefined ? undefined : challengeOf(reply);
      if (challenge === undefined) continue;
      const { realm = '', nonce = '', algorithm } = challenge;
      const uri = `sip:${user}@127.0.0.1`;
      const response = computeDigestResponse({
        rule: 'rfc2069',
        algorithm,
        username: user,
        realm,
        password,
        method: 'REGISTER',
        uri,
        nonce,
      });
      const fields = `username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`;
      await this.ask({ ...request, lines: [`Authorization: Digest ${fields}`] });
      return index + 2;
    }
    return extensions.length;
  }
}

/** Sends datagrams. */
export class UdpAttacker extends Attacker {
  protected readonly transport = 'UDP';
  readonly #socket: DatagramSocket;
  readonly #to: number;

  private constructor(socket: DatagramSocket, address: string, to: number) {
    super(address);
    this.#socket = socket;
    this.#to = to;
  }

  static async open(stage: Stage, address: string, to: number): Promise<UdpAttacker> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    stage.cast(socket.address().port, address);
    return new UdpAttacker(socket, address, to);
  }

  protected async send(text: string): Promise<string | undefined> {
    const reply = once(this.#socket, 'message');
    this.#socket.send(latin1Octets(text), this.#to, '127.0.0.1');
    return inTime(reply);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Calls over a connection. */
export class TcpAttacker extends Attacker {
  protected readonly transport = 'TCP';
  readonly #socket: Socket;

  private constructor(socket: Socket, address: string) {
    super(address);
    this.#socket = socket;
    socket.on('error', () => undefined); // The demo may end in the middle of it.
  }

  static async open(stage: Stage, address: string, to: number): Promise<TcpAttacker> {
    const socket = connect(to, '127.0.0.1');
    await once(socket, 'connect');
    stage.cast(socket.localPort ?? 0, address);
    return new TcpAttacker(socket, address);
  }

  protected async send(text: string): Promise<string | undefined> {
    const reply = once(this.#socket, 'data');
    this.#socket.write(text);
    return inTime(reply);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

async function inTime(reply: Promise<unknown[]>): Promise<string | undefined> {
  const late = wait(DEMO_ANSWER_MS_MAX, [], { ref: false });
  const [octets] = await Promise.race([reply, late]);
  reply.catch(() => undefined);
  return octets instanceof Uint8Array ? String.fromCharCode(...octets) : undefined;
}

function challengeOf(reply: string): ReturnType<typeof parseDigestParams> | undefined {
  const { headers } = parseMessage(latin1Octets(reply));
  const field = headers.find(({ id }) => id === 'www-authenticate');
  return field === undefined ? undefined : parseDigestParams(field.value);
}
