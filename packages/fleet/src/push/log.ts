// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Value } from './copy-rows.ts';

/** The position of a log according to the fleet. */
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

/** The contents of one push. */
export interface Pushed {
  readonly eventColumns: readonly string[];
  /** Read one by one, each while the previous rows are being sent. */
  readonly events: Iterable<Slice>;
  readonly repeatColumns: readonly string[];
  readonly repeats: readonly (readonly Value[])[];
}

/** A node's log, for pushing to a fleet. The first three methods save what they are told before they answer. */
export interface PushedLog {
  /** How far it was pushed, as last known. */
  open(): Promise<Marks>;
  /** Continues where the fleet says that the log is. */
  resume(place: Place): Promise<Marks>;
  /** Returns what to push next; `hasArrived` says whether what was being pushed has arrived. */
  next(
    share: { readonly events: number; readonly repeats: number },
    hasArrived: boolean,
  ): Promise<Marks>;
  /** Whether there is more than what the marks say. */
  hasMore(marks: Marks): boolean;
  /** What is being pushed according to the marks. */
  rows(marks: Marks): Pushed;
}
