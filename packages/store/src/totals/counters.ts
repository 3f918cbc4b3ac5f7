// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * What is counted in the table `counter`: the newest id ever given to a row, the messages that were received but not
 * kept, the rows of the tables of totals, of evidence, of listings and of their changes, the number of the operator's
 * decisions, and a hash of the options by which the judge last decided.
 */
export type CounterName =
  | 'last_honey_id'
  | 'dropped_messages'
  | 'addresses'
  | 'crowded_addresses'
  | 'numbers'
  | 'user_agents'
  | 'proved_addresses'
  | 'read_numbers'
  | 'listed_addresses'
  | 'listed_numbers'
  | 'listed_ranges'
  | 'listing_changes'
  | 'judge_options'
  | 'decisions'
  | 'shared_events'
  | 'origins'
  | PoolCounter
  | ForeignCounter
  | PlacesCounter
  | RetentionCounter
  | ClockCounter;

/**
 * Authors and claims of the pool, how often its pages or voters changed, what voters put before the judge, the day on
 * which the operator let all of it through, and networks of nodes (pool/pool-tables.ts).
 */
type PoolCounter =
  | 'pool_authors'
  | 'pool_claims'
  | 'pool_pages'
  | 'pool_changes'
  | 'pool_admissions'
  | 'pool_resumed_day'
  | 'pool_networks';

/**
 * Rows that other programs added, removed and changed, and whether the removing program is ours now
 * (log/foreign-tables.ts).
 */
type ForeignCounter =
  | 'own_removal'
  | 'foreign_added'
  | 'foreign_removed'
  | 'foreign_added_told'
  | 'foreign_removed_told'
  | 'foreign_changed'
  | 'foreign_changed_told'
  | 'lowest_honey_id';

/**
 * How far the totals of countries and networks have come: the source of places, the newest address that was placed, and
 * the one seen last.
 */
type PlacesCounter =
  | 'placed_source'
  | 'placed_total_id'
  | 'placed_last_seen_us'
  | 'placed_last_seen_id';

/** The limits in force, and the part of the log that they do not remove (retention/kept.ts). */
type RetentionCounter =
  | 'limit_days'
  | 'limit_octets'
  | 'limit_owed'
  | 'kept_honey_id'
  | 'kept_at_us'
  | 'kept_octets'
  | 'kept_totals'
  | 'kept_days';

/**
 * The wall clock as last believed, how often it jumped, whether it is in doubt, and if so, what it said when that was last saved
 * and for how long the program had run with it by then (clock/clock-watch.ts).
 */
type ClockCounter =
  | 'clock_us'
  | 'clock_jumps'
  | 'clock_doubted'
  | 'clock_doubted_us'
  | 'clock_doubted_ms';

/** Writes counters, within the caller's transaction. */
export class Counters {
  readonly #add: StatementSync;
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare('UPDATE counter SET value = value + ? WHERE name = ?');
    this.#set = database.prepare('UPDATE counter SET value = ? WHERE name = ?');
  }

  add(name: CounterName, difference: number): void {
    if (difference !== 0) this.#add.run(difference, name);
  }

  set(name: CounterName, value: number): void {
    this.#set.run(value, name);
  }
}
