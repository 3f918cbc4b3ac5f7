// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How this node pushes its events to a fleet. Counts are since the node started. */
export interface FleetPushState {
  readonly isConnected: boolean;
  /** Events recorded that the fleet has not confirmed yet. */
  readonly lag: number;
  readonly pushedEvents: number;
  /** Counts of repeats on events that were pushed before. */
  readonly pushedRepeats: number;
  readonly failures: number;
  /** Events that the fleet would not take, and that were left out. */
  readonly refusedEvents: number;
  /** Counts the lives of this node's log: a restored database file begins another. */
  readonly epoch: number;
  /** Wall-clock microseconds, `undefined` before the first. */
  readonly pushedEpochUs: number | undefined;
  /** Why nothing is pushed at present, for a person. */
  readonly trouble: string | undefined;
}
