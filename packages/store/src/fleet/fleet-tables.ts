// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * How far this log was pushed to a fleet, and what was counted on rows after they were pushed. `pushing` is the mark that was
 * about to be set when the fleet was last heard of. Ids of repeats are never used again, also when the table was emptied.
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

/** What the operator decided at a hub and the fleet does not have yet. Ids are never used again. */
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
