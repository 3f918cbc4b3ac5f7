// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A session of a follower with another program, such as a router. Times are wall-clock microseconds. */
export interface FollowerSession {
  readonly name: string;
  readonly address: string;
  /** In the words of its protocol. */
  readonly state: string;
  readonly isUp: boolean;
  /** Since when it is up, or down. */
  readonly sinceEpochUs: number;
  /** Prefixes that the other side has from it. */
  readonly prefixesOut: number;
  /** What went wrong last, by its name in the protocol's RFC, and who said so. */
  readonly lastError: string | undefined;
}

/**
 * A program of this machine with a process of its own that carries out what a node lists, such as the firewall. Times are
 * wall-clock microseconds.
 */
export interface FollowerState {
  /** `firewall` or `bgp`. */
  readonly name: string;
  readonly processId: number;
  /** In its own words. */
  readonly state: string;
  /** Whether what it was told is carried out at the moment. */
  readonly isInForce: boolean;
  readonly sinceEpochUs: number;
  /** When it said so. */
  readonly heardEpochUs: number;
  /** The origin of the node that it follows; perhaps another one than this. */
  readonly node: string;
  /** The newest change that it carried out; `undefined` before the first snapshot. */
  readonly serial: number | undefined;
  readonly entries: { readonly ipv4: number; readonly ipv6: number };
  /** Since its start, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** With others; none for a follower that has no need of any. */
  readonly sessions: readonly FollowerSession[];
  /** What an operator should look at; none where all is well. */
  readonly troubles: readonly string[];
}
