// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { readClockReport, type ClockReport } from './clock/clock-watch.ts';
import { readForeignChanges, type ForeignChanges } from './log/foreign-rows.ts';
import { readKept, type KeptReport } from './retention/kept.ts';

/** What an operator should know about a database. */
export interface Condition {
  /** What is kept although a limit would remove it; `undefined` if nothing is kept despite the limits. */
  readonly kept: KeptReport | undefined;
  /** The writer's opinion of the machine's clock. */
  readonly clock: ClockReport;
  /** Rows of the log that other programs changed. */
  readonly foreign: ForeignChanges;
}

/** @param nowUs Wall-clock microseconds. */
export function readCondition(database: DatabaseSync, nowUs: number): Condition {
  return {
    kept: readKept(database, nowUs),
    clock: readClockReport(database, nowUs),
    foreign: readForeignChanges(database),
  };
}
