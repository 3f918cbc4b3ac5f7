// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How a hub takes what other nodes of the fleet pushed. Counts are since the node started. */
export interface FleetPullState {
  readonly pulledEvents: number;
  /** Rows that prove nothing, such as those without a grade. */
  readonly leftOut: number;
  /** Rows of the fleet that were not taken yet. */
  readonly behind: number;
  readonly failures: number;
  /** Decisions of operators at other hubs that were taken. */
  readonly takenDecisions: number;
  /** Decisions made at this hub that the fleet does not have yet. */
  readonly waitingDecisions: number;
  /** Why nothing is pulled at present, for a person. */
  readonly trouble: string | undefined;
}

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

/** What this node has to do with a fleet. */
export interface FleetState {
  readonly push: FleetPushState;
  /** `undefined` where it is no hub. */
  readonly pull: FleetPullState | undefined;
}
