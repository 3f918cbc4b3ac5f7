// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { endpointOf, formatEndpoint, isIpv6, type Endpoint } from '@sentrypeer/ip';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { LINGER_MS_MAX } from '../limits.ts';
import type {
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Listening,
  ListenPlace,
} from '../ports.ts';

/** A socket as the speaker sees it. */
class TcpConnection implements Connection {
  readonly remote: Endpoint;
  readonly #socket: Socket;
  #handler: ConnectionHandler | undefined;
  #error: string | undefined;

  constructor(socket: Socket, remote: Endpoint) {
    this.#socket = socket;
    this.remote = remote;
    socket.setNoDelay(true);
    socket.on('connect', () => this.#handler?.onConnect());
    socket.on('data', (octets: Uint8Array) => this.#handler?.onOctets(octets));
    socket.on('drain', () => this.#handler?.onDrain());
    // When the neighbour ends its side, the session is over too: nobody is left to talk to.
    socket.on('end', () => this.#close());
    socket.on('error', (error) => {
      this.#error = errorCode(error) ?? String(error);
    });
    socket.on('close', () => this.#close());
  }

  get unsentOctets(): number {
    return this.#socket.writableLength;
  }

  handle(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  write(octets: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(octets);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async end(): Promise<void> {
    this.#handler = undefined;
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    const timeout = setTimeout(() => this.#socket.destroy(), LINGER_MS_MAX);
    this.#socket.resume(); // Unread octets would turn the close into a reset and lose our last message.
    this.#socket.end();
    await closed.catch(() => undefined);
    clearTimeout(timeout);
  }

  destroy(): void {
    this.#handler = undefined;
    this.#socket.destroy();
  }

  #close(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose(this.#error);
    this.#socket.destroy();
  }
}

/** Starts to connect. */
export function connectTcp(
  { address, port, localAddress }: ConnectTarget,
  handler: ConnectionHandler,
): Connection {
  const socket = connect({
    host: address,
    port,
    ...(localAddress !== undefined && { localAddress }),
  });
  const connection = new TcpConnection(socket, endpointOf(address, port));
  connection.handle(handler);
  return connection;
}

/** Accepts connections; those that nobody handles are reset at once. */
export async function listenTcp(
  { host, port }: ListenPlace,
  onConnection: (connection: Connection) => ConnectionHandler | undefined,
): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const { remoteAddress, remotePort = 0 } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const connection = new TcpConnection(socket, endpointOf(remoteAddress, remotePort));
    const handler = onConnection(connection);
    if (handler === undefined) socket.resetAndDestroy();
    else connection.handle(handler);
  });
  const place = { host, port, ipv6Only: isIpv6(host), exclusive: true };
  try {
    const listening = once(server, 'listening');
    server.listen(place);
    await listening;
  } catch (error) {
    throw bindFailure(error, host, port);
  }
  const bound = server.address();
  const local = { address: host, port: typeof bound === 'object' ? (bound?.port ?? port) : port };
  return {
    local,
    // The callback also waits for connections, which the speaker ends afterwards.
    close: () => {
      server.close();
      return Promise.resolve();
    },
  };
}

function bindFailure(error: unknown, host: string, port: number): OperatingError {
  const where = `TCP port ${port} on ${host}`;
  const cause = { cause: error };
  switch (errorCode(error) ?? '') {
    case 'EADDRINUSE':
      return new OperatingError(
        'port_taken',
        `${where} is taken. Stop the BGP speaker that has it, or configure another port or address.`,
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new OperatingError(
        'port_forbidden',
        `${where} is forbidden to this user. Ports below 1024 need the capability CAP_NET_BIND_SERVICE or root; or configure a higher port.`,
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new OperatingError(
        'address_unknown',
        `${where} cannot be opened: this machine does not have the address ${host}.`,
        cause,
      );
    default:
      return new OperatingError(
        'port_unusable',
        `TCP ${formatEndpoint({ address: host, port })} cannot be opened: ${String(error)}`,
        cause,
      );
  }
}
