// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  EVENT_BATCH_OCTETS_MIN,
  EventBatchWriter,
  type EventRepeat,
  type Observation,
} from '@sentrypeer/event';
import { assert, type Clock, type LogFields, type Logger } from '@sentrypeer/kernel';
import type { DiskSpace } from '../src/file/disk-space.ts';
import type { DialledReader } from '../src/judging/evidence-writer.ts';
import { Store } from '../src/store.ts';

export const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';

/** 2026-03-01T12:00:00Z. */
export const NOON_US = 1_772_366_400_000_000;
export const DAY_US = 86_400_000_000;

/** A directory that is gone at the end of the scope. */
export class TestDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'sentrypeer-store-'));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A clock that stands still until it is set. Each reading of the monotonic time takes `lookMs`. */
export class TestClock implements Clock {
  ms = 0;
  lookMs = 0;
  #us = NOON_US;

  get us(): number {
    return this.#us;
  }

  /** Time passes: the monotonic clock goes with it. */
  set us(us: number) {
    this.ms += Math.max(0, us - this.#us) / 1000;
    this.#us = us;
  }

  /** Somebody sets the wall clock. */
  jumpTo(us: number): void {
    this.#us = us;
  }

  nowMs(): number {
    this.ms += this.lookMs;
    return this.ms;
  }

  epochUs(): number {
    return this.#us;
  }
}

/** Keeps what is logged as `event` and `event code`. */
export class TestLogger implements Logger {
  readonly lines: { readonly event: string; readonly fields: LogFields }[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields });
  }

  info(event: string, fields: LogFields = {}): void {
    this.debug(event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.debug(event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.debug(event, fields);
  }

  events(): readonly string[] {
    return this.lines.map((line) => line.event);
  }
}

let empty: Uint8Array | undefined;

/** A database without rows; its file is made once, because that takes much longer than most tests. */
export function emptyDatabase(directory: TestDirectory): DatabaseSync {
  const path = directory.file('sentrypeer.db');
  if (empty === undefined) {
    Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path }).close();
    empty = readFileSync(path);
  } else {
    writeFileSync(path, empty);
  }
  return new DatabaseSync(path);
}

/** A disk of 100 GiB whose free octets a test sets. */
export class TestDisk implements DiskSpace {
  freeOctets = 50 * 1024 ** 3;

  read(): { readonly freeOctets: number; readonly totalOctets: number } {
    return { freeOctets: this.freeOctets, totalOctets: 100 * 1024 ** 3 };
  }
}

export interface TestEvent extends Partial<Observation> {
  readonly eventUuid?: string;
}

/** A UUID that says which event it belongs to. */
export function uuidOf(index: number): string {
  return `019cab00-0000-7000-8000-${String(index).padStart(12, '0')}`;
}

export const OBSERVATION: Observation = {
  eventEpochUs: NOON_US,
  collectedMethod: 'responsive',
  transportType: 'UDP',
  grade: 'seen',
  messageKind: 'request',
  sourceIp: '203.0.113.5',
  sourcePort: 5071,
  destinationIp: '198.51.100.7',
  destinationPort: 5060,
  calledNumber: '00442071234567',
  calledNumberSource: 'request-uri',
  sipMethod: 'INVITE',
  userAgent: 'friendly-scanner',
  requestUri: 'sip:00442071234567@198.51.100.7',
  toUri: 'sip:00442071234567@198.51.100.7',
  toUser: '00442071234567',
  fromUri: 'sip:100@198.51.100.7',
  fromUser: '100',
  anomalies: [],
  details: undefined,
  sipMessage: new TextEncoder().encode('INVITE sip:00442071234567@198.51.100.7 SIP/2.0\r\n\r\n'),
};

/** One batch of events, of repeats and of a count of dropped messages. */
export function batchOf(
  events: readonly TestEvent[],
  repeats: readonly EventRepeat[] = [],
  droppedCount = 0,
): Uint8Array {
  const size = EVENT_BATCH_OCTETS_MIN + events.length * 2048;
  const writer = new EventBatchWriter(new Uint8Array(size), NODE_ID, 'responsive');
  events.forEach(({ eventUuid, ...observation }, index) => {
    const fits = writer.addEvent(eventUuid ?? uuidOf(index), { ...OBSERVATION, ...observation });
    assert(fits, 'the events of a test fit into one batch');
  });
  for (const repeat of repeats) assert(writer.addRepeat(repeat), 'repeats fit');
  if (droppedCount > 0) assert(writer.addDropped(droppedCount), 'a count fits');
  return writer.finish();
}

/** A batch of events that differ in number and UUID. */
export function distinctBatch(first: number, count: number): Uint8Array {
  return batchOf(
    Array.from({ length: count }, (_, at) => ({
      eventUuid: uuidOf(first + at),
      eventEpochUs: NOON_US + first + at,
      calledNumber: `0044${first + at}`,
    })),
  );
}

