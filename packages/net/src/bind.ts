// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { isIpv6 } from '@sentrypeer/ip';
import { lookupAddress } from '@sentrypeer/ip/udp';
import type { SocketPlace } from './port-holder.ts';

/** Where a UDP socket is to be. */
interface UdpBinding {
  /** With its zone, if it has one. */
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
}

/** A bound UDP socket, or the system's error with nothing left open. */
export async function bindUdp(binding: UdpBinding): Promise<Socket> {
  const { address, port, reusePort } = binding;
  const ipv6 = isIpv6(address);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    reusePort,
    lookup: lookupAddress,
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

/** Makes the server listen, or throws the system's error with nothing left open. */
export async function listenTcp(server: Server, options: ListenOptions): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ ...options, ipv6Only: isIpv6(options.host ?? ''), exclusive: true });
  await listening;
}

/** Opens the port and closes it again. Throws the system's error if that fails. */
export async function tryPort(place: SocketPlace, reusePort: boolean): Promise<void> {
  const { transport, address, port } = place;
  if (transport === 'UDP') {
    const socket = await bindUdp({ address, port, reusePort });
    const closed = once(socket, 'close');
    socket.close();
    await closed;
    return;
  }
  const server = createServer();
  await listenTcp(server, { host: address, port, reusePort });
  const closed = once(server, 'close');
  server.close();
  await closed;
}
