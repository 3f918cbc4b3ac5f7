// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { RecordedEvent } from '@sentrypeer/event';
import { syslogError, taken, type SyslogChannel } from './syslog-channel.ts';
import { formatSyslogMessage, type SyslogOrigin } from './syslog-message.ts';

/**
 * Syslog over UDP, RFC 5426: one message per datagram. There is no receipt; a refused port is noticed, a lost datagram
 * is not.
 */
export class UdpChannel implements SyslogChannel {
  readonly #socket: Socket;
  readonly #origin: SyslogOrigin;
  readonly #name: string;
  #broken: Error | undefined;
  #open = true;

  private constructor(socket: Socket, name: string, origin: SyslogOrigin) {
    this.#socket = socket;
    this.#origin = origin;
    this.#name = name;
    socket.on(
      'error',
      (error) => (this.#broken ??= syslogError(`${name}: ${error.message}`, error)),
    );
  }

  static async open(host: string, port: number, origin: SyslogOrigin): Promise<UdpChannel> {
    const name = `syslog server ${host} port ${port}`;
    const failed = (error: Error): never => {
      throw syslogError(`${name}: ${error.message}`, error);
    };
    const { address, family } = await lookup(host).catch(failed);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const channel = new UdpChannel(socket, name, origin);
    socket.connect(port, address); // Connected, so that the kernel reports a refusal.
    try {
      await once(socket, 'connect');
      return channel;
    } catch (error) {
      channel.destroy();
      throw channel.#broken ?? error;
    }
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) {
      if (this.#broken !== undefined) throw this.#broken;
      const message = formatSyslogMessage(event, this.#origin);
      await taken((done) => this.#socket.send(message, done), this.#name);
    }
  }

  async finish(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    this.destroy();
  }

  destroy(): void {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }
}