/** Reads dialled digits: a number is what their last twelve say. */
export const LAST_DIGITS: Pick<DialledReader, 'read'> = {
  read: (dialled) => {
    const e164 = dialled.replaceAll(/[^0-9]/g, '').slice(-12);
    return { candidates: [e164], unread: undefined, settle: () => ({ e164, confidence: 1 }) };
  },
};

const GRADED = ['address_total', 'number_total', 'user_agent_total'];
const JUDGED = ['address_evidence', 'number_evidence'];
const withoutGradeIndex = (names: readonly string[]): string =>
  names
    .map(
      (name) => `DROP INDEX ${name}_grade_index;
        CREATE INDEX ${name}_last_seen_index ON ${name} (last_seen_us);`,
    )
    .join('');

/** What version 9 brought to the tables that version 5 has not yet made, taken away again. */
const WITHOUT_GRADES = `
  ${withoutGradeIndex(GRADED)}
  ALTER TABLE number_total DROP COLUMN grade;
  ALTER TABLE user_agent_total DROP COLUMN grade;
  DROP INDEX proved_event_index; DROP TABLE judging_due;
  DROP TRIGGER IF EXISTS address_evidence_removed; DROP TRIGGER number_evidence_removed;
  DROP TRIGGER number_block_removed; DROP TRIGGER number_block_lessened;
  DELETE FROM counter WHERE name IN ('judge_options', 'listing_changes');`;

/** What versions 25 and 26 brought, taken away again. */
const WITHOUT_VERSION_28 =
  'DROP TRIGGER foreign_row_replaced; DROP TRIGGER foreign_row_inserted; DROP TRIGGER foreign_row_renumbered; ' +
  'DROP INDEX number_reading_e164_index; DROP TABLE fleet_listing; DROP TABLE fleet_follow;';
const WITHOUT_VERSION_27 = `DROP TABLE pool_withdrawal; DROP INDEX origin_network_index; DROP INDEX pool_page_told_index;
  ALTER TABLE pool_page DROP COLUMN told_address; ALTER TABLE pool_page DROP COLUMN told_network;
  DROP INDEX pool_network_out_index; ALTER TABLE pool_network DROP COLUMN is_out; ALTER TABLE pool_network DROP COLUMN address;`;
const WITHOUT_VERSION_25 = `${WITHOUT_VERSION_28} ${WITHOUT_VERSION_27} DROP TABLE fleet_decision; DROP TRIGGER pool_foretold; DROP TRIGGER pool_foretold_later;
  ALTER TABLE pool_claim DROP COLUMN is_first; ALTER TABLE pool_author DROP COLUMN foretold;`;

/** What versions 24 to 26 brought, taken away again. */
const WITHOUT_VERSION_24 = `${WITHOUT_VERSION_25} DROP TABLE pool_network; DELETE FROM counter WHERE name = 'pool_networks';
  ALTER TABLE pool_author ADD COLUMN network TEXT NOT NULL DEFAULT '';`;

/** What versions 23 to 26 brought, taken away again. */
export const WITHOUT_VERSION_23 = `${WITHOUT_VERSION_24} DROP TABLE rate_total;`;

/** What versions 22 to 26 brought, taken away again. */
const WITHOUT_VERSION_22 = `${WITHOUT_VERSION_23} DROP TABLE fleet_log; DROP TABLE fleet_repeat;`;

/** What versions 21 to 26 brought, taken away again. */
export const WITHOUT_VERSION_21 = `
  ${WITHOUT_VERSION_22}
  DROP INDEX origin_voter_index; ALTER TABLE origin DROP COLUMN name; ALTER TABLE origin DROP COLUMN is_voter;
  ${['author', 'page', 'claim', 'proof', 'admission', 'day'].map((name) => `DROP TABLE pool_${name};`).join(' ')}
  DELETE FROM counter WHERE name GLOB 'pool_*';`;

/** What versions 20 to 25 brought, taken away again. */
const WITHOUT_VERSION_20 = `${WITHOUT_VERSION_21}
  DROP TRIGGER source_total_added; DROP TRIGGER source_total_changed; DROP TRIGGER source_total_removed;
  DROP TRIGGER IF EXISTS address_place_removed; DROP TABLE source_total;
  DROP INDEX address_total_source_index; DROP INDEX address_total_hearsay_index;
  CREATE INDEX address_total_hearsay_index ON address_total (seen_count) WHERE seen_count = 0;
  ALTER TABLE address_total DROP COLUMN source;
  DELETE FROM counter WHERE name = 'crowded_addresses';`;

