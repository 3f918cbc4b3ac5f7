// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:dgram';
import { familyOf, type Family } from '@sentrypeer/ip';
import type { UdpBinding } from '@sentrypeer/ip/udp';
import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { FAMILIES } from '../address.ts';
import { DISCOVERY_GROUPS } from '../routing/discovery.ts';
import { bindSocket } from './udp-port.ts';

const ALL: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };
const DEFAULT_PORT = 4222;

type Bind = (binding: UdpBinding) => Promise<Socket>;

/**
 * The sockets of a node, all on one port (PROTOCOL 16): of these addresses, or of all of both families, of which IPv6
 * may be missing. Throws `OperatingError` with nothing left open.
 */
export async function bindAll(
  {
    port = DEFAULT_PORT,
    addresses,
  }: { readonly port?: number; readonly addresses?: readonly string[] },
  bind: Bind = bindSocket,
): Promise<readonly Socket[]> {
  const wanted = addresses ?? FAMILIES.map((family) => ALL[family]);
  const sockets: Socket[] = [];
  try {
    for (const address of wanted) {
      const bound = sockets[0]?.address().port ?? port;
      try {
        sockets.push(await bind({ address, port: bound, reuseAddr: false }));
      } catch (error) {
        const optional = addresses === undefined && familyOf(address) === 6;
        const missing = error instanceof OperatingError && error.code === 'address_unknown';
        if (!optional || !missing) throw error;
      }
    }
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return sockets;
}

/** Sockets that hear the groups of discovery. The node also runs without multicast: a failure is only logged. */
export async function joinGroups(
  families: readonly Family[],
  logger: Logger,
  bind: Bind = bindSocket,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (const family of families) {
    const { address, port } = DISCOVERY_GROUPS[family];
    try {
      const socket = await bind({ address: ALL[family], port, reuseAddr: true });
      sockets.push(socket);
      socket.addMembership(address);
    } catch (error) {
      logger.warn('dht_discovery_failed', { group: address, error: String(error) });
    }
  }
  return sockets;
}
