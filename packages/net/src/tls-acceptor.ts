// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { ClientHelloReader, type ClientHello } from './client-hello.ts';
import { CLIENT_HELLO_OCTETS_MAX, HANDSHAKE_OCTETS_KEPT_MAX } from './limits.ts';
import { OctetBuffer } from './octet-buffer.ts';

/** PEM text of the server's certificate and key. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /**
   * Also speak with very old scanners: TLS 1.0 and 1.1, with the ciphers and key sizes of their time.
   *
   * @default false
   */
  readonly oldVersions?: boolean;
}

/** Why there was no TLS: nothing came, or the handshake did not finish. */
export type TlsFailure = 'no_message' | 'tls_handshake_failed';

/** How one connection's handshake ends; exactly one of the three is called. */
export interface HandshakeEvents {
  onSecure(socket: TLSSocket, hello: ClientHello | undefined): void;
  /** Something other than TLS came; all of it can be read from the connection. */
  onPlain(socket: Socket): void;
  /** The connection is gone or is about to go. `octets` are the first that arrived. */
  onFailed(failure: TlsFailure, octets: Uint8Array, hello: ClientHello | undefined): void;
}

/** The first octet of a TLS record that holds a ClientHello (RFC 8446 §5.1: handshake, 22). */
const HANDSHAKE_RECORD = 0x16;
/** The first octet of the ClientHello that SSL 2 clients sent (RFC 5246 §E.2: a length with its top bit set). */
const SSL2_HELLO = 0x80;

const NOTHING = new Uint8Array(0);

/**
 * Turns accepted connections into TLS connections. It looks at the first octets itself, so that a client that speaks
 * plain SIP to the TLS port, or breaks off the handshake, leaves them as evidence.
 */
export class TlsAcceptor {
  readonly #server: Server;
  readonly #handshakeMsMax: number;
  /** Handshakes under way, by flow. */
  readonly #pending = new Map<string, (socket: TLSSocket) => void>();

  constructor(options: TlsOptions, handshakeMsMax: number) {
    const { cert, key, oldVersions = false } = options;
    this.#handshakeMsMax = handshakeMsMax;
    // It never listens: it is given connections, as the documentation of its 'connection' event allows.
    this.#server = createServer({
      cert,
      key,
      minVersion: oldVersions ? 'TLSv1' : 'TLSv1.2',
      ...(oldVersions ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
    });
    this.#server.on('secureConnection', (socket) => {
      const onSecure = this.#pending.get(flowOf(socket));
      if (onSecure === undefined) socket.destroy();
      else onSecure(socket);
    });
  }

  /** @param raw A connection that nothing else reads from; it may close at any time. */
  accept(raw: Socket, events: HandshakeEvents): void {
    const flow = flowOf(raw);
    let failure: TlsFailure = 'no_message';
    let first: Uint8Array = NOTHING;
    const come = new OctetBuffer(); // Not the pieces: each would take memory of its own, however small it is.
    const reader = new ClientHelloReader();
    let hello: ClientHello | undefined;
    const timer = setTimeout(() => raw.destroy(), this.#handshakeMsMax);
    const settle = (): void => {
      clearTimeout(timer);
      this.#pending.delete(flow);
      raw.off('close', onClose);
    };
    const onClose = (): void => {
      settle();
      events.onFailed(failure, first, hello);
    };
    raw.once('close', onClose);
    const onReadable = (): void => {
      const chunk: Uint8Array | null = raw.read();
      if (chunk === null) {
        raw.destroy(); // The end came before any octet, or before the end of the ClientHello.
        return;
      }
      const isFirst = come.size === 0;
      come.append(chunk);
      if (isFirst && chunk[0] !== HANDSHAKE_RECORD && chunk[0] !== SSL2_HELLO) {
        settle();
        raw.unshift(chunk);
        events.onPlain(raw);
        return;
      }
      failure = 'tls_handshake_failed';
      const room = HANDSHAKE_OCTETS_KEPT_MAX - first.length;
      if (room > 0) first = Buffer.concat([first, chunk.subarray(0, room)]);
      const parsed = reader.push(chunk);
      if (parsed === 'incomplete' && come.size < CLIENT_HELLO_OCTETS_MAX) {
        raw.once('readable', onReadable);
        return;
      }
      hello = parsed === 'incomplete' ? undefined : parsed;
      // An end in the middle of the handshake ends the connection; a peer may end first only after it.
      raw.allowHalfOpen = false;
      this.#pending.set(flow, (socket) => {
        settle();
        socket.allowHalfOpen = true;
        events.onSecure(socket, hello);
      });
      raw.unshift(come.take());
      this.#server.emit('connection', raw);
    };
    raw.once('readable', onReadable);
  }
}

/** Tells one live connection of a listener from the others. */
function flowOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}
