// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The position of a log according to the fleet. */
export interface FleetPlace {
  /** Counts the lives of the log; 0 before the first. */
  readonly epoch: number;
  /** `honey_id` of the newest row that is in the fleet. */
  readonly mark: number;
  /** Id of the newest repeat that is in the fleet. */
  readonly repeatMark: number;
}

/** How far a log was pushed; the marks of events are values of `honey_id`. */
export interface FleetMarks {
  /** UUID of this log: of this database file's life. */
  readonly logId: string;
  readonly epoch: number;
  readonly pushed: number;
  /** The mark that is about to be set; equal to `pushed` if there is nothing to push. */
  readonly pushing: number;
  readonly repeatsPushed: number;
  readonly repeatsPushing: number;
  /** The newest row of the log. */
  readonly lastHoneyId: number;
}

/** The most that one push takes. */
export interface FleetShare {
  readonly events: number;
  readonly repeats: number;
}
