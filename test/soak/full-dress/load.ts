// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Attackers: requests at a steady rate over UDP, TCP and TLS, and real scanners from time to time. */

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { runTool } from '../../interop/tool.ts';
import type { Chance } from './chance.ts';
import { ATTACKER_NET, HONEYPOT } from './world.ts';

const SOURCES_COUNT = 200;
const TICK_MS = 20;
/** Of a hundred requests, this many come over TCP, and this many over TLS. */
const TCP_PERCENT = 25;
const TLS_PERCENT = 15;
const STREAM_ENDS_MS = 3_000;

export interface Ports {
  readonly sip: number;
  readonly tls: number;
}

/** Sends requests until it is disposed of. What is not accepted, because the daemon is down, is lost, as in reality. */
export class Load implements Disposable {
  sentCount = 0;
  readonly #chance: Chance;
  readonly #ports: Ports;
  readonly #sockets: DatagramSocket[] = [];
  readonly #streams = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #owed = 0;

  constructor(chance: Chance, ports: Ports, perSecond: number) {
    this.#chance = chance;
    this.#ports = ports;
    for (let index = 1; index <= SOURCES_COUNT; index += 1) {
      const socket = createSocket('udp4').bind(0, `${ATTACKER_NET}.${index}`);
      socket.on('error', () => undefined); // The port is closed while the daemon is down.
      socket.on('message', () => undefined);
      this.#sockets.push(socket);
    }
    this.#timer = setInterval(() => this.#tick((perSecond * TICK_MS) / 1000), TICK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.close();
    for (const stream of this.#streams) stream.destroy();
  }

  #tick(due: number): void {
    this.#owed += due;
    for (; this.#owed >= 1; this.#owed -= 1) this.#send();
  }

  #send(): void {
    const index = this.#chance.below(SOURCES_COUNT);
    const kind = this.#chance.below(100);
    this.sentCount += 1;
    if (kind < TCP_PERCENT) {
      const localAddress = `${ATTACKER_NET}.${index + 1}`;
      this.#stream(connectTcp({ host: HONEYPOT, port: this.#ports.sip, localAddress }), 'TCP');
    } else if (kind < TCP_PERCENT + TLS_PERCENT) {
      // The local address cannot be chosen over TLS in one call, so the TCP connection comes first.
      const localAddress = `${ATTACKER_NET}.${index + 1}`;
      const socket = connectTcp({ host: HONEYPOT, port: this.#ports.tls, localAddress });
      socket.on('error', () => undefined);
      this.#stream(connectTls({ socket, rejectUnauthorized: false }), 'TLS');
    } else {
      this.#sockets[index]?.send(this.#request('UDP'), this.#ports.sip, HONEYPOT);
    }
  }

  #stream(stream: Socket, transport: string): void {
    this.#streams.add(stream);
    stream.on('error', () => undefined);
    stream.on('close', () => this.#streams.delete(stream));
    stream.resume();
    stream.setTimeout(STREAM_ENDS_MS, () => stream.destroy());
    stream.end(this.#request(transport), 'latin1');
  }

  #request(transport: string): string {
    const chance = this.#chance;
    const method = chance.of(['INVITE', 'INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE']);
    const number = chance.of(['00', '900', '011', '+']) + chance.of(['442071', '4670174', '48223']);
    const user =
      method === 'INVITE' ? `${number}${1000 + chance.below(3000)}` : 100 + chance.below(900);
    const unique = `${this.sentCount}-${chance.below(0x7fff_ffff)}`;
    return [
      `${method} sip:${user}@${HONEYPOT} SIP/2.0`,
      `Via: SIP/2.0/${transport} ${HONEYPOT};branch=z9hG4bK-${unique};rport`,
      `From: <sip:100@${HONEYPOT}>;tag=${unique}`,
      `To: <sip:${user}@${HONEYPOT}>`,
      `Call-ID: ${unique}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
      `User-Agent: ${chance.of(['friendly-scanner', 'VaxSIPUserAgent/3.1', 'Zoiper', 'PolycomVVX'])}`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }
}

/** One run of a real scanner, whatever it finds. */
export async function scan(chance: Chance, ports: Ports, folder: string): Promise<string> {
  const port = String(ports.sip);
  const first = 100 + chance.below(500);
  const [program, ...args] = chance.of<readonly string[]>([
    ['svmap', '-p', port, HONEYPOT],
    ['svwar', '-p', port, `-e${first}-${first + 60}`, HONEYPOT],
    ['svcrack', '-p', port, '-u', String(first), '-r1000-1060', HONEYPOT],
    ['sipsak', '-v', '-s', `sip:${first}@${HONEYPOT}:${port}`],
    [
      'sipp',
      `${HONEYPOT}:${port}`,
      '-sn',
      'uac',
      '-m',
      '10',
      '-r',
      '10',
      '-nostdin',
      '-timeout',
      '10s',
    ],
    ['nmap', '-Pn', '-n', '-sT', '-sV', '-p', port, HONEYPOT],
  ]);
  if (program === undefined) throw new Error('no scanner');
  try {
    await runTool(program, args, { folder });
  } catch {
    // It did not end while the daemon was down.
  }
  return program;
}

/** Connections that say nothing, until they are disposed of. */
export function idleConnections(count: number, ports: Ports): Disposable {
  const sockets = Array.from({ length: count }, (_, index) => {
    const localAddress = `${ATTACKER_NET}.${1 + (index % SOURCES_COUNT)}`;
    const port = index % 2 === 0 ? ports.sip : ports.tls;
    const socket = connectTcp({ host: HONEYPOT, port, localAddress });
    return socket.on('error', () => undefined);
  });
  return {
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
