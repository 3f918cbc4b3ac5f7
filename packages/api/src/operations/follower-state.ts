// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A session of a follower with another program, such as a router. Times are wall-clock microseconds. */
export interface FollowerSession {
  readonly name: string;
  readonly address: string;
  /** In the words of its protocol. */
  readonly state: string;
  readonly isUp: boolean;
  /** When it came up or went down. */
  readonly sinceEpochUs: number;
  /** Prefixes that the other side has from it. */
  readonly prefixesOut: number;
  /** The last error, by its name in the protocol's RFC, and which side reported it. */
  readonly lastError: string | undefined;
}

/**
 * A separate program on this machine that enforces what a node lists, such as the firewall. Times are wall-clock
 * microseconds.
 */
export interface FollowerState {
  /** `firewall` or `bgp`. */
  readonly name: string;
  readonly processId: number;
  /** In its own words. */
  readonly state: string;
  /** Whether the listings are enforced at present. */
  readonly isInForce: boolean;
  readonly sinceEpochUs: number;
  /** When it reported this. */
  readonly heardEpochUs: number;
  /** The origin of the node that it follows; perhaps not this one. */
  readonly node: string;
  /** The newest change that it enforced; `undefined` before the first snapshot. */
  readonly serial: number | undefined;
  readonly entries: { readonly ipv4: number; readonly ipv6: number };
  /** Since its start, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** With other programs; none for a follower that needs none. */
  readonly sessions: readonly FollowerSession[];
  /** What an operator should look at; empty if all is well. */
  readonly troubles: readonly string[];
}
