// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** `user_version` of the schema below. SentryPeer 4.x has 0. */
export const SCHEMA_VERSION = 31;

/** The table as SentryPeer 4.x creates it; its names and meanings are fixed (docs/database.md). */
export const HONEY_TABLE = `
  CREATE TABLE honey (
    honey_id INTEGER PRIMARY KEY,
    event_timestamp TEXT,
    event_uuid TEXT,
    collected_method TEXT,
    source_ip TEXT,
    called_number TEXT,
    transport_type TEXT,
    method TEXT,
    user_agent TEXT,
    sip_message TEXT,
    created_by_node_id TEXT,
    created_at DATETIME DEFAULT(STRFTIME('%Y-%m-%d %H:%M:%f','NOW'))
  )`;

/** `created_at` accepts any type; only a text is a time. */
export const CREATED_AT = `iif(typeof(created_at) = 'text', created_at, NULL)`;

/** When a row was recorded, as a text; otherwise `event_timestamp`, a text or octets. */
export const RECORDED = `coalesce(${CREATED_AT}, event_timestamp)`;

/** The most messages that a row counts, whatever another program wrote there. */
const SEEN_COUNT_MAX = 2 ** 40;

/** How many messages a row counts; one if it does not say so. */
export const SEEN_COUNT = `min(max(1, CAST(coalesce(seen_count, 1) AS INTEGER)), ${SEEN_COUNT_MAX})`;

/** Tells a `honey` table of SentryPeer from one that only has its name. */
export const HONEY_COLUMNS: readonly string[] = [
  'honey_id',
  'event_timestamp',
  'event_uuid',
  'collected_method',
  'source_ip',
  'called_number',
  'transport_type',
  'method',
  'user_agent',
  'sip_message',
  'created_by_node_id',
  'created_at',
];

/** Columns of version 1, name and declaration. */
export const HONEY_COLUMNS_ADDED: ReadonlyMap<string, string> = new Map([
  ['source_port', 'INTEGER'],
  ['destination_ip', 'TEXT'],
  ['destination_port', 'INTEGER'],
  ['message_kind', 'TEXT'],
  ['request_uri', 'TEXT'],
  ['to_uri', 'TEXT'],
  ['to_user', 'TEXT'],
  ['from_uri', 'TEXT'],
  ['from_user', 'TEXT'],
  ['called_number_source', 'TEXT'],
  ['grade', 'TEXT'],
  ['anomalies', 'TEXT'],
  ['details', 'TEXT'],
  ['seen_count', 'INTEGER NOT NULL DEFAULT 1'],
  ['last_seen', 'TEXT'],
]);

/** The index of SentryPeer 4.x on `source_ip` is replaced in version 7. */
export const HONEY_INDEXES = `
  CREATE INDEX IF NOT EXISTS called_number_index ON honey (called_number);
  CREATE INDEX IF NOT EXISTS event_uuid_index ON honey (event_uuid);`;

/** Events of one block of `source_ip_index`. Chosen by measurement; part of the schema, so that it stays. */
export const BLOCK_EVENTS = 16_384;

/** An expression of the index, as it must appear in every query that uses it. */
export const BLOCK_OF_EVENT = `honey_id / ${BLOCK_EVENTS}`;

/**
 * Version 7: the index on the address is divided into blocks of events. By address alone, a flood from a thousand
 * addresses writes to a thousand pages with each commit; within a block these addresses share some dozens of pages. The
 * row of statistics tells SQLite that few blocks hold many events, so that `WHERE source_ip = …` alone, as others
 * query, skips from block to block.
 */
export const INDEX_OF_VERSION_7 = `
  DROP INDEX IF EXISTS source_ip_index;
  CREATE INDEX source_ip_index ON honey (${BLOCK_OF_EVENT}, source_ip);
  ANALYZE sqlite_schema;
  INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('honey', 'source_ip_index', '1000000 ${BLOCK_EVENTS} 16');`;

/**
 * Our own tables. Totals have a number as their key, so that a flood of new numbers appends to the table and touches
 * random pages only in the one index on the text: a third less is written than with the text as the key. Times are
 * wall-clock microseconds; `grade` is the place in the list of grades, the highest ever seen.
 */
export const OWN_TABLES = `
  CREATE TABLE address_total (
    total_id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    grade INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX address_total_last_seen_index ON address_total (last_seen_us);
  CREATE TABLE number_total (
    total_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    seen_count INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX number_total_last_seen_index ON number_total (last_seen_us);
  CREATE TABLE pending_repeat (
    event_uuid TEXT PRIMARY KEY,
    repeat_count INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    honey_id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counter (name, value) VALUES
    ('last_honey_id', 0), ('dropped_messages', 0), ('addresses', 0), ('numbers', 0);`;

/**
 * Tables of version 2. `hour_total` counts messages; its hours are counted from the epoch, its methods are those of
 * `REGISTERED_METHODS`. Only the SHA-256 of a key is stored.
 */
