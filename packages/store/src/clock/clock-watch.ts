// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { inTransaction } from '../file/transaction.ts';
import { CLOCK_BELIEVED_MS, CLOCK_JUMP_US, CLOCK_LOOK_MS, CLOCK_SAVE_US } from '../limits.ts';
import type { CounterName } from '../totals/counters.ts';
import { DOUBT_US, EARLIEST_US } from './plausible.ts';
import { repairTimes } from './repair-times.ts';

interface ClockWatchPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is known about the machine's wall clock. */
export interface ClockReport {
  /** Jumps noticed so far. */
  readonly jumpsCount: number;
  /** Wall-clock microseconds at which the database was last written, if the clock says something very different. */
  readonly expectedEpochUs: number | undefined;
}

const COUNTERS = [
  'clock_us',
  'clock_jumps',
  'clock_doubted',
  'clock_doubted_us',
  'clock_doubted_ms',
] as const satisfies readonly CounterName[];

/**
 * Compares the wall clock with the monotonic one, and with the time that the database last knew. A clock that is more
 * than a day off is doubted for a day, unless it comes back: during that time nothing is removed by it. A restart does
 * not begin that day anew. A time before 2020 is never believed. When the clock is believed again, impossible times are corrected.
 */
export class ClockWatch {
  readonly #ports: ClockWatchPorts;
  readonly #set: StatementSync;
  readonly #add: StatementSync;
  readonly #judgeAgain: StatementSync;
  /** Wall-clock microseconds expected at the last look; `undefined` if nothing is known. */
  #expectedUs: number | undefined;
  #savedUs: number;
  #lookedAtMs: number;
  #lookedUs: number;
  /** When the doubt began, in monotonic milliseconds. */
  #doubtedAtMs: number | undefined;
  #doubtSavedAtMs = 0;
  /** Milliseconds for which the program ran before this start with the same clock in doubt. */
  readonly #doubtedBeforeMs: number;
  #isRepairDue: boolean;
  #repairsCount = 0;
  #hasLooked = false;
  #isFirstLook = false;

