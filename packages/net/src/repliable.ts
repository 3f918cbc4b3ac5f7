// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isLoopback, isUnicast, type Endpoint } from '@sentrypeer/ip';

/** Ports below it belong to services (DNS, NTP, chargen, …) that a forged source would make us flood. */
const PORT_UNPRIVILEGED_MIN = 1024;

/** What must be known of this machine to decide whether to answer. */
export interface OwnAddresses {
  /** Every address of the machine, bare. */
  readonly addresses: ReadonlySet<string>;
  /** The broadcast address of every IPv4 network that the machine is in. */
  readonly broadcasts: ReadonlySet<string>;
  /** UDP ports that we listen on. */
  readonly udpPorts: ReadonlySet<number>;
}

/**
 * Whether a datagram's source may get an answer (docs/architecture.md, Never a weapon): it must be one host that could
 * have sent the datagram, from a port that no service listens on, and not ourselves. A loopback source is answered only
 * if the datagram came to a loopback address, which means that a person is trying it out.
 */
export function isRepliable(source: Endpoint, local: Endpoint, own: OwnAddresses): boolean {
  if (source.port < PORT_UNPRIVILEGED_MIN) return false;
  if (!isUnicast(source.address) || own.broadcasts.has(source.address)) return false;
  const loopback = isLoopback(source.address);
  if (loopback && !isLoopback(local.address)) return false;
  // An own address with our port would be this program answering itself.
  return !((loopback || own.addresses.has(source.address)) && own.udpPorts.has(source.port));
}
