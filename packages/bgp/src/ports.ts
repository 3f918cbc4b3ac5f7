// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import type { Clock, Logger, Random } from '@sentrypeer/kernel';

/** What a connection reports to its owner; never called again after `onClose`. */
export interface ConnectionHandler {
  /** A connection that we asked for is established. Not called for one that a peer made. */
  onConnect(): void;
  /** @param octets Borrowed for the duration of the call. */
  onOctets(octets: Uint8Array): void;
  /** Fewer octets wait to be sent than before. */
  onDrain(): void;
  /** @param error The system's code, such as `ECONNREFUSED`; `undefined` if the peer closed normally. */
  onClose(error: string | undefined): void;
}

/** One TCP connection. */
export interface Connection {
  readonly remote: Endpoint;
  /** Octets given to `write()` that the system has not taken yet. */
  readonly unsentOctets: number;
  /** Never throws. The octets are the connection's from now on. */
  write(octets: Uint8Array): void;
  /** Stops reading, so that the peer must wait, until `resume()`. */
  pause(): void;
  resume(): void;
  /**
   * Sends what waits, then closes, within `LINGER_MS_MAX`. Whatever the peer sends meanwhile is dropped, and the
   * handler is not called any more. Resolves when the connection is gone.
   */
  end(): Promise<void>;
  /** Closes at once and drops what waits. `onClose` is not called. */
  destroy(): void;
}

export interface ConnectTarget {
  readonly address: string;
  readonly port: number;
  /** @default the system's choice */
  readonly localAddress?: string;
}

export interface Listening {
  readonly local: Endpoint;
  /** Accepts no more connections; those that are open stay. */
  close(): Promise<void>;
}

/** What a speaker needs from its environment; `@sentrypeer/bgp/tcp` has the real implementation. */
export interface BgpPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Calls `run` once after `waitMs` milliseconds. Returns a function that cancels it. */
  wakeAfter(waitMs: number, run: () => void): () => void;
  /** Starts to connect; never throws. The handler is not called before this returns. */
  connect(target: ConnectTarget, handler: ConnectionHandler): Connection;
  /**
   * Accepts connections. Throws `OperatingError` with nothing left open.
   *
   * @param onConnection Returns the connection's handler; `undefined` closes it at once.
   */
  listen(
    place: ListenPlace,
    onConnection: (connection: Connection) => ConnectionHandler | undefined,
  ): Promise<Listening>;
}

export interface ListenPlace {
  /** A local address; `0.0.0.0` or `::` for all addresses of a family. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}
