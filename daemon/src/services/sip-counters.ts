// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ConnectionLimit } from '@sentrypeer/net';

/** What receiving threads have done since they started. */
export interface SipCounters {
  /** Datagrams; over streams, messages and other contacts. */
  readonly received: Readonly<Record<'UDP' | 'TCP' | 'TLS', number>>;
  /** Datagrams that the kernel dropped because they came faster than they were read. */
  readonly kernelDropped: number;
  readonly replies: number;
  readonly replyOctets: number;
  /** Replies that a limit withheld. */
  readonly repliesWithheld: number;
  /** Open now. */
  readonly connections: number;
  /** Connections that were one too many, by limit. */
  readonly connectionsExceeded: Readonly<Record<ConnectionLimit, number>>;
}

export const NONE_EXCEEDED: SipCounters['connectionsExceeded'] = {
  connections_all: 0,
  connections_source: 0,
};

/** For Prometheus. */
export function exceededSamples(
  counts: SipCounters['connectionsExceeded'],
): readonly { readonly labels: { readonly limit: string }; readonly value: number }[] {
  return [
    { labels: { limit: 'all' }, value: counts.connections_all },
    { labels: { limit: 'source' }, value: counts.connections_source },
  ];
}

export function sumSipCounters(all: readonly SipCounters[]): SipCounters {
  const sum = (of: (counters: SipCounters) => number): number =>
    all.reduce((total, counters) => total + of(counters), 0);
  return {
    received: {
      UDP: sum(({ received }) => received.UDP),
      TCP: sum(({ received }) => received.TCP),
      TLS: sum(({ received }) => received.TLS),
    },
    kernelDropped: sum(({ kernelDropped }) => kernelDropped),
    replies: sum(({ replies }) => replies),
    replyOctets: sum(({ replyOctets }) => replyOctets),
    repliesWithheld: sum(({ repliesWithheld }) => repliesWithheld),
    connections: sum(({ connections }) => connections),
    connectionsExceeded: {
      connections_all: sum(({ connectionsExceeded }) => connectionsExceeded.connections_all),
      connections_source: sum(({ connectionsExceeded }) => connectionsExceeded.connections_source),
    },
  };
}
