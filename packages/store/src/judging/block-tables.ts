// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * What the operator blocked: it is listed, whatever is known about it. `kind` and `value` as in a listing; an address
 * may be a network. `is_blocked` of a listing says that it is there because of a block, so that no filter on evidence
 * leaves it out.
 */
export const TABLES_OF_VERSION_13 = `
  CREATE TABLE operator_block (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    until_us INTEGER,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX operator_block_until_index ON operator_block (until_us) WHERE until_us IS NOT NULL;
  ALTER TABLE listing ADD COLUMN is_blocked INTEGER NOT NULL DEFAULT 0;`;
