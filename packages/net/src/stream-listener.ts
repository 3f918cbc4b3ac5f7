// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { endpointOf, type Endpoint } from '@sentrypeer/ip';
import { bindFailure } from './bind-failure.ts';
import { listenTcp } from './bind.ts';
import type { ConnectionLimit, ConnectionQuota, Place } from './connection-quota.ts';
import type { Frame, Framer } from './framer.ts';
import {
  CLOSE_GRACE_MS,
  CLOSE_PAUSE_MS,
  CONNECTION_MS_MAX,
  HANDSHAKE_MS_MAX,
  IDLE_MS_MAX,
  LISTEN_BACKLOG,
  MESSAGE_MS_MAX,
  STREAM_SEND_QUEUE_OCTETS_MAX,
} from './limits.ts';
import type { ClientHello } from './client-hello.ts';
import { StreamConnection, type ConnectionLimits, type StreamPath } from './stream-connection.ts';
import { TlsAcceptor, type TlsFailure, type TlsOptions } from './tls-acceptor.ts';

export interface StreamLimits extends ConnectionLimits {
  readonly handshakeMsMax: number;
}

const LIMITS: StreamLimits = {
  handshakeMsMax: HANDSHAKE_MS_MAX,
  messageMsMax: MESSAGE_MS_MAX,
  idleMsMax: IDLE_MS_MAX,
  connectionMsMax: CONNECTION_MS_MAX,
  sendQueueOctetsMax: STREAM_SEND_QUEUE_OCTETS_MAX,
  closePauseMs: CLOSE_PAUSE_MS,
  closeGraceMs: CLOSE_GRACE_MS,
};

export interface StreamOptions {
  /** An address of this machine; `0.0.0.0` for all of IPv4, `::` for all of IPv6 only. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Share the port with listeners in other threads; see `assertPortFree`. */
  readonly reusePort: boolean;
  /** With it the listener speaks TLS, otherwise plain TCP. */
  readonly tls?: TlsOptions;
  /** Values that differ from `limits.ts`. */
  readonly limits?: Partial<StreamLimits>;
}

/** A contact that brought no message but is still evidence. */
export interface StreamEvidence extends StreamPath {
  /**
   * `connections_source`: refused over that limit. `connections_all`: closed without a message, to make room. `no_message`:
   * the connection ended without one. `tls_expected`: so did one without TLS on the port of TLS, after line ends.
   */
  readonly code: ConnectionLimit | 'tls_expected' | TlsFailure;
  /** The first octets that came, borrowed; often none. */
  readonly octets: Uint8Array;
}

/** Totals since the start, except `openCount`, which is the current number. */
export interface StreamCounts {
  readonly openCount: number;
  readonly acceptedCount: number;
  readonly refusedSourceCount: number;
  /** Connections from addresses that may not connect. */
  readonly refusedStrangersCount: number;
  readonly handshakesFailedCount: number;
  /** Connections destroyed because the peer did not read what we sent. */
  readonly sendOverflowsCount: number;
  /** `accept` failed (no open file left), or the peer was gone before its address could be read. */
  readonly acceptFailedCount: number;
}

export interface StreamPorts {
  /** Takes every contact that brought no message. */
  readonly onEvidence: (evidence: StreamEvidence) => void;
  /** Counts the connections of all listeners that share it. */
  readonly quota: ConnectionQuota;
  /** Whether an address may connect at all; others are cut off at once and not recorded. @default all may */
  readonly admits?: (address: string) => boolean;
}