  constructor(ports: ClockWatchPorts) {
    const { database, clock } = ports;
    this.#ports = ports;
    this.#set = database.prepare(
      'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.#add = database.prepare(
      'INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1',
    );
    // What ended according to the other time may not have ended, and vice versa.
    this.#judgeAgain = database.prepare(
      "INSERT INTO judging_due (kind, value) VALUES ('decision', '')",
    );
    const saved = readClock(database);
    this.#expectedUs = saved.clock_us;
    this.#savedUs = saved.clock_us ?? 0;
    // A database whose times have not been checked yet.
    this.#isRepairDue = saved.clock_us === undefined || saved.clock_doubted === 1;
    this.#lookedAtMs = clock.nowMs();
    this.#lookedUs = clock.epochUs();
    this.#doubtedBeforeMs = doubtedBefore(saved, this.#lookedUs);
  }

  /** Wall-clock microseconds by which something may be removed: never later than the believed time. */
  removalUs(): number {
    const { nowUs, passedUs } = this.#passed();
    if (this.#doubtedAtMs !== undefined) return Math.min(nowUs, this.#expectedUs ?? nowUs);
    // A jump that has not been examined yet may be one to doubt.
    const withoutJumpUs = this.#lookedUs + passedUs;
    return nowUs - withoutJumpUs > CLOCK_JUMP_US ? withoutJumpUs : nowUs;
  }

  /**
   * Wall-clock microseconds before which a time limit has certainly passed: a clock that is up to a day ahead is
   * believed, and what somebody said for a limited time cannot be recreated from events.
   */
  endedUs(): number {
    return this.removalUs() - DOUBT_US;
  }

  /**
   * Wall-clock microseconds up to which something can have happened; `undefined` while the clock is in doubt. A jump that
   * has not been examined yet does not change it.
   */
  latestUs(): number | undefined {
    if (!this.#hasLooked || this.#doubtedAtMs !== undefined) return undefined;
    return this.#lookedUs + this.#passed().passedUs + DOUBT_US;
  }

  /** How often impossible times were corrected since the start. */
  get repairsCount(): number {
    return this.#repairsCount;
  }

  /** Looks at both clocks, once a second. Not within a transaction. */
  look(): void {
    if (this.#hasLooked && this.#ports.clock.nowMs() - this.#lookedAtMs < CLOCK_LOOK_MS) return;
    this.#isFirstLook = !this.#hasLooked;
    this.#hasLooked = true;
    const { nowMs, nowUs, passedUs } = this.#passed();
    const jumpUs = nowUs - this.#lookedUs - passedUs;
    if (Math.abs(jumpUs) > CLOCK_JUMP_US) {
      this.#ports.logger.warn('clock_jumped', {
        from: textOf(nowUs - jumpUs),
        to: textOf(nowUs),
        seconds: Math.round(jumpUs / 1e6),
      });
      this.#add.run('clock_jumps' satisfies CounterName);
      this.#judgeAgain.run();
      this.#isRepairDue = true;
    }
    this.#lookedAtMs = nowMs;
    this.#lookedUs = nowUs;
    this.#judge(passedUs);
  }

  #passed(): { readonly nowMs: number; readonly nowUs: number; readonly passedUs: number } {
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    return { nowMs, nowUs: clock.epochUs(), passedUs: (nowMs - this.#lookedAtMs) * 1000 };
  }

  /** So that the next start goes on where this one ends. */
  #saveDoubt(): void {
    this.#doubtSavedAtMs = this.#lookedAtMs;
    const doubtedMs = this.#lookedAtMs - (this.#doubtedAtMs ?? this.#lookedAtMs);
    this.#set.run('clock_doubted_us' satisfies CounterName, this.#lookedUs);
    this.#set.run('clock_doubted_ms' satisfies CounterName, Math.floor(doubtedMs));
  }

  /** Believes the clock, or doubts it. */
  #judge(passedUs: number): void {
    const nowUs = this.#lookedUs;
    const expectedUs = Math.floor((this.#expectedUs ?? nowUs) + passedUs);
    const isPossible = nowUs >= EARLIEST_US;
    const isNear = Math.abs(nowUs - expectedUs) <= DOUBT_US;
    const isOld =
      this.#doubtedAtMs !== undefined && this.#lookedAtMs - this.#doubtedAtMs >= CLOCK_BELIEVED_MS;
    if (isPossible && (isNear || isOld)) {
      this.#believe();
      return;
    }
    if (this.#expectedUs !== undefined) this.#expectedUs = expectedUs;
    if (this.#doubtedAtMs !== undefined) {
      if (this.#lookedAtMs - this.#doubtSavedAtMs >= CLOCK_SAVE_US / 1000) this.#saveDoubt();
      return;
    }
    this.#doubtedAtMs = this.#lookedAtMs - (this.#isFirstLook ? this.#doubtedBeforeMs : 0);
    this.#saveDoubt();
    this.#isRepairDue = true;
    this.#set.run('clock_doubted' satisfies CounterName, 1);
    this.#ports.logger.warn('clock_doubted', {
      clock: textOf(nowUs),
      expected: this.#expectedUs === undefined ? 'after 2020' : textOf(expectedUs),
      what_to_do:
        'set the clock of this machine; until then, for at most a day, nothing is removed because of its age',
    });
  }

  #believe(): void {
    const { database, logger } = this.#ports;
    const nowUs = this.#lookedUs;
    this.#expectedUs = nowUs;
    if (this.#doubtedAtMs !== undefined) logger.warn('clock_believed', { clock: textOf(nowUs) });
    this.#doubtedAtMs = undefined;
    if (!this.#isRepairDue && Math.abs(nowUs - this.#savedUs) < CLOCK_SAVE_US) return;
    let repairedCount = 0;
    inTransaction(database, () => {
      if (this.#isRepairDue) {
        repairedCount = repairTimes(database, nowUs);
        this.#set.run('clock_doubted' satisfies CounterName, 0);
      }
      this.#set.run('clock_us' satisfies CounterName, nowUs);
    });
    this.#savedUs = nowUs;
    if (this.#isRepairDue) this.#repairsCount += 1;
    this.#isRepairDue = false;
    if (repairedCount > 0) logger.warn('times_put_right', { entries: repairedCount });
  }
}

/** What the writer found out about the clock. @param nowUs Wall-clock microseconds. */
export function readClockReport(database: DatabaseSync, nowUs: number): ClockReport {
  const {
    clock_us: savedUs,
    clock_jumps: jumpsCount = 0,
    clock_doubted: doubted,
  } = readClock(database);
  const isFar = nowUs < EARLIEST_US || Math.abs(nowUs - (savedUs ?? nowUs)) > DOUBT_US;
  return {
    jumpsCount,
    expectedEpochUs: doubted === 1 && isFar ? (savedUs ?? EARLIEST_US) : undefined,
  };
}

type SavedClock = Readonly<Record<(typeof COUNTERS)[number], number | undefined>>;

/** How long a clock was doubted before this start, if it still is where it was then. */
function doubtedBefore(saved: SavedClock, nowUs: number): number {
  const { clock_doubted_us: thenUs, clock_doubted_ms: ms } = saved;
  if (saved.clock_doubted !== 1 || thenUs === undefined || ms === undefined) return 0;
  return Math.abs(nowUs - thenUs) <= DOUBT_US ? ms : 0;
}

function readClock(database: DatabaseSync): SavedClock {
  const rows = database
    .prepare('SELECT name, value FROM counter WHERE name IN (?, ?, ?, ?, ?)')
    .all(...COUNTERS);
  const values = new Map(rows.map((row) => [String(row['name']), Number(row['value'])]));
  return {
    clock_us: values.get('clock_us'),
    clock_jumps: values.get('clock_jumps'),
    clock_doubted: values.get('clock_doubted'),
    clock_doubted_us: values.get('clock_doubted_us'),
    clock_doubted_ms: values.get('clock_doubted_ms'),
  };
}

function textOf(epochUs: number): string {
  return new Date(Math.floor(epochUs / 1000)).toISOString();
}
