// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { endpointOf, familyOf, type Endpoint, type Family, zonedAddress } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { bindUdp, type UdpBinding } from '@sentrypeer/ip/udp';
import {
  UDP_RECEIVE_BUFFER_OCTETS,
  UDP_RECEIVE_BUFFER_OCTETS_MIN,
  UDP_SEND_QUEUE_OCTETS_MAX,
} from '../limits.ts';
import type { DatagramPort, OnDatagram } from '../ports.ts';

/** Sockets of one node, one for each family. */
export class UdpPort implements DatagramPort {
  readonly locals: readonly Endpoint[];
  readonly #byFamily = new Map<Family, Socket>();

  constructor(sockets: readonly Socket[], onDatagram: OnDatagram) {
    this.locals = sockets.map((socket) => {
      const { address, port } = socket.address();
      return { address, port };
    });
    for (const socket of sockets) {
      const family = familyOf(socket.address().address);
      this.#byFamily.set(family, socket);
      growReceiveBuffer(socket);
      // A socket reports errors about a datagram it sent (port unreachable); retransmission takes care of it.
      socket.on('error', () => undefined);
      socket.on('message', (octets, remote) => {
        if (this.#byFamily.has(family)) onDatagram(octets, endpointOf(remote.address, remote.port));
      });
    }
  }

  send(octets: Uint8Array, to: Endpoint): void {
    const socket = this.#byFamily.get(familyOf(to.address));
    if (socket === undefined) return;
    if (socket.getSendQueueSize() + octets.length > UDP_SEND_QUEUE_OCTETS_MAX) return;
    socket.send(octets, to.port, zonedAddress(to), () => undefined); // Lost datagrams are repeated.
  }

  async close(): Promise<void> {
    const open = [...this.#byFamily.values()];
    this.#byFamily.clear();
    await Promise.all(
      open.map(async (socket) => {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      }),
    );
  }
}

/** Binds a socket. Throws `OperatingError` with nothing left open. */
export async function bindSocket(binding: UdpBinding): Promise<Socket> {
  try {
    return await bindUdp(binding);
  } catch (error) {
    throw bindError(error, binding.address, binding.port);
  }
}

function bindError(cause: unknown, address: string, port: number): OperatingError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const where = `UDP port ${port} on ${address}`;
  switch (code) {
    case 'EADDRINUSE':
      return new OperatingError('port_taken', `${where} is taken by another program.`, { cause });
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new OperatingError('address_unknown', `${where}: the machine has no such address.`, {
        cause,
      });
    default:
      return new OperatingError('port_unusable', `${where} cannot be opened: ${String(cause)}`, {
        cause,
      });
  }
}

/** Linux silently cuts the request to net.core.rmem_max; other systems refuse it, so we ask for less. */
function growReceiveBuffer(socket: Socket): void {
  for (let size = UDP_RECEIVE_BUFFER_OCTETS; size >= UDP_RECEIVE_BUFFER_OCTETS_MIN; size /= 2) {
    try {
      socket.setRecvBufferSize(size);
      return;
    } catch {
      continue; // The system's default is good enough to run on.
    }
  }
}