export const TABLES_OF_VERSION_2 = `
  CREATE TABLE user_agent_total (
    total_id INTEGER PRIMARY KEY,
    user_agent TEXT NOT NULL UNIQUE,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    seen_count INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX user_agent_total_last_seen_index ON user_agent_total (last_seen_us);
  CREATE TABLE hour_total (
    hour INTEGER NOT NULL,
    method TEXT NOT NULL,
    transport TEXT NOT NULL,
    seen_count INTEGER NOT NULL,
    PRIMARY KEY (hour, method, transport)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE api_key (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counter (name, value) VALUES ('user_agents', 0);`;

/**
 * Tables of version 3: endpoints that events are delivered to, and the events that they refused for good. Those events
 * are in `honey` as long as retention keeps them.
 */
export const TABLES_OF_VERSION_3 = `
  CREATE TABLE endpoint_status (
    endpoint TEXT PRIMARY KEY,
    requests INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    accepted_us INTEGER,
    error_code TEXT,
    error_message TEXT,
    error_us INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead_letter (
    letter_id INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    event_uuid TEXT NOT NULL,
    reason TEXT NOT NULL,
    refused_us INTEGER NOT NULL,
    to_send INTEGER NOT NULL DEFAULT 0,
    UNIQUE (endpoint, event_uuid)
  ) STRICT;
  CREATE INDEX dead_letter_to_send_index ON dead_letter (endpoint, letter_id) WHERE to_send = 1;`;

/**
 * Tables of version 4: where addresses are, and totals of that. `counted` is the number of an address's messages that
 * are in the totals; an unknown country is empty. The totals are those of the existing addresses.
 */
export const TABLES_OF_VERSION_4 = `
  CREATE TABLE address_place (
    total_id INTEGER PRIMARY KEY,
    country TEXT NOT NULL,
    network TEXT NOT NULL,
    counted INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE country_total (
    country TEXT PRIMARY KEY,
    addresses INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE network_total (
    network TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    addresses INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX network_total_seen_count_index ON network_total (seen_count, network);
  CREATE TRIGGER address_place_removed AFTER DELETE ON address_total BEGIN
    UPDATE country_total SET (addresses, seen_count) = (SELECT addresses - 1, seen_count - counted
      FROM address_place WHERE total_id = old.total_id)
      WHERE country = (SELECT country FROM address_place WHERE total_id = old.total_id);
    DELETE FROM country_total WHERE addresses = 0
      AND country = (SELECT country FROM address_place WHERE total_id = old.total_id);
    UPDATE network_total SET (addresses, seen_count) = (SELECT addresses - 1, seen_count - counted
      FROM address_place WHERE total_id = old.total_id)
      WHERE network = (SELECT network FROM address_place WHERE total_id = old.total_id);
    DELETE FROM network_total WHERE addresses = 0
      AND network = (SELECT network FROM address_place WHERE total_id = old.total_id);
    DELETE FROM address_place WHERE total_id = old.total_id;
  END;
  INSERT INTO counter (name, value) VALUES ('placed_source', 0), ('placed_total_id', 0),
    ('placed_last_seen_us', 0), ('placed_last_seen_id', 0);`;

/**
 * Tables of version 5, filled by a cursor on the event log: evidence against addresses that proved to be there, and
 * against numbers in whatever form they were dialled, without their plus. A row of `number_evidence` without events is
 * a suffix that dialled digits may have meant. `number_reading` says what the digits of a row of `number_total` mean.
 * Bits count distinct sources and nodes (`distinctCount()`). Of what is listed, `announced_until_us` is the time that
 * followers of `listing_change` know.
 */
export const TABLES_OF_VERSION_5 = `
  CREATE TABLE address_evidence (
    total_id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    grade INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    days_count INTEGER NOT NULL,
    events_count INTEGER NOT NULL,
    calls_count INTEGER NOT NULL,
    credentials_count INTEGER NOT NULL,
    transport_bits INTEGER NOT NULL,
    node_bits INTEGER NOT NULL,
    tool TEXT
  ) STRICT;
  CREATE INDEX address_evidence_last_seen_index ON address_evidence (last_seen_us);
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
    source_bits INTEGER NOT NULL,
    node_bits INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX number_evidence_last_seen_index ON number_evidence (last_seen_us);
  CREATE TABLE number_reading (
    total_id INTEGER PRIMARY KEY,
    e164 TEXT,
    grade INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER number_reading_follows_number_total AFTER DELETE ON number_total BEGIN
    DELETE FROM number_reading WHERE total_id = OLD.total_id;
  END;
  CREATE TABLE allowance (
    value TEXT PRIMARY KEY,
    comment TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    until_us INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE delisting (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    events_count INTEGER NOT NULL,
    comment TEXT NOT NULL,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX delisting_at_index ON delisting (at_us);
  CREATE TABLE listing (
    listing_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    announced_until_us INTEGER NOT NULL,
    score INTEGER NOT NULL,
    UNIQUE (kind, value)
  ) STRICT;
  CREATE INDEX listing_until_index ON listing (kind, until_us);
  CREATE TABLE listing_change (
    change_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    change TEXT NOT NULL,
    score INTEGER NOT NULL,
    until_us INTEGER,
    reason TEXT NOT NULL
  ) STRICT;
  INSERT INTO counter (name, value) VALUES ('proved_addresses', 0), ('read_numbers', 0),
    ('listed_addresses', 0), ('listed_numbers', 0), ('decisions', 0);`;
