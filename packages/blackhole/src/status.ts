// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type AnnouncerState =
  /** No snapshot yet. */
  | 'starting'
  | 'announcing'
  /** An operator took everything back. */
  | 'withdrawn';

/** The state of the announcer. */
export interface AnnouncerStatus {
  readonly state: AnnouncerState;
  readonly entries: { readonly ipv4: number; readonly ipv6: number };
  /** Entries of the feed that are spared, or that are not announced to any router. */
  readonly leftOutCount: number;
  readonly leftOut: readonly { readonly address: string; readonly why: string }[];
  /** Unproved entries, which the node should not have listed. */
  readonly unprovedCount: number;
  readonly sparedCount: number;
  /** What an operator should look at. */
  readonly alarms: readonly string[];
  /** Prefixes announced or withdrawn. */
  readonly changes: number;
}

/** What an operator should look at, in words. */
export function alarmsOf(facts: {
  readonly isFull: boolean;
  readonly heldBackCount: number;
  readonly unsparedCount: number;
  readonly unprovedCount: number;
  readonly prefixesMax: number;
  readonly additionsPerMinuteMax: number;
}): readonly string[] {
  const { isFull, heldBackCount, unsparedCount, unprovedCount } = facts;
  return [
    ...(isFull
      ? [`more is listed than --bgp-prefixes-max, ${facts.prefixesMax}: the rest is not announced`]
      : []),
    ...(heldBackCount > 0
      ? [
          `new prefixes that wait: ${heldBackCount}; --bgp-changes-max allows ${facts.additionsPerMinuteMax} a minute`,
        ]
      : []),
    ...(unsparedCount > 0
      ? [`there are too many networks to spare: ${unsparedCount} of them are not spared`]
      : []),
    ...(unprovedCount > 0
      ? [`the node lists unproved addresses, which are not announced: ${unprovedCount}`]
      : []),
  ];
}
