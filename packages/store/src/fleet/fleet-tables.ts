// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * How far this log was pushed to a fleet, and what was counted on rows after they were pushed. `pushing` is the mark
 * that was about to be set when the fleet was last heard from. Ids of repeats are never reused, even when the table was
 * emptied.
 */
export const FLEET_TABLES = `
  CREATE TABLE fleet_log (
    log_id TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    pushed INTEGER NOT NULL,
    pushing INTEGER NOT NULL,
    repeats_pushed INTEGER NOT NULL,
    repeats_pushing INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE fleet_repeat (
    repeat_id INTEGER PRIMARY KEY AUTOINCREMENT,
    honey_id INTEGER NOT NULL,
    added INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX fleet_repeat_honey_index ON fleet_repeat (honey_id);`;

/** What the operator decided at a hub and the fleet does not have yet. Ids are never reused. */
export const FLEET_DECISION_TABLE = `
  CREATE TABLE fleet_decision (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
    decision_uuid TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT,
    value TEXT NOT NULL,
    comment TEXT NOT NULL,
    until_us INTEGER
  ) STRICT;`;

/**
 * What the hubs of a fleet list, as this node follows them: `kind`, `value` and `level` as in a listing. `generation`
 * is the pass over all of the fleet's listings that last named a row; `fleet_follow` says how far this node has come.
 */
export const FLEET_LISTING_TABLES = `
  CREATE TABLE fleet_listing (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    level TEXT NOT NULL,
    score INTEGER NOT NULL,
    grade INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    events_count INTEGER NOT NULL,
    is_blocked INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX fleet_listing_blocked_index ON fleet_listing (kind, value) WHERE is_blocked;
  CREATE TABLE fleet_follow (
    life TEXT PRIMARY KEY,
    serial INTEGER NOT NULL,
    generation INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`;
