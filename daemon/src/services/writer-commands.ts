// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Decision, FleetListing, Trust } from '@sentrypeer/event';
import type { NodePlace } from '@sentrypeer/ip';
import type {
  CursorPlace,
  DeliveredEvent,
  EndpointChange,
  FleetDecision,
  PageOutcome,
  FleetMarks,
  FleetPlace,
  FleetShare,
  FollowedTaken,
  PlacedAddress,
  PlacesProgress,
  PoolPage,
  ProvedNetwork,
} from '@sentrypeer/store';

/**
 * Every command to the database's only writer. A new command is one entry here and one method of `StoreService`: the
 * arguments and the answer must be plain data, because they may pass between threads. All throw `OperatingError` when
 * the work cannot be done now, unless they say otherwise.
 */
export interface WriterCommands {
  /** Records events of other nodes, and the positions of the consumers that read them. @returns How many were new. */
  deliver(events: readonly DeliveredEvent[], cursors?: readonly CursorPlace[]): number;
  /** Keeps what the operator thinks of another node or a network, or removes it. @returns Whether the node is known. */
  setTrust(nodeId: string, trust: Trust | 'forgotten'): boolean;
  /**
   * Keeps pages of the pool.
   *
   * @param asSelf They are this node's.
   * @param told Over which link they came.
   * @returns What became of each.
   */
  addPages(pages: readonly PoolPage[], asSelf: boolean, told?: NodePlace): readonly PageOutcome[];
  /** Remembers the networks in which links of the pool proved nodes to be. */
  proveNetworks(proved: readonly ProvedNetwork[]): void;
  /** Writes what the operator decided. */
  decide(decision: Decision): void;
  /** Remembers the position of a consumer. Never throws `OperatingError`: the next call repeats it. */
  saveCursor(name: string, honeyId: number): void;
  /** Records the results of deliveries. */
  changeEndpoint(change: EndpointChange): void;
  /** Makes this node a part of a fleet, or a hub of it, if it is not yet. @default false */
  openFleet(isHub?: boolean): FleetMarks;
  /** Continues where the fleet says that the log is. */
  resumeFleet(place: FleetPlace): FleetMarks;
  /** Returns what to push next; `hasArrived` says whether the last share arrived. */
  nextForFleet(share: FleetShare, hasArrived: boolean): FleetMarks;
  /** The fleet has all decisions of this node up to this one. */
  decisionsSent(id: number): void;
  /** Takes what was decided at other hubs of the fleet. @returns Those for which there was no room. */
  takeDecisions(decisions: readonly FleetDecision[], mark: number): readonly FleetDecision[];
  /** Starts a pass over everything that the fleet's hubs list; `life` identifies the fleet's listings. */
  beginFollowing(life: string): void;
  /** Takes what the fleet's hubs list, up to the serial. */
  takeListings(listings: readonly FleetListing[], serial: number): FollowedTaken;
  /** Removes some listings that are no longer listed, or any, if `isAll`. @returns Whether there is more. */
  sweepListings(isAll: boolean): boolean;
  /** Adds places to the totals of countries and networks. */
  place(places: readonly PlacedAddress[], progress: PlacesProgress): void;
}

export type WriterCommand = keyof WriterCommands;
export type CommandArguments<C extends WriterCommand> = Parameters<WriterCommands[C]>;
export type CommandAnswer<C extends WriterCommand> = ReturnType<WriterCommands[C]>;

/** The way to the writer, whatever thread it runs in. */
export interface Writer {
  /** Resolves with the command's answer; rejects with `OperatingError`. */
  write<C extends WriterCommand>(
    command: C,
    ...args: CommandArguments<C>
  ): Promise<CommandAnswer<C>>;
}

/** Where followers of the event log save their cursors. */
export function cursorSink(writer: Writer): { saveCursor(name: string, honeyId: number): void } {
  return { saveCursor: (name, honeyId) => void writer.write('saveCursor', name, honeyId) };
}

/** Calls the command's method. */
export function perform<C extends WriterCommand>(
  commands: WriterCommands,
  command: C,
  args: CommandArguments<C>,
): CommandAnswer<C> {
  // TypeScript cannot see that a method and its arguments belong together when both depend on `C`.
  const method = commands[command] as (...given: CommandArguments<C>) => CommandAnswer<C>;
  return method.apply(commands, args);
}