/** What became of a connection that has a place. */
interface Accepted {
  /** Its place was given to another one. */
  isOusted: boolean;
  connection: StreamConnection | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** TCP or TLS on one address and port. */
export class StreamListener implements AsyncDisposable {
  readonly #server: Server;
  readonly #limits: StreamLimits;
  readonly #quota: ConnectionQuota;
  readonly #tls: TlsAcceptor | undefined;
  readonly #newFramer: () => Framer;
  readonly #onFrame: (frame: Frame, connection: StreamConnection) => void;
  readonly #ports: StreamPorts;
  /** Everything accepted and not closed; below TLS, the TCP connection. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<StreamConnection>();
  readonly #counts: Mutable<Omit<StreamCounts, 'openCount'>> = {
    acceptedCount: 0,
    refusedSourceCount: 0,
    refusedStrangersCount: 0,
    handshakesFailedCount: 0,
    sendOverflowsCount: 0,
    acceptFailedCount: 0,
  };
  #closing: Promise<void> | undefined;

  private constructor(
    ports: StreamPorts,
    options: StreamOptions,
    newFramer: () => Framer,
    onFrame: (frame: Frame, connection: StreamConnection) => void,
  ) {
    this.#limits = { ...LIMITS, ...options.limits };
    this.#quota = ports.quota;
    this.#tls =
      options.tls === undefined
        ? undefined
        : new TlsAcceptor(options.tls, this.#limits.handshakeMsMax);
    this.#newFramer = newFramer;
    this.#onFrame = onFrame;
    this.#ports = ports;
    // Half-open is allowed because a peer that has finished sending may still wait for our answers.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /**
   * Resolves when connections are accepted; throws `OperatingError` with nothing left open.
   *
   * @param onFrame Answers are sent on the connection that it is given. After a frame that closes, the
   *   connection closes itself.
   */
  static async open(
    ports: StreamPorts,
    options: StreamOptions,
    newFramer: () => Framer,
    onFrame: (frame: Frame, connection: StreamConnection) => void,
  ): Promise<StreamListener> {
    const { host, port, reusePort } = options;
    const listener = new StreamListener(ports, options, newFramer, onFrame);
    try {
      await listenTcp(listener.#server, { host, port, reusePort, backlog: LISTEN_BACKLOG });
    } catch (error) {
      throw await bindFailure(error, { transport: 'TCP', address: host, port });
    }
    // From now on the server's errors are single connections that could not be accepted.
    listener.#server.on('error', () => (listener.#counts.acceptFailedCount += 1));
    return listener;
  }

  get local(): Endpoint {
    const bound = this.#server.address();
    // A closed server no longer has an address.
    return bound === null || typeof bound === 'string'
      ? { address: '', port: 0 }
      : endpointOf(bound.address, bound.port);
  }

  counts(): StreamCounts {
    return { openCount: this.#sockets.size, ...this.#counts };
  }

  /** Destroys the remaining connections, after handing on what was read of them; resolves when all are gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    const told = [...this.#connections].map((connection) => connection.destroy());
    const gone = [...this.#sockets].map((socket) => {
      socket.destroy();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    await Promise.all([closed, ...told, ...gone]);
  }

  #accept(socket: Socket): void {
    const path = this.#pathOf(socket);
    if (path === undefined) {
      this.#counts.acceptFailedCount += 1;
      socket.destroy();
      return;
    }
    socket.on('error', () => undefined); // 'close' follows, and says all that matters.
    const { address } = path.source;
    if (this.#ports.admits?.(address) === false) {
      this.#counts.refusedStrangersCount += 1;
      socket.resetAndDestroy();
      return;
    }
    const accepted: Accepted = { isOusted: false, connection: undefined };
    const place = this.#quota.admit(address, () => {
      accepted.isOusted = true;
      void accepted.connection?.destroy();
      socket.destroy();
    });
    if (place === undefined) {
      socket.resetAndDestroy(); // Leaves nothing waiting in the kernel.
      this.#counts.refusedSourceCount += 1;
      this.#tellEvidence(path, 'connections_source');
      return;
    }
    this.#counts.acceptedCount += 1;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      place.release();
    });
    this.#begin(socket, path, place, accepted);
  }

  #begin(socket: Socket, path: StreamPath, place: Place, accepted: Accepted): void {
    if (this.#tls === undefined) {
      this.#connect(socket, path, place, accepted);
      return;
    }
    this.#tls.accept(socket, {
      onSecure: (secure, hello) => this.#connect(secure, withHello(path, hello), place, accepted),
      onPlain: (plain) => {
        this.#counts.handshakesFailedCount += 1;
        this.#connect(plain, { ...path, isPlainOnTls: true }, place, accepted);
      },
      onFailed: (failure, octets, hello) => {
        this.#counts.handshakesFailedCount += 1;
        const code = failure === 'no_message' && accepted.isOusted ? 'connections_all' : failure;
        this.#tellEvidence(withHello(path, hello), code, octets);
      },
    });
  }

  /** Both ends, or `undefined` if the peer has already gone. */
  #pathOf(socket: Socket): StreamPath | undefined {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) return undefined;
    return {
      transport: this.#tls === undefined ? 'TCP' : 'TLS',
      source: endpointOf(remoteAddress, remotePort),
      local: endpointOf(localAddress ?? '', localPort ?? 0),
    };
  }

  #connect(socket: Socket, path: StreamPath, place: Place, accepted: Accepted): void {
    const { isPlainOnTls = false } = path;
    const { handshakeMsMax } = this.#limits;
    const limits = isPlainOnTls
      ? { ...this.#limits, idleMsMax: handshakeMsMax, connectionMsMax: handshakeMsMax }
      : this.#limits;
    const connection = new StreamConnection(socket, path, this.#newFramer(), limits, {
      onFrame: (frame, to) => {
        if (frame.kind !== 'ping') place.keep();
        this.#onFrame(frame, to);
      },
      onWaiting: (octets) => this.#quota.keep(octets),
      onSendOverflow: () => (this.#counts.sendOverflowsCount += 1),
      onGone: ({ messagesCount }) => {
        this.#connections.delete(connection);
        const nothing = accepted.isOusted ? 'connections_all' : 'no_message';
        if (messagesCount === 0) this.#tellEvidence(path, isPlainOnTls ? 'tls_expected' : nothing);
      },
    });
    accepted.connection = connection;
    this.#connections.add(connection);
  }

  #tellEvidence(
    path: StreamPath,
    code: StreamEvidence['code'],
    octets: Uint8Array = new Uint8Array(0),
  ): void {
    this.#ports.onEvidence({ ...path, code, octets });
  }
}

function withHello(path: StreamPath, hello: ClientHello | undefined): StreamPath {
  return hello === undefined ? path : { ...path, hello };
}
