// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RecordedEvent } from '@sentrypeer/event';
import { settlesWithin } from '@sentrypeer/follow';
import { SYSLOG_CONNECT_MS_MAX, SYSLOG_RECEIPT_MS_MAX } from './limits.ts';
import { syslogError, taken, type SyslogChannel } from './syslog-channel.ts';
import { formatSyslogMessage, type SyslogOrigin } from './syslog-message.ts';

const encoder = new TextEncoder();

/**
 * Syslog over TCP with octet counting, RFC 6587 §3.4.1. That RFC defines no answer, so the receipt is the server
 * closing the connection after we did: it happens when everything before it was read.
 */
export class TcpChannel implements SyslogChannel {
  readonly #socket: Socket;
  readonly #origin: SyslogOrigin;
  readonly #name: string;
  readonly #closed: Promise<void>;
  #broken: Error | undefined;
  #finishing = false;

  private constructor(socket: Socket, name: string, origin: SyslogOrigin) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket = socket;
    this.#origin = origin;
    this.#name = name;
    this.#closed = promise;
    socket.on(
      'error',
      (error) => (this.#broken ??= syslogError(`${name}: ${error.message}`, error)),
    );
    socket.on('end', () => {
      if (!this.#finishing) this.#broken ??= syslogError(`${name} closed the connection`);
    });
    socket.on('close', () => resolve());
    socket.resume(); // What the server sends is ignored, but it must be read to see the end of the connection.
  }

  static async open(host: string, port: number, origin: SyslogOrigin): Promise<TcpChannel> {
    const name = `syslog server ${host} port ${port}`;
    const socket = connect({ host, port, keepAlive: true });
    const channel = new TcpChannel(socket, name, origin);
    try {
      if (await settlesWithin(once(socket, 'connect'), SYSLOG_CONNECT_MS_MAX)) return channel;
      throw syslogError(`${name} does not answer`);
    } catch (error) {
      channel.destroy();
      throw channel.#broken ?? error;
    }
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    let frames = '';
    for (const event of events) {
      const message = formatSyslogMessage(event, this.#origin);
      frames += `${encoder.encode(message).length} ${message}`;
    }
    await taken((done) => this.#socket.write(frames, done), this.#name);
  }

  async finish(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    this.#finishing = true;
    this.#socket.end();
    // As far as can be known, a server that keeps its end open has received everything.
    await settlesWithin(this.#closed, SYSLOG_RECEIPT_MS_MAX);
    if (this.#broken !== undefined) throw this.#broken;
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
