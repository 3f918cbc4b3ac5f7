// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Version 9: entries of the feed, and budgets by grade. Kept apart from the other tables because the judge owns most of
 * what it changes.
 */

/**
 * Totals of every kind record the highest grade of what they count. Runs before rows of SentryPeer 4.x are summed up.
 */
export const GRADES_OF_TOTALS = `
  ALTER TABLE number_total ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE user_agent_total ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;`;

/** Tables that are pruned by grade and age: the weakest first, within a grade the longest unseen. */
const GRADED_TABLES = [
  'address_total',
  'number_total',
  'user_agent_total',
  'address_evidence',
  'number_evidence',
];

const GRADE_INDEXES = GRADED_TABLES.map(
  (name) => `
  DROP INDEX ${name}_last_seen_index;
  CREATE INDEX ${name}_grade_index ON ${name} (grade, last_seen_us);`,
).join('');

/**
 * `level` is `listed` (enforced) or `watch` (reported, let through). `kind` is `address` (an address or a prefix),
 * `number` (E.164 without its plus) or `range` (a block of such numbers, `46850780xx`). Reasons are a JSON array.
 * `judging_due` contains what is to be judged again: a subject, or with the kind `decision` everything that a value of
 * the allowlist covers. Removed evidence also takes with it what a delisting counted of it, and has its listing judged
 * again.
 */
export const TABLES_OF_VERSION_9 = `
  ${GRADE_INDEXES}
  CREATE INDEX proved_event_index ON honey (honey_id) WHERE grade IN ('returned', 'handshake');
  UPDATE number_total SET grade = proved.grade FROM
    (SELECT called_number, max(iif(grade = 'handshake', 2, 1)) AS grade FROM honey INDEXED BY proved_event_index
      WHERE grade IN ('returned', 'handshake') GROUP BY called_number) AS proved
    WHERE proved.called_number = number_total.number;
  ALTER TABLE listing ADD COLUMN level TEXT NOT NULL DEFAULT 'listed';
  ALTER TABLE listing ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE listing ADD COLUMN first_seen_us INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE listing ADD COLUMN last_seen_us INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE listing ADD COLUMN events_count INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE listing ADD COLUMN reasons TEXT NOT NULL DEFAULT '[]';
  CREATE INDEX listing_page_index ON listing (kind, level, listing_id);
  CREATE INDEX listing_rank_index ON listing (kind, level DESC, grade, until_us);
  ALTER TABLE listing_change ADD COLUMN level TEXT NOT NULL DEFAULT 'listed';
  ALTER TABLE listing_change ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE listing_change ADD COLUMN since_us INTEGER;
  UPDATE listing_change SET reason = json_array(reason);
  CREATE INDEX allowance_until_index ON allowance (until_us) WHERE until_us IS NOT NULL;
  CREATE TABLE judging_due (
    due_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER address_evidence_removed AFTER DELETE ON address_evidence BEGIN
    UPDATE delisting SET events_count = 0 WHERE kind = 'address' AND value = OLD.address;
    INSERT INTO judging_due (kind, value) SELECT kind, value FROM listing
      WHERE kind = 'address' AND value = OLD.address;
  END;
  CREATE TRIGGER number_evidence_removed AFTER DELETE ON number_evidence BEGIN
    UPDATE delisting SET events_count = 0 WHERE kind = 'number' AND value = OLD.e164;
    INSERT INTO judging_due (kind, value) SELECT kind, value FROM listing
      WHERE kind = 'number' AND value = OLD.e164;
  END;
  CREATE TRIGGER number_block_removed AFTER DELETE ON number_block BEGIN
    INSERT INTO judging_due (kind, value) SELECT kind, value FROM listing WHERE kind = 'range' AND value = OLD.block;
  END;
  CREATE TRIGGER number_block_lessened AFTER UPDATE ON number_block WHEN NEW.numbers_count < OLD.numbers_count BEGIN
    INSERT INTO judging_due (kind, value) SELECT kind, value FROM listing WHERE kind = 'range' AND value = OLD.block;
  END;
  INSERT INTO counter (name, value) VALUES ('judge_options', 0),
    ('listing_changes', (SELECT count(*) FROM listing_change));
  INSERT OR IGNORE INTO cursor (name, honey_id) SELECT 'judge-proved', honey_id FROM cursor WHERE name = 'judge';`;
