// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How a hub takes what other nodes of the fleet pushed. Counts are since the node started. */
export interface FleetPullState {
  readonly pulledEvents: number;
  /** Rows that prove nothing, such as those without a grade. */
  readonly leftOut: number;
  /** Rows of the fleet that have not been taken yet. */
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
  /** Events that the fleet did not accept, and that were left out. */
  readonly refusedEvents: number;
  /** Counts the lives of this node's log: a restored database file starts another one. */
  readonly epoch: number;
  /** Wall-clock microseconds, `undefined` before the first. */
  readonly pushedEpochUs: number | undefined;
  /** Why nothing is pushed at present, for a person. */
  readonly trouble: string | undefined;
}

/** How a hub tells the fleet what it lists. */
export interface FleetPublishState {
  /** Whether this is the hub that decides at present. */
  readonly isLeading: boolean;
  /** The hub that decides; `undefined` before it is known. */
  readonly leader: string | undefined;
  /** Whether everything in the fleet was compared with what this hub lists. */
  readonly isWhole: boolean;
  /** Entries said since the node started. */
  readonly saidListings: number;
}

/** How a node follows what the hubs list. Counts are since the node started. */
export interface FleetFollowState {
  /** Listings of the hubs that this node has. */
  readonly listings: number;
  /** The newest change that was taken; 0 before the first. */
  readonly serial: number;
  readonly takenChanges: number;
  /** Listings that no hub of ours can have made, or for which there was no room. */
  readonly leftOut: number;
  /** Wall-clock microseconds at which this node last had everything; `undefined` before. */
  readonly currentEpochUs: number | undefined;
  readonly failures: number;
  /** Why nothing is followed at present, for a person. */
  readonly trouble: string | undefined;
}

/** A node of the fleet, as the database knows it. Times are wall-clock microseconds, `undefined` for never. */
export interface FleetNodeState {
  readonly node: string;
  /** `left`: its role was removed. */
  readonly role: 'hub' | 'sensor' | 'follower' | 'left';
  readonly isConnected: boolean;
  readonly version: string | undefined;
  /** Of the present life of its log. */
  readonly events: number;
  readonly waiting: number;
  readonly pushedEpochUs: number | undefined;
  readonly seenEpochUs: number | undefined;
  readonly isSilent: boolean;
}

/** The whole fleet, as a hub sees it now and then. */
export interface FleetOverviewState {
  /** Wall-clock microseconds of the database. */
  readonly asOfEpochUs: number;
  readonly events: number;
  readonly listed: number;
  readonly watched: number;
  readonly moreNodes: number;
  readonly nodes: readonly FleetNodeState[];
}

/** What this node does in a fleet; `undefined` for the work that it does not do. */
export interface FleetState {
  /** Whether it has only just started, so that its work is not known yet. */
  readonly isStarting: boolean;
  readonly push: FleetPushState | undefined;
  readonly pull: FleetPullState | undefined;
  readonly publish: FleetPublishState | undefined;
  readonly follow: FleetFollowState | undefined;
  readonly overview: FleetOverviewState | undefined;
}