/** What versions 18 to 25 brought, taken away again. */
const WITHOUT_VERSION_18 = `${WITHOUT_VERSION_20}
  DROP TRIGGER foreign_row_changed; DROP TABLE foreign_change;
  DELETE FROM counter WHERE name IN ('foreign_changed', 'foreign_changed_told', 'lowest_honey_id');
  DROP TRIGGER event_goes; DROP TABLE removed_event;`;

/** The triggers of version 17, by their names. */
export const LIKE_VERSION_17 = `${WITHOUT_VERSION_18}
  CREATE TABLE foreign_removal (honey_id INTEGER PRIMARY KEY) STRICT;
  CREATE TRIGGER foreign_row_goes BEFORE DELETE ON honey BEGIN INSERT INTO foreign_removal VALUES (old.honey_id); END;
  CREATE TRIGGER foreign_row_removed AFTER DELETE ON honey BEGIN UPDATE counter SET value = -1; END;
  CREATE TRIGGER shared_event_removed AFTER DELETE ON honey BEGIN UPDATE counter SET value = -1; END;`;

/** What versions 16 to 20 brought, taken away again. */
const WITHOUT_VERSION_16 = `${WITHOUT_VERSION_18}
  DROP TABLE foreign_rows;
  DELETE FROM counter WHERE name = 'own_removal' OR name GLOB 'foreign_*';`;

/** What versions 15 to 20 brought, taken away again. */
export const WITHOUT_VERSION_15 = `${WITHOUT_VERSION_16} ALTER TABLE hour_total DROP COLUMN shared_count;
  ${GRADED.map(
    (name) => `DROP INDEX ${name}_hearsay_index;
      ${['shared_count', 'shared_first_us', 'shared_last_us']
        .map((column) => `ALTER TABLE ${name} DROP COLUMN ${column};`)
        .join('')}`,
  ).join('')}`;

/** What versions 14 to 20 brought, taken away again. */
export const WITHOUT_VERSION_14 = `
  ${WITHOUT_VERSION_15}
  DROP TRIGGER address_evidence_removed; DROP TABLE address_network;
  DROP INDEX listing_network_index; ALTER TABLE listing DROP COLUMN network;`;

/** What versions 13 to 15 brought, taken away again. */
const WITHOUT_VERSION_13 = `${WITHOUT_VERSION_14} DROP TABLE operator_block; ALTER TABLE listing DROP COLUMN is_blocked;`;

/** What versions 10 to 15 brought, taken away again. */
const WITHOUT_VERSION_10 = `${WITHOUT_VERSION_13} DROP INDEX address_evidence_network_index;${[
  'network',
  'costly_count',
  'attempts_count',
  'target_set',
]
  .map((name) => `ALTER TABLE address_evidence DROP COLUMN ${name};`)
  .join('')}`;

/** What versions 9 to 13 brought, taken away again. */
const WITHOUT_VERSION_9 = `
  ${WITHOUT_VERSION_10}
  ${WITHOUT_GRADES}
  ${withoutGradeIndex(JUDGED)}
  DROP INDEX listing_page_index; DROP INDEX listing_rank_index; DROP INDEX allowance_until_index;
  ${['level', 'grade', 'first_seen_us', 'last_seen_us', 'events_count', 'reasons']
    .map((name) => `ALTER TABLE listing DROP COLUMN ${name};`)
    .join('')}
  ${['level', 'grade', 'since_us']
    .map((name) => `ALTER TABLE listing_change DROP COLUMN ${name};`)
    .join('')}
  UPDATE listing_change SET reason = reason ->> 0;`;

/** What version 8 brought, taken away again. */
const WITHOUT_VERSION_8 = `
  ${WITHOUT_VERSION_9}
  DROP TABLE number_block; DROP TRIGGER number_block_follows_number_evidence;
  DROP INDEX delisting_honey_index; ALTER TABLE delisting DROP COLUMN honey_id;
  DELETE FROM counter WHERE name = 'listed_ranges';`;

/** What versions 7 and 8 brought, taken away again. */
export const WITHOUT_VERSION_7 = `
  ${WITHOUT_VERSION_8}
  DROP INDEX source_ip_index;
  CREATE INDEX source_ip_index ON honey (source_ip);`;

/** What versions 5 to 8 brought, taken away again. */
export const WITHOUT_VERSION_5 = `
  ${WITHOUT_VERSION_7}
  DROP TABLE origin; DROP TABLE shared_event;
  DELETE FROM counter WHERE name IN ('shared_events', 'origins');
  DROP TRIGGER number_reading_follows_number_total;
  DROP TABLE address_evidence; DROP TABLE number_evidence; DROP TABLE number_reading;
  DROP TABLE allowance; DROP TABLE delisting; DROP TABLE listing; DROP TABLE listing_change;
  DELETE FROM counter WHERE name IN
    ('proved_addresses', 'read_numbers', 'listed_addresses', 'listed_numbers', 'decisions');`;
