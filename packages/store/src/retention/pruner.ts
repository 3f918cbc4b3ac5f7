// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import type { DiskGuard } from '../file/disk-guard.ts';
import {
  AGE_CHECK_INTERVAL_MS,
  FREE_PAGES_OCTETS_MIN,
  FREE_PAGES_SHARE_MAX,
  HOURS_COUNT_MAX,
  OWED_REPORT_INTERVAL_MS,
  QUIET_MS,
  ROOM_AHEAD_SHARE,
  PRUNE_ROWS,
  PRUNE_STEP_MS,
  PRUNE_STEP_URGENT_MS,
  ROOM_OCTETS_MIN,
  ROOM_ROWS,
  ROOM_STEP_MS,
} from '../limits.ts';
import type { Pages } from '../file/pages.ts';
import { expiry, keepNothing, keptPart, readKept, setLimits, type KeptPart } from './kept.ts';
import { inTransaction } from '../file/transaction.ts';
import { AgeRemoval } from './age-removal.ts';
import { budgetsOf } from './budgets.ts';
import { EventRemoval, FORGEABLE, RANKS, type Rank } from './event-removal.ts';
import {
  deleteWeakest,
  TOTALS,
  totalsTable,
  type TotalsCounter,
  type TotalsTable,
} from './totals-table.ts';

const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
const MIB = 1_048_576;
const URGENT_EXCESS = 1.1;
/** The least that a removed row is taken to free, because a run frees whole pages only: a short row with its entries. */
const ROW_OCTETS_MIN = 256;

interface PrunerPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly guard: DiskGuard;
  readonly pages: Pages;
  /** The time by which something may be removed, wall-clock microseconds. */
  readonly removalUs: () => number;
}

export interface RetentionOptions {
  /** Days that rows and totals are kept, 1 and above. */
  readonly retentionDays: number;
  /** Octets of live pages, 1 MiB and above. */
  readonly databaseOctetsMax: number;
  /** Names of cursors; rows after them are not removed, as long as the next limit allows. */
  readonly owedCursors: readonly string[];
  /** Octets by which the database may exceed its size for these rows, 0 and above. */
  readonly owedOctetsMax: number;
}

/** By the name of the counter. */
type TotalsCounts = ReadonlyMap<string, number>;

const NO_TOTALS: TotalsCounts = new Map();

/** What a recording transaction added. */
interface Growth {
  /** Octets of live pages per octet of its batches. */
  readonly octetsPerBatchOctet: number;
  readonly totals: TotalsCounts;
}

/**
 * Removes rows and totals: those beyond the retention time, those beyond the size, and those whose pages are needed
 * while the disk is nearly full; beyond a size, the oldest of the weakest grade first. In small steps, so that
 * recording never waits long.
 */
