// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The state of the table. */
export type FirewallState =
  /** No snapshot yet: what an earlier run left is still there. */
  | 'starting'
  | 'in force'
  /** In force for a short time; for good once an operator confirms it. */
  | 'unconfirmed'
  /** Everything was taken out. */
  | 'taken out';

/** The status of the firewall. */
export interface FirewallStatus {
  readonly state: FirewallState;
  /** Why everything was taken out. */
  readonly why?: string;
  /** Wall-clock milliseconds by which it must be confirmed. */
  readonly confirmByEpochMs?: number;
  readonly entries: { readonly ipv4: number; readonly ipv6: number };
  /** Entries of the feed that are spared. */
  readonly leftOutCount: number;
  readonly leftOut: readonly { readonly address: string; readonly why: string }[];
  readonly sparedCount: number;
  /** What an operator should look at. */
  readonly alarms: readonly string[];
  readonly changes: number;
  readonly failures: number;
  /** How often somebody else changed the table. */
  readonly repairs: number;
  readonly refusedPackets: number;
  readonly refusedOctets: number;
}

/** What an operator should look at, in words. */
export function alarmsOf(facts: {
  readonly isFailing: boolean;
  readonly isFull: boolean;
  readonly heldBackCount: number;
  readonly unsparedCount: number;
  readonly entriesMax: number;
  readonly additionsPerMinuteMax: number;
}): readonly string[] {
  const { isFailing, isFull, heldBackCount, unsparedCount } = facts;
  return [
    ...(isFailing ? ['changes fail: the log says why'] : []),
    ...(isFull
      ? [`more is listed than --firewall-entries-max, ${facts.entriesMax}: the rest is let through`]
      : []),
    ...(heldBackCount > 0
      ? [
          `new entries that wait: ${heldBackCount}; --firewall-changes-max allows ${facts.additionsPerMinuteMax} a minute`,
        ]
      : []),
    ...(unsparedCount > 0
      ? [`there are too many networks to spare: ${unsparedCount} of them are not spared`]
      : []),
  ];
}

type Sample = readonly [
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  lines: readonly string[],
];

/**
 * For node_exporter's textfile collector (Prometheus, text format 0.0.4). @param isFollowing Whether the node's feed is
 * followed.
 */
export function metricsText(status: FirewallStatus, isFollowing: boolean): string {
  const { entries, state } = status;
  const inForce = state === 'in force' || state === 'unconfirmed';
  const samples: readonly Sample[] = [
    ['in_force', 'gauge', 'Whether listed sources are refused.', [` ${Number(inForce)}`]],
    [
      'following',
      'gauge',
      'Whether the feed of the node is followed.',
      [` ${Number(isFollowing)}`],
    ],
    [
      'entries',
      'gauge',
      'Addresses and networks that are refused.',
      [`{family="ipv4"} ${entries.ipv4}`, `{family="ipv6"} ${entries.ipv6}`],
    ],
    ['left_out', 'gauge', 'Listed entries that are spared.', [` ${status.leftOutCount}`]],
    ['alarms', 'gauge', 'What an operator should look at.', [` ${status.alarms.length}`]],
    ['changes_total', 'counter', 'Entries put in, prolonged or taken out.', [` ${status.changes}`]],
    ['failures_total', 'counter', 'Changes that nft did not take.', [` ${status.failures}`]],
    [
      'repairs_total',
      'counter',
      'Changes by somebody else that were undone.',
      [` ${status.repairs}`],
    ],
    [
      'refused_packets_total',
      'counter',
      'Packets that were refused.',
      [` ${status.refusedPackets}`],
    ],
    ['refused_octets_total', 'counter', 'Octets of these packets.', [` ${status.refusedOctets}`]],
  ];
  return samples
    .map(([name, type, help, lines]) => {
      const full = `sentrypeer_firewall_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.map((line) => `${full}${line}\n`).join('')}`;
    })
    .join('');
}
