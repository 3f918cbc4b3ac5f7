// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:net';
import type { Endpoint } from '@sentrypeer/ip';
import type { ClientHello } from './client-hello.ts';
import type { Frame, Framer } from './framer.ts';

/** Limits of one connection; times in milliseconds. */
export interface ConnectionLimits {
  readonly messageMsMax: number;
  readonly idleMsMax: number;
  readonly connectionMsMax: number;
  readonly sendQueueOctetsMax: number;
  /** Between the decision to close and our end. */
  readonly closePauseMs: number;
  /** For the peer's end after ours. */
  readonly closeGraceMs: number;
}

export type StreamTransport = 'TCP' | 'TLS';

/** Both ends of a connection, and what is known of it before its first message. */
export interface StreamPath {
  readonly transport: StreamTransport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  /** What the client said about itself when TLS began; `undefined` over TCP, and if it cannot be read. */
  readonly hello?: ClientHello | undefined;
  /** A client that speaks without TLS to the port of TLS: it is read, and gets no answer. @default false */
  readonly isPlainOnTls?: boolean;
}

/** Callbacks of a connection to its owner. */
export interface ConnectionEvents {
  onFrame(frame: Frame, connection: StreamConnection): void;
  /** The octets that wait for the rest of a message changed by this many. @returns Whether they may stay. */
  onWaiting(octets: number): boolean;
  /** Too much waited for a peer that does not read; the connection is destroyed. */
  onSendOverflow(): void;
  /** Once, when the connection is gone. */
  onGone(outcome: { readonly messagesCount: number }): void;
}

/**
 * One open connection: frames in, octets out, and it always ends. It never throws because of what the peer or the
 * network does; a reset ends it like anything else.
 */
export class StreamConnection implements StreamPath {
  readonly transport: StreamTransport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly hello: ClientHello | undefined;
  readonly isPlainOnTls: boolean;
  readonly #socket: Socket;
  readonly #framer: Framer;
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  readonly #lifeTimer: NodeJS.Timeout;
  /** Times the silence before a message, the rest of a started one, or the steps of closing. */
  #timer: NodeJS.Timeout;
  #midMessage = false;
  #reading = true;
  #messagesCount = 0;
  #waitingOctets = 0;

  constructor(
    socket: Socket,
    path: StreamPath,
    framer: Framer,
    limits: ConnectionLimits,
    events: ConnectionEvents,
  ) {
    this.transport = path.transport;
    this.source = path.source;
    this.local = path.local;
    this.hello = path.hello;
    this.isPlainOnTls = path.isPlainOnTls === true;
    this.#socket = socket;
    this.#framer = framer;
    this.#limits = limits;
    this.#events = events;
    this.#timer = setTimeout(this.#onDeadline, limits.idleMsMax);
    this.#lifeTimer = setTimeout(this.#onDeadline, limits.connectionMsMax);
    socket.on('data', (octets: Uint8Array) => this.#onData(octets));
    socket.on('end', () => this.#endReading());
    socket.on('error', () => undefined); // 'close' follows, and says all that matters.
    socket.once('close', () => this.#onClose());
    // TLS servers end such a connection at once; what the client has yet to say is read all the same.
    if (this.isPlainOnTls) socket.end();
  }

  /**
   * Queues octets for the peer; on a connection that is gone, does nothing.
   *
   * @param octets The connection's from now on; the caller leaves them unchanged.
   */
  send(octets: Uint8Array): void {
    this.#write(this.#framer.wrap?.(octets) ?? octets);
  }

  /** Whether messages come in a WebSocket. */
  get isWebSocket(): boolean {
    return this.#framer.isWebSocket === true;
  }

  /** Whether a web page's script may have had its visitor send what comes. */
  get isFromPage(): boolean {
    return this.#framer.isFromPage === true;
  }

  #write(octets: Uint8Array): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (socket.writableLength + octets.length > this.#limits.sendQueueOctetsMax) {
      this.#events.onSendOverflow();
      socket.destroy();
      return;
    }
    socket.write(octets);
  }

  /**
   * Reads no further message, waits a moment for what is still to be sent, then ends the connection. What the peer
   * sends meanwhile is read and discarded: unread octets would turn our end into a reset, and a reset would lose the
   * last answer.
   *
   * @param pauseMs Milliseconds to wait. @default the limits' `closePauseMs`
   */
  closeSoon(pauseMs = this.#limits.closePauseMs): void {
    if (!this.#reading) return;
    this.#reading = false;
    const { closeGraceMs } = this.#limits;
    this.#arm(pauseMs, () => {
      const { farewell } = this.#framer;
      if (farewell !== undefined) this.#write(farewell);
      this.#socket.end();
      this.#arm(closeGraceMs, () => this.#socket.destroy());
    });
  }

  /** Ends the connection at once; resolves when it is gone and everything read has been handed on. */
  destroy(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.destroy();
    return gone;
  }

  #onData(octets: Uint8Array): void {
    if (!this.#reading) return;
    let framed = false;
    for (const frame of this.#framer.push(octets)) {
      framed ||= frame.kind !== 'control';
      this.#tell(frame);
      if (isLast(frame)) return;
    }
    if (!this.#reading) {
      this.#tellRest(); // Its owner closes it, and what had come by then is still read.
      return;
    }
    if (!this.#noteWaiting()) {
      this.#endReading();
      return;
    }
    const { midMessage } = this.#framer;
    // A started message keeps its first deadline, however often its sender adds an octet or asks for a sign of life.
    if (midMessage && this.#midMessage && !framed) return;
    this.#midMessage = midMessage;
    this.#arm(midMessage ? this.#limits.messageMsMax : this.#limits.idleMsMax, this.#onDeadline);
  }

  /** Reports how much of a started message is kept. @returns Whether it may be kept. */
  #noteWaiting(): boolean {
    const { waitingOctets } = this.#framer;
    const more = waitingOctets - this.#waitingOctets;
    this.#waitingOctets = waitingOctets;
    return more === 0 || this.#events.onWaiting(more) || more < 0;
  }

  #tell(frame: Frame): void {
    if (frame.kind === 'control') {
      if (frame.reply !== undefined) this.#write(frame.reply);
      if (frame.close) this.closeSoon();
      return;
    }
    if (frame.kind !== 'ping') this.#messagesCount += 1;
    this.#events.onFrame(frame, this);
    if (frame.kind === 'upgrade') this.#write(frame.reply);
    if (isLast(frame)) this.closeSoon();
  }

  readonly #onDeadline = (): void => this.#endReading();

  /** No more will come, or we no longer wait: hands on what was read of a message, then closes. */
  #endReading(): void {
    if (!this.#reading) return;
    this.#tellRest();
    this.closeSoon();
  }

  #tellRest(): void {
    for (const frame of this.#framer.flush()) this.#tell(frame);
    this.#noteWaiting();
  }

  #onClose(): void {
    this.#endReading();
    if (this.#waitingOctets > 0) this.#events.onWaiting(-this.#waitingOctets);
    this.#waitingOctets = 0;
    clearTimeout(this.#timer);
    clearTimeout(this.#lifeTimer);
    this.#events.onGone({ messagesCount: this.#messagesCount });
  }

  #arm(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}

/** Whether nothing more can be read after it. */
function isLast(frame: Frame): boolean {
  if (frame.kind === 'message' || frame.kind === 'control') return frame.close;
  return frame.kind === 'refused';
}