export class Pruner {
  readonly #ports: PrunerPorts;
  readonly #options: RetentionOptions;
  readonly #events: EventRemoval;
  /** For the kept part, and for what came later. */
  readonly #keptAges: AgeRemoval;
  readonly #ages: AgeRemoval;
  readonly #deleteHours: StatementSync;
  readonly #owedCursor: StatementSync;
  readonly #readCounters: StatementSync;
  readonly #counters: Counters;
  readonly #tables: readonly TotalsTable[];
  #kept: KeptPart;
  #wasBeyond = false;
  /** When there is time to make room in advance. */
  #quietAtMs = Number.NEGATIVE_INFINITY;
  #growth: Growth = { octetsPerBatchOctet: 1, totals: new Map() };
  /** What the last run of removed rows freed for each. */
  #octetsPerRow = Number.POSITIVE_INFINITY;
  #ageCheckAtMs = Number.NEGATIVE_INFINITY;
  #owedRemovedCount = 0;
  #owedReportAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: PrunerPorts, options: RetentionOptions) {
    const { database } = ports;
    this.#ports = ports;
    this.#options = options;
    this.#events = new EventRemoval(database);
    this.#keptAges = new AgeRemoval(database);
    this.#ages = new AgeRemoval(database);
    this.#owedCursor = database.prepare(
      'SELECT min(honey_id) AS owed FROM cursor WHERE name IN (SELECT value FROM json_each(?))',
    );
    this.#deleteHours = database.prepare(`
      DELETE FROM hour_total WHERE (hour, method, transport) IN
        (SELECT hour, method, transport FROM hour_total WHERE hour >= ? AND hour < ? LIMIT ${PRUNE_ROWS})`);
    const counters = Object.keys(TOTALS) as readonly TotalsCounter[];
    this.#readCounters = database.prepare(
      `SELECT name, value FROM counter WHERE name IN (${counters.map((name) => `'${name}'`).join(', ')})`,
    );
    this.#counters = new Counters(database);
    const budgets = budgetsOf(options.databaseOctetsMax);
    this.#tables = counters.map((counter) => totalsTable(database, counter, budgets));
    inTransaction(database, () => setLimits(database, options, ports.clock.epochUs()));
    this.#kept = keptPart(database);
  }

  /** Removes as much as some milliseconds allow. @returns Whether there is more to remove. */
  step(): boolean {
    const { clock, database, guard } = this.#ports;
    const low = guard.isLow(); // Not within the transaction, because it looks at the log.
    if (clock.nowMs() >= this.#ageCheckAtMs) this.#lookAtKept();
    if (!this.#isDue(low)) return false;
    const startedAtMs = clock.nowMs();
    return inTransaction(database, () => {
      const stepMs = low || this.#isUrgent() ? PRUNE_STEP_URGENT_MS : PRUNE_STEP_MS;
      let removed = true;
      while (removed && clock.nowMs() - startedAtMs < stepMs) removed = this.#removeSome(low);
      return removed;
    });
  }

  /**
   * Makes room at the beginning of a recording transaction: its rows then go into the pages that became free, so that
   * these are written once. Removes in proportion to what the previous transaction needed; `step()` does the rest.
   *
   * @param batchOctets Octets of the batches that are about to be recorded.
   * @param record Records them.
   */
  makeRoomFor<T>(batchOctets: number, record: () => T): T {
    if (batchOctets < ROOM_OCTETS_MIN) return record();
    const { clock, pages } = this.#ports;
    this.#quietAtMs = clock.nowMs() + QUIET_MS;
    const endMs = clock.nowMs() + ROOM_STEP_MS;
    const last = this.#lastNotOwed();
    const octetsMax = this.#octetsMax() - batchOctets * this.#growth.octetsPerBatchOctet;
    const { totals } = this.#growth;
    this.#removeForgeableBeyond(octetsMax, last, endMs);
    while (clock.nowMs() < endMs && this.#removeExcessTotals(FORGEABLE, totals, ROOM_ROWS) > 0) {
      continue;
    }
    const liveOctets = pages.read().liveOctets;
    const counts = this.#totalsCounts();
    const recorded = record();
    this.#growth = {
      octetsPerBatchOctet: Math.max(0, (pages.read().liveOctets - liveOctets) / batchOctets),
      totals: this.#totalsAdded(counts),
    };
    return recorded;
  }

  /** In runs that are as large as what is to be freed, by what the run before freed for each row. */
  #removeForgeableBeyond(octetsMax: number, last: number, endMs: number): void {
    const { clock, pages } = this.#ports;
    let excess = pages.read().liveOctets - octetsMax;
    while (excess > 0 && clock.nowMs() < endMs) {
      const wanted = Math.floor(excess / this.#octetsPerRow);
      const rows = Math.min(Math.max(wanted, PRUNE_ROWS), ROOM_ROWS);
      const removed = this.#removeForgeable(last, rows);
      if (removed === 0) return;
      const left = pages.read().liveOctets - octetsMax;
      this.#octetsPerRow = Math.max((excess - left) / removed, ROW_OCTETS_MIN);
      excess = left;
    }
  }

  /** A command may have released it. Logs once what the limits would remove, before they do. */
  #lookAtKept(): void {
    const { database, clock, logger } = this.#ports;
    this.#kept = keptPart(database);
    const report = readKept(database, clock.epochUs());
    if (report === undefined && this.#kept.honeyId > 0) {
      inTransaction(database, () => keepNothing(database)); // Somebody deleted these rows.
      this.#kept = keptPart(database);
    }
    const isBeyond = report?.isBeyond === true;
    if (isBeyond && !this.#wasBeyond) {
      logger.warn('kept_beyond_limits', {
        events: report.events,
        mib: Math.ceil(report.octets / MIB),
        size_max_mib: report.octetsMax === undefined ? 'none' : Math.floor(report.octetsMax / MIB),
        oldest: report.oldest,
        retention_days: report.retentionDays ?? 'none',
        what_to_do:
          'raise --db-size-max or --retention-days, or let it go with sentrypeer prune --yes',
      });
    }
    this.#wasBeyond = isBeyond;
  }

  #isDue(low: boolean): boolean {
    return (
      this.#ports.clock.nowMs() >= this.#ageCheckAtMs ||
      this.#tooLarge(low) ||
      this.#wantsRoom() ||
      this.#totalsExcess() > 1
    );
  }

  #isUrgent(): boolean {
    return this.#excess() > URGENT_EXCESS || this.#totalsExcess() > URGENT_EXCESS;
  }

  /** One statement for each reason. @returns Whether anything was removed. */
  #removeSome(low: boolean): boolean {
    const last = this.#lastNotOwed();
    let removed = this.#tooLarge(low) ? this.#removeEvents(last, low) : 0;
    if (removed === 0 && this.#wantsRoom()) removed = this.#removeForgeable(last);
    // Ages are checked now and then: in a full database each removal would check in vain.
    if (this.#ports.clock.nowMs() >= this.#ageCheckAtMs) {
      const expired = this.#removeExpired(last);
      if (expired === 0) this.#ageCheckAtMs = this.#ports.clock.nowMs() + AGE_CHECK_INTERVAL_MS;
      removed += expired;
    }
    return removed + this.#removeExcessTotals() > 0;
  }

  #removeExpired(last: number): number {
    const nowUs = this.#ports.removalUs();
    const { honeyId, days } = this.#kept;
    const { retentionDays } = this.#options;
    const age = { after: honeyId, last, expired: expiry(retentionDays, nowUs), nowUs };
    let removed = this.#ages.step(age);
    if (days > 0 && honeyId > 0) {
      const keptLast = Math.min(last, honeyId);
      const keptAge = { after: 0, last: keptLast, expired: expiry(days, nowUs), nowUs };
      removed += this.#keptAges.step(keptAge);
    }
    return removed + this.#removeExpiredTotals(nowUs);
  }

  #removeExpiredTotals(nowUs: number): number {
    const { atUs, days } = this.#kept;
    // What was last seen before the kept part began follows the days that apply to that part.
    const fromUs = days > 0 ? 0 : atUs;
    const expiredUs = nowUs - Math.max(days, this.#options.retentionDays) * DAY_US;
    const hour = Math.max(expiredUs / HOUR_US, nowUs / HOUR_US - HOURS_COUNT_MAX);
    let removed = Number(
      this.#deleteHours.run(Math.floor(fromUs / HOUR_US), Math.floor(hour)).changes,
    );
    for (const table of this.#tables) {
      const changes = Number(table.deleteExpired.run(fromUs, expiredUs).changes);
      if (changes > 0) this.#counters.add(table.counter, -changes);
      removed += changes;
    }
    return removed;
  }

  /**
   * @param ranks Which may go, the weakest first.
   * @param toCome Totals that are about to be added.
   * @param rowsMax The most rows of each table to remove.
   */
  #removeExcessTotals(
    ranks: readonly Rank[] = RANKS,
    toCome: TotalsCounts = NO_TOTALS,
    rowsMax: number = PRUNE_ROWS,
  ): number {
    let removed = 0;
    const counts = this.#totalsCounts();
    for (const table of this.#tables) {
      const count = (counts.get(table.counter) ?? 0) + (toCome.get(table.counter) ?? 0);
      const excess = count - table.countMax - this.#kept.totals;
      if (excess <= 0) continue;
      const changes = deleteWeakest(table, ranks, this.#kept.atUs, Math.min(excess, rowsMax));
      this.#counters.add(table.counter, -changes);
      removed += changes;
    }
    return removed;
  }

  /** The last row that all endpoints have received. */
  #lastNotOwed(): number {
    const { owedCursors } = this.#options;
    if (owedCursors.length === 0) return Number.MAX_SAFE_INTEGER;
    const owed = this.#owedCursor.get(JSON.stringify(owedCursors))?.['owed'] ?? null;
    return owed === null ? Number.MAX_SAFE_INTEGER : Number(owed);
  }

  /**
   * Owed rows are removed only if nothing else is left, and only beyond their own limit.
   *
   * @returns More than 0 if it makes sense to continue.
   */
  #removeEvents(last: number, low: boolean): number {
    const { honeyId: after } = this.#kept;
    const { removed, isSearching } = this.#events.step(after, last);
    if (removed > 0 || isSearching) return Math.max(removed, 1);
    const octetsMax = this.#octetsMax() + this.#options.owedOctetsMax;
    const isBeyond = this.#ports.pages.read().liveOctets > octetsMax;
    if (!low && !isBeyond) return 0;
    const { removed: owed, isSearching: isMore } = this.#events.step(
      after,
      Number.MAX_SAFE_INTEGER,
    );
    this.#owedRemovedCount += owed;
    const nowMs = this.#ports.clock.nowMs();
    if (this.#owedRemovedCount > 0 && nowMs >= this.#owedReportAtMs) {
      this.#owedReportAtMs = nowMs + OWED_REPORT_INTERVAL_MS;
      this.#ports.logger.warn('owed_events_removed', {
        events: this.#owedRemovedCount,
        why: low
          ? 'the disk is nearly full and an endpoint is far behind'
          : 'the database exceeds its size limit and the backlog limit, and an endpoint is far behind',
      });
      this.#owedRemovedCount = 0;
    }
    return isMore ? 1 : owed;
  }

  /** The database is beyond its size, or a nearly full disk needs free pages within it. */
  #tooLarge(low: boolean): boolean {
    if (this.#excess() > 1) return true;
    const { liveOctets, freeOctets } = this.#ports.pages.read();
    const fileOctets = liveOctets + freeOctets;
    return low && freeOctets < Math.min(FREE_PAGES_OCTETS_MIN, fileOctets * FREE_PAGES_SHARE_MAX);
  }

  /** Live pages as a multiple of what is allowed. */
  #excess(): number {
    return this.#ports.pages.read().liveOctets / this.#octetsMax();
  }

  /** In quiet times room is made in advance, so that the next flood finds some. */
  #wantsRoom(): boolean {
    return this.#excess() > 1 - ROOM_AHEAD_SHARE && this.#ports.clock.nowMs() >= this.#quietAtMs;
  }

  #removeForgeable(last: number, rowsMax?: number): number {
    const { honeyId: after } = this.#kept;
    const { removed, isSearching } = this.#events.step(after, last, FORGEABLE, rowsMax);
    return isSearching ? 1 : removed;
  }

  /** The kept part takes nothing from what comes later. */
  #octetsMax(): number {
    return this.#options.databaseOctetsMax + this.#kept.octets;
  }

  #totalsExcess(): number {
    const counts = this.#totalsCounts();
    const excesses = this.#tables.map(
      ({ counter, countMax }) => (counts.get(counter) ?? 0) / (countMax + this.#kept.totals),
    );
    return Math.max(...excesses);
  }

  #totalsCounts(): TotalsCounts {
    const rows = this.#readCounters.all();
    return new Map(rows.map((row) => [String(row['name']), Number(row['value'])]));
  }

  #totalsAdded(before: TotalsCounts): TotalsCounts {
    const after = [...this.#totalsCounts()];
    return new Map(
      after.map(([name, count]) => [name, Math.max(0, count - (before.get(name) ?? 0))]),
    );
  }
}
