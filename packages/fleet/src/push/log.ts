// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Value } from './copy-rows.ts';

/** Where the fleet says that a log is. */
export interface Place {
  readonly epoch: number;
  readonly mark: number;
  readonly repeatMark: number;
}

/** How far a log was pushed, and up to where it is being pushed. */
export interface Marks {
  readonly logId: string;
  readonly epoch: number;
  readonly pushed: number;
  readonly pushing: number;
  readonly repeatsPushed: number;
  readonly repeatsPushing: number;
  readonly lastHoneyId: number;
}

/** Some of the events of a push. */
export interface Slice {
  readonly rows: readonly (readonly Value[])[];
  /** Events that were removed before they could be read. */
  readonly missing: number;
}

/** What goes with one push. */
export interface Pushed {
  readonly eventColumns: readonly string[];
  /** Read one by one, each while the rows before it are on their way. */
  readonly events: Iterable<Slice>;
  readonly repeatColumns: readonly string[];
  readonly repeats: readonly (readonly Value[])[];
}

/** A node's log, as it is pushed to a fleet. What the first three say is written down before they answer. */
export interface PushedLog {
  /** How far it was pushed when that was known last. */
  open(): Promise<Marks>;
  /** Goes on where the fleet says that the log is. */
  resume(place: Place): Promise<Marks>;
  /** Says what is to be pushed next; whether what was being pushed has arrived. */
  next(
    share: { readonly events: number; readonly repeats: number },
    hasArrived: boolean,
  ): Promise<Marks>;
  /** Whether there is more than what the marks say. */
  hasMore(marks: Marks): boolean;
  /** What the marks say is being pushed. */
  rows(marks: Marks): Pushed;
}
