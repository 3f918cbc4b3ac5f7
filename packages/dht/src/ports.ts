// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint, Family } from '@sentrypeer/ip';
import type { Clock, Logger, Random } from '@sentrypeer/kernel';

/** @param octets Borrowed for the duration of the call. */
export type OnDatagram = (octets: Uint8Array, source: Endpoint) => void;

/** Bound sockets: one for each family that the node runs. */
export interface DatagramPort {
  /** Where it is bound, one for each family. */
  readonly locals: readonly Endpoint[];
  /** Never throws. The octets are the port's from now on. */
  send(octets: Uint8Array, to: Endpoint): void;
  /** Resolves when nothing is open; no datagram is delivered after the call. */
  close(): Promise<void>;
}

/** What a node needs from its environment; `@sentrypeer/dht/udp` has the real implementation. */
export interface DhtPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Calls `run` once after `waitMs` milliseconds. Returns a function that cancels it. */
  wakeAfter(waitMs: number, run: () => void): () => void;
  /** Throws `OperatingError` with nothing left open. */
  openDatagrams(onDatagram: OnDatagram): Promise<DatagramPort>;
  /**
   * A socket that has joined the groups of the local network, for these families; if joining fails, it receives
   * nothing.
   */
  openDiscovery(families: readonly Family[], onDatagram: OnDatagram): Promise<DatagramPort>;
  /** The addresses of a name; an address is returned as it is. Rejects if there is none. */
  resolve(host: string): Promise<readonly string[]>;
}
