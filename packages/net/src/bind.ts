// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { isIpv6 } from '@sentrypeer/ip';
import { bindUdp } from '@sentrypeer/ip/udp';
import type { SocketPlace } from './port-holder.ts';

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
