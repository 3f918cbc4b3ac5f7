// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Received } from '@sentrypeer/honeypot';
import type { Clock } from '@sentrypeer/kernel';
import type { Endpoint } from '@sentrypeer/ip';

const NO_ANOMALIES: readonly string[] = [];

/** A received message, in the form that the honeypot takes. */
export function received<Path>(
  path: Path,
  from: {
    readonly octets: Uint8Array;
    readonly source: Endpoint;
    readonly local: Endpoint;
    readonly transport: 'UDP' | 'TCP' | 'TLS';
    readonly clock: Clock;
    readonly isUnanswered?: boolean;
  },
): Received<Path> {
  const { octets, source, local, transport, clock, isUnanswered = false } = from;
  return {
    octets,
    transport,
    sourceIp: source.address,
    sourcePort: source.port,
    destinationIp: local.address,
    destinationPort: local.port,
    epochUs: clock.epochUs(),
    framingAnomalies: NO_ANOMALIES,
    isUnanswered,
    path,
  };
}
