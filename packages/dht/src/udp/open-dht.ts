// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { silentLogger, systemClock, type Logger, type Random } from '@sentrypeer/kernel';
import { DhtNode, type DhtOptions } from '../node/dht-node.ts';
import type { DhtPorts } from '../ports.ts';
import { bindAll, joinGroups } from './sockets.ts';
import { UdpPort } from './udp-port.ts';

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
  const { logger = silentLogger } = options;
  return {
    clock: systemClock,
    random,
    logger,
    wakeAfter: (waitMs, run) => {
      const timeout = setTimeout(run, Math.ceil(waitMs));
      return () => clearTimeout(timeout);
    },
    openDatagrams: async (onDatagram) => new UdpPort(await bindAll(options), onDatagram),
    openDiscovery: async (families, onDatagram) =>
      new UdpPort(await joinGroups(families, logger), onDatagram),
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    ...options.ports,
  };
}
