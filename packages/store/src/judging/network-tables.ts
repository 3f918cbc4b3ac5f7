// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { judgedAs, networksOf } from '@sentrypeer/ip';

/**
 * Version 14: evidence against IPv6 is kept by /64, and so are its listings. `network` is the first 64 bits of an IPv6
 * network as a signed number. `address_network` has the networks that are listed by their own evidence: /64, /56 and
 * /48, also while a wider one is the entry of the lists. Evidence kept by address is joined, and judged again as soon
 * as the judge runs: first the new entries, then the old ones, so that nothing is off the lists meanwhile.
 */
const TABLES_OF_VERSION_14 = `
  DROP INDEX address_evidence_network_index;
  ALTER TABLE address_evidence DROP COLUMN network;
  ALTER TABLE address_evidence ADD COLUMN network INTEGER;
  CREATE INDEX address_evidence_network_index ON address_evidence (network) WHERE network IS NOT NULL;
  ALTER TABLE listing ADD COLUMN network INTEGER;
  CREATE INDEX listing_network_index ON listing (network) WHERE network IS NOT NULL;
  CREATE TABLE address_network (
    length INTEGER NOT NULL,
    network INTEGER NOT NULL,
    value TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    grade INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    events_count INTEGER NOT NULL,
    PRIMARY KEY (length, network)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX address_network_until_index ON address_network (until_us);
  DROP TRIGGER address_evidence_removed;
  CREATE TRIGGER address_evidence_removed AFTER DELETE ON address_evidence BEGIN
    UPDATE delisting SET events_count = 0 WHERE kind = 'address' AND value = OLD.address;
    INSERT INTO judging_due (kind, value) SELECT 'address', OLD.address
      WHERE EXISTS (SELECT 1 FROM listing WHERE kind = 'address' AND value = OLD.address)
      OR EXISTS (SELECT 1 FROM address_network WHERE length = 64 AND network = OLD.network);
  END;
  INSERT INTO address_evidence (address, network, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
      credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
    SELECT judged_as(address), network_bits(address), grade, first_seen_us, last_seen_us, days_count, events_count,
      calls_count, credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set
    FROM address_evidence WHERE instr(address, ':') > 0 AND instr(address, '/') = 0 AND network_bits(address) IS NOT NULL
    ON CONFLICT (address) DO UPDATE SET grade = max(grade, excluded.grade),
      first_seen_us = min(first_seen_us, excluded.first_seen_us), last_seen_us = max(last_seen_us, excluded.last_seen_us),
      days_count = max(days_count, excluded.days_count), events_count = events_count + excluded.events_count,
      calls_count = calls_count + excluded.calls_count,
      credentials_count = credentials_count + excluded.credentials_count,
      transport_bits = transport_bits | excluded.transport_bits, node_bits = node_bits | excluded.node_bits,
      tool = coalesce(tool, excluded.tool), costly_count = costly_count + excluded.costly_count,
      attempts_count = attempts_count + excluded.attempts_count, target_set = target_set | excluded.target_set;
  INSERT INTO judging_due (kind, value) SELECT 'address', address FROM address_evidence WHERE network IS NOT NULL;
  DELETE FROM address_evidence WHERE instr(address, ':') > 0 AND network IS NULL;
  UPDATE counter SET value = (SELECT count(*) FROM address_evidence) WHERE name = 'proved_addresses';
  INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
    SELECT kind, judged_as(value), at_us, 0, honey_id, comment FROM delisting
    WHERE kind = 'address' AND judged_as(value) <> value
    ON CONFLICT (kind, value) DO UPDATE SET at_us = max(at_us, excluded.at_us),
      honey_id = max(honey_id, excluded.honey_id);
  DELETE FROM delisting WHERE kind = 'address' AND judged_as(value) <> value;`;

/** Creates the tables, within the transaction of a migration. */
export function addNetworkTables(database: DatabaseSync): void {
  database.function('judged_as', (text) => judgedAs(String(text)));
  database.function('network_bits', (text) => networksOf(String(text))?.[0]?.bits ?? null);
  database.exec(TABLES_OF_VERSION_14);
}
