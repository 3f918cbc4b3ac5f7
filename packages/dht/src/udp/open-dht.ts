// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { familyOf, type Family } from '@sentrypeer/ip';
import {
  OperatingError,
  silentLogger,
  systemClock,
  type Logger,
  type Random,
} from '@sentrypeer/kernel';
import { FAMILIES } from '../address.ts';
import { DhtNode, type DhtOptions } from '../node/dht-node.ts';
import { DISCOVERY_GROUPS } from '../routing/discovery.ts';
import type { DatagramPort, DhtPorts, OnDatagram } from '../ports.ts';
import { bindSocket, UdpPort } from './udp-port.ts';

const ALL: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

export interface OpenDhtOptions extends DhtOptions {
  /** UDP port of both families; 0 takes a free one. @default 4222 */
  readonly port?: number;
  /**
   * Local addresses, at most one per family. By default all addresses of both families; only IPv4 on a machine without
   * IPv6. @default all
   */
  readonly addresses?: readonly string[];
  /** @default silent */
  readonly logger?: Logger;
  /** Replacements for tests, such as a clock that runs faster. @default none */
  readonly ports?: Partial<DhtPorts>;
}

const random: Random = { fill: (octets) => randomFillSync(octets) };

/**
 * An OpenDHT node on UDP sockets of this machine.
 *
 * @throws OperatingError `port_taken`, `address_unknown` or `port_unusable`, with nothing left open.
 */
export function openDht(options: OpenDhtOptions = {}): Promise<DhtNode> {
  return DhtNode.open(systemPorts(options), options);
}

function systemPorts(options: OpenDhtOptions): DhtPorts {
  return {
    clock: systemClock,
    random,
    logger: options.logger ?? silentLogger,
    wakeAfter: (waitMs, run) => {
      const timeout = setTimeout(run, Math.ceil(waitMs));
      return () => clearTimeout(timeout);
    },
    openDatagrams: (onDatagram) => openDatagrams(options, onDatagram),
    openDiscovery: (families, onDatagram) => openDiscovery(families, onDatagram, options),
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    ...options.ports,
  };
}

async function openDatagrams(
  { port = 4222, addresses }: OpenDhtOptions,
  onDatagram: OnDatagram,
): Promise<DatagramPort> {
  const wanted = addresses ?? FAMILIES.map((family) => ALL[family]);
  const sockets: Socket[] = [];
  try {
    for (const address of wanted) {
      const bound = sockets[0]?.address().port ?? port; // Both families have the same port (PROTOCOL 16).
      try {
        sockets.push(await bindSocket({ address, port: bound, reuseAddr: false }));
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
  return new UdpPort(sockets, onDatagram);
}

/** The node also runs without multicast: a failure is only logged. */
async function openDiscovery(
  families: readonly Family[],
  onDatagram: OnDatagram,
  { logger = silentLogger }: OpenDhtOptions,
): Promise<DatagramPort> {
  const sockets: Socket[] = [];
  for (const family of families) {
    const { address, port } = DISCOVERY_GROUPS[family];
    try {
      const socket = await bindSocket({ address: ALL[family], port, reuseAddr: true });
      sockets.push(socket);
      socket.addMembership(address);
    } catch (error) {
      logger.warn('dht_discovery_failed', { group: address, error: String(error) });
    }
  }
  return new UdpPort(sockets, onDatagram);
}
