// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RemoteInfo, Socket } from 'node:dgram';
import { endpointOf, isIpv6, zonedAddress, type Endpoint } from '@sentrypeer/ip';
import { UDP_RECEIVE_BUFFER_OCTETS_MIN, UDP_SEND_QUEUE_OCTETS_MAX } from './limits.ts';
import type { OwnAddresses } from './repliable.ts';

/** @param octets Borrowed for the duration of the call. */
export type OnDatagram = (octets: Uint8Array, source: Endpoint, socket: UdpSocket) => void;

/** Counts of what went wrong on UDP sockets since the start. */
export interface UdpCounts {
  /** The system refused to send (no route, forbidden by a firewall, no buffer), or the socket was closed. */
  sendFailed: number;
  /** Too much was waiting for the network already. */
  sendDropped: number;
  /** The system reported an error instead of a datagram. */
  receiveFailed: number;
}

/** What all sockets of a listener share. */
export interface UdpShared {
  readonly counts: UdpCounts;
  own: OwnAddresses;
}

/** One bound socket: it receives what was sent to its address, and sends from it. */
export class UdpSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;
  readonly #shared: UdpShared;
  #closed = false;
  #hushed: Promise<boolean> | undefined;

  /** @param receiveOctets Wanted size of the receive buffer; the system may give less. */
  constructor(
    socket: Socket,
    local: Endpoint,
    shared: UdpShared,
    onDatagram: OnDatagram,
    receiveOctets: number,
  ) {
    this.local = local;
    this.#socket = socket;
    this.#shared = shared;
    sizeReceiveBuffer(socket, receiveOctets);
    socket.on('error', () => (shared.counts.receiveFailed += 1));
    // IPv4 addresses come as we want them, so the common case passes through untouched.
    if (isIpv6(local.address))
      socket.on('message', (octets, remote) => onDatagram(octets, sourceOf(remote), this));
    else socket.on('message', (octets, remote) => onDatagram(octets, remote, this));
  }

  /** The machine's addresses as they were at the last look, for `isRepliable`. */
  get own(): OwnAddresses {
    return this.#shared.own;
  }

  /**
   * Sends one datagram. Never throws: refusals of the system are counted.
   *
   * @param octets The socket's from now on; the caller leaves them unchanged.
   */
  send(octets: Uint8Array, to: Endpoint): void {
    if (this.#closed || this.#hushed !== undefined || to.port === 0) {
      this.#shared.counts.sendFailed += 1;
      return;
    }
    if (this.#socket.getSendQueueSize() + octets.length > UDP_SEND_QUEUE_OCTETS_MAX) {
      this.#shared.counts.sendDropped += 1;
      return;
    }
    this.#socket.send(octets, to.port, zonedAddress(to), this.#onSent);
  }

  /**
   * Accepts no new datagrams and sends none; those that the system holds for the socket are delivered as before. The
   * socket is connected to itself: a connected socket gets nothing from anywhere else, and its queue is kept. Resolves
   * with whether the system did so.
   */
  hush(): Promise<boolean> {
    this.#hushed ??= new Promise((resolve) => {
      if (this.#closed) resolve(true);
      else
        this.#socket.connect(this.local.port, zonedAddress(this.local), (error?: Error | null) =>
          resolve(!(error instanceof Error)),
        );
    });
    return this.#hushed;
  }

  /** Resolves when the socket is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  readonly #onSent = (error: Error | null): void => {
    if (error !== null) this.#shared.counts.sendFailed += 1;
  };
}

function sourceOf(remote: RemoteInfo): Endpoint {
  return endpointOf(remote.address, remote.port);
}

/** Linux silently cuts the request to net.core.rmem_max; other systems refuse it, so we ask for less. */
function sizeReceiveBuffer(socket: Socket, octets: number): void {
  for (let size = octets; size >= UDP_RECEIVE_BUFFER_OCTETS_MIN; size = Math.floor(size / 2)) {
    try {
      socket.setRecvBufferSize(size);
      return;
    } catch {
      continue; // The system's default is good enough to run on.
    }
  }
}
