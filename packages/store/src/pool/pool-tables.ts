// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Version 21: what other nodes say in signed pages (docs/sharing.md). `origin.is_voter` says whose word counts by
 * quorum, which only the operator decides, and `origin.name` is the operator's name for it; an origin that was trusted
 * before is not a voter.
 *
 * `pool_author` has the authors of pages, `state` is alive, retired or liar. All pages below `floor` are replaced.
 * `standing` is 0 for strangers, 1 for those whose claims this node could check, 2 for voters, 3 for this node; pages
 * have it too, because those with the lowest are removed first. If an author states a subject in several pages, the
 * highest serial counts. No `page_id` is used twice, because links follow pages by it. `pool_proof` has two pages of
 * one serial. `pool_admission` has the subjects that voters put before the judge, and `pool_day` how many each day
 * brought.
 */
export const TABLES_OF_VERSION_21 = `
  ALTER TABLE origin ADD COLUMN name TEXT NOT NULL DEFAULT '';
  ALTER TABLE origin ADD COLUMN is_voter INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX origin_voter_index ON origin (node_id) WHERE is_voter;
  CREATE TABLE pool_author (
    author_id INTEGER PRIMARY KEY,
    node_id TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    state TEXT NOT NULL,
    standing INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    network TEXT NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pool_author_idle_index ON pool_author (state, last_seen_us) WHERE pages = 0;
  CREATE INDEX pool_author_standing_index ON pool_author (standing);
  CREATE TABLE pool_page (
    page_id INTEGER PRIMARY KEY AUTOINCREMENT,
    author_id INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    replaces INTEGER NOT NULL,
    made_s INTEGER NOT NULL,
    end_s INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    octets BLOB NOT NULL,
    UNIQUE (author_id, serial)
  ) STRICT;
  CREATE INDEX pool_page_end_index ON pool_page (end_s);
  CREATE INDEX pool_page_room_index ON pool_page (standing, made_s);
  CREATE TABLE pool_claim (
    subject TEXT NOT NULL,
    author_id INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    last_hour INTEGER NOT NULL,
    end_s INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    PRIMARY KEY (subject, author_id, serial)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pool_claim_page_index ON pool_claim (author_id, serial);
  CREATE TABLE pool_proof (
    author_id INTEGER PRIMARY KEY,
    first_octets BLOB NOT NULL,
    second_octets BLOB NOT NULL
  ) STRICT;
  CREATE TABLE pool_admission (
    subject TEXT PRIMARY KEY,
    admitted_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pool_day (
    day INTEGER PRIMARY KEY,
    admitted INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counter (name, value) VALUES ('pool_authors', 0), ('pool_pages', 0), ('pool_claims', 0), ('pool_changes', 0),
    ('pool_admissions', 0), ('pool_resumed_day', 0);`;

/**
 * Version 24: the networks in which links with a node were, the latest of each, so that voters in one network have one
 * vote together (ADR 20). Before, `pool_author` had a column for it that nothing filled.
 */
export const TABLES_OF_VERSION_24 = `
  ALTER TABLE pool_author DROP COLUMN network;
  CREATE TABLE pool_network (
    node_id TEXT NOT NULL,
    network TEXT NOT NULL,
    proved_us INTEGER NOT NULL,
    PRIMARY KEY (node_id, network)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pool_network_age_index ON pool_network (proved_us);
  INSERT INTO counter (name, value) VALUES ('pool_networks', 0);`;

/**
 * Version 25: authors whose claims this node could check. `pool_claim.is_first` says that nobody else named the subject
 * before, even if the claim has moved to another page of its author since. `pool_author.foretold` counts subjects that
 * an author named first and that later proved to be there, here.
 */
export const TABLES_OF_VERSION_25 = `
  ALTER TABLE pool_claim ADD COLUMN is_first INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE pool_author ADD COLUMN foretold INTEGER NOT NULL DEFAULT 0;
  CREATE TRIGGER pool_foretold AFTER INSERT ON address_evidence WHEN NEW.grade > 0 BEGIN
    ${foretold('NEW.address')}
  END;
  CREATE TRIGGER pool_foretold_later AFTER UPDATE OF grade ON address_evidence WHEN NEW.grade > 0 AND OLD.grade = 0 BEGIN
    ${foretold('NEW.address')}
  END;`;

/**
 * Version 27: the operator distrusts networks. `pool_network.is_out` says that a place of a node does not count because
 * of that; `pool_page.told_address` and `told_network` say over which link a page came, both empty if it came by file
 * or was written here. `pool_withdrawal` has the addresses of such links whose pages are being removed.
 */
export const TABLES_OF_VERSION_27 = `
  ALTER TABLE pool_network ADD COLUMN address TEXT NOT NULL DEFAULT '';
  ALTER TABLE pool_network ADD COLUMN is_out INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX pool_network_out_index ON pool_network (node_id) WHERE is_out;
  ALTER TABLE pool_page ADD COLUMN told_address TEXT NOT NULL DEFAULT '';
  ALTER TABLE pool_page ADD COLUMN told_network TEXT NOT NULL DEFAULT '';
  CREATE INDEX pool_page_told_index ON pool_page (told_address, told_network);
  CREATE TABLE pool_withdrawal (
    told_address TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX origin_network_index ON origin (node_id) WHERE trust = 'distrusted' AND instr(node_id, '-') = 0;`;

function foretold(subject: string): string {
  return `UPDATE pool_author SET foretold = foretold + 1
      WHERE author_id = (SELECT author_id FROM pool_claim WHERE pool_claim.subject = ${subject} AND is_first LIMIT 1);`;
}
