// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Ends of the names of blocks, such as `46850780xx`, as made by `blocksOf()`. */
const BLOCK_ENDS = ['xx', 'xxx', 'xxxx'];

/** The blocks that may contain a number. */
export function blockNames(e164: string): readonly string[] {
  return BLOCK_ENDS.map((end) => e164.slice(0, -end.length) + end);
}

/**
 * Evidence against numbers and blocks of them, judged again from the first row of the log, because earlier evidence
 * does not say what was proved. `e164` is a number without its plus, or the digits of a number that no plan knows.
 * Columns that begin with `proved_` concern calls whose caller proved to be there. Sets of sources and networks have 64
 * bits (`DistinctSet`). `number_block` counts the numbers with such calls. What an operator delisted counts from the
 * next event on (`delisting.honey_id`), so its evidence is removed, and each removal leaves its blocks.
 */
export const NUMBER_TABLES = `
  DROP TABLE number_evidence;
  DROP TABLE number_reading;
  DELETE FROM address_evidence;
  DELETE FROM cursor WHERE name = 'judge';
  UPDATE counter SET value = 0 WHERE name IN ('proved_addresses', 'read_numbers');
  CREATE TABLE number_evidence (
    total_id INTEGER PRIMARY KEY,
    e164 TEXT NOT NULL UNIQUE,
    grade INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    days_count INTEGER NOT NULL,
    events_count INTEGER NOT NULL,
    forms_count INTEGER NOT NULL,
    confidence REAL NOT NULL,
    source_set INTEGER NOT NULL,
    node_bits INTEGER NOT NULL,
    proved_grade INTEGER NOT NULL,
    proved_first_us INTEGER NOT NULL,
    proved_last_us INTEGER NOT NULL,
    proved_days INTEGER NOT NULL,
    proved_events INTEGER NOT NULL,
    proved_source_set INTEGER NOT NULL,
    proved_network_set INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX number_evidence_last_seen_index ON number_evidence (last_seen_us);
  CREATE TABLE number_reading (
    total_id INTEGER PRIMARY KEY,
    e164 TEXT,
    confidence REAL NOT NULL
  ) STRICT;
  CREATE TABLE number_block (
    block TEXT PRIMARY KEY,
    example TEXT NOT NULL,
    numbers_count INTEGER NOT NULL,
    network_set INTEGER NOT NULL,
    days_count INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER number_block_follows_number_evidence AFTER DELETE ON number_evidence WHEN OLD.proved_events > 0 BEGIN
    ${BLOCK_ENDS.map(
      (end) => `
    UPDATE number_block SET numbers_count = numbers_count - 1,
        example = iif(example = OLD.e164, replace(block, 'x', '5'), example)
      WHERE block = substr(OLD.e164, 1, length(OLD.e164) - ${end.length}) || '${end}';
    DELETE FROM number_block WHERE numbers_count <= 0
      AND block = substr(OLD.e164, 1, length(OLD.e164) - ${end.length}) || '${end}';`,
    ).join('')}
  END;
  ALTER TABLE delisting ADD COLUMN honey_id INTEGER NOT NULL DEFAULT 0;
  UPDATE delisting SET honey_id = (SELECT value FROM counter WHERE name = 'last_honey_id');
  CREATE INDEX delisting_honey_index ON delisting (honey_id);
  INSERT OR IGNORE INTO counter (name, value) VALUES ('listed_ranges', 0);`;

/** The largest number of other numbers in a block that a policy may require before it takes less to list one. */
const HOT_NUMBERS_COUNT_MAX = 1000;

/** Version 29: a block that loses numbers is also judged again if it is not listed itself, because of its numbers. */
export const TRIGGER_OF_VERSION_29 = `
  DROP TRIGGER number_block_lessened;
  CREATE TRIGGER number_block_lessened AFTER UPDATE ON number_block WHEN NEW.numbers_count < OLD.numbers_count BEGIN
    INSERT INTO judging_due (kind, value) SELECT 'range', OLD.block WHERE NEW.numbers_count <= ${HOT_NUMBERS_COUNT_MAX}
      OR EXISTS (SELECT 1 FROM listing WHERE kind = 'range' AND value = OLD.block);
  END;`;

/** Version 30: the forms in which a number was dialled. */
export const INDEX_OF_VERSION_30 = `
  CREATE INDEX number_reading_e164_index ON number_reading (e164);`;
