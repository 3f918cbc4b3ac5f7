// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Grade, Transport } from '@sentrypeer/event';
import { distinctCount } from './distinct.ts';
import type { Row } from '../log/event-row.ts';
import { gradeOfRank } from '../log/grades.ts';

/** What can be listed: an address, or a number of E.164 without its plus. */
export interface ListedSubject {
  readonly kind: 'address' | 'number';
  readonly value: string;
}

interface EvidenceOf {
  readonly grade: Grade;
  readonly eventsCount: number;
  /** Wall-clock microseconds. */
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  readonly daysCount: number;
  /** An estimate. */
  readonly nodesCount: number;
}

/** Of the events in which an address proved to be there. */
export interface ProvedAddress extends EvidenceOf {
  readonly transports: readonly Transport[];
  readonly tool: string | undefined;
  readonly credentialsCount: number;
  readonly callsCount: number;
}

/** Of the events in which a number was called, in any form. */
export interface ReadNumber extends EvidenceOf {
  readonly formsCount: number;
  /** An estimate. */
  readonly sourcesCount: number;
  /** How sure the reading of what was dialled is, 0 to 1. */
  readonly confidence: number;
}

export interface KeptDelisting {
  readonly atEpochUs: number;
  readonly eventsCount: number;
  readonly comment: string;
}

export interface KeptAllowance {
  readonly value: string;
  readonly comment: string;
  readonly createdEpochUs: number;
  /** `undefined` where it always holds. */
  readonly untilEpochUs: number | undefined;
}

/** Bits of `transport_bits`, by place. Part of the schema. */
export const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];

/** Rows of a number that are looked at where others share, so that a look-up stays one of some tens of microseconds. */
const MET_ROWS = 64;

const ADDRESS_COLUMNS =
  'grade, first_seen_us, last_seen_us, days_count, events_count, calls_count, credentials_count, transport_bits, node_bits, tool';
const NUMBER_COLUMNS =
  'grade, first_seen_us, last_seen_us, days_count, events_count, forms_count, confidence, source_bits, node_bits';

/** Reads what speaks for and against a listing, on a connection that its owner shares. */
export class EvidenceReader {
  readonly #address: StatementSync;
  readonly #number: StatementSync;
  readonly #forms: StatementSync;
  readonly #dialled: StatementSync;
  readonly #hasHearsay: StatementSync;
  readonly #met: StatementSync;
  readonly #delisting: StatementSync;
  readonly #allowances: StatementSync;
  readonly #decisions: StatementSync;

  constructor(database: DatabaseSync) {
    this.#address = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_evidence WHERE address = ?`,
    );
    this.#number = database.prepare(
      `SELECT ${NUMBER_COLUMNS} FROM number_evidence WHERE e164 = ? AND events_count > 0`,
    );
    this.#forms = database.prepare('SELECT forms_count FROM number_evidence WHERE e164 = ?');
    this.#dialled = database.prepare(`
      SELECT first_seen_us, last_seen_us, seen_count, coalesce(grade, 0) AS grade
      FROM number_total LEFT JOIN number_reading USING (total_id) WHERE number = ?`);
    this.#hasHearsay = database.prepare(
      "SELECT 1 FROM counter WHERE name = 'shared_events' AND value > 0",
    );
    this.#met = database.prepare(`
      SELECT count(*) AS rows, count(met_us) AS met, min(met_us) AS first_us, max(met_us) AS last_us FROM
        (SELECT iif(EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id), NULL,
          unixepoch(substr(event_timestamp, 1, 19)) * 1000000) AS met_us
        FROM honey WHERE called_number = ? ORDER BY honey_id DESC LIMIT ${MET_ROWS})`);
    this.#delisting = database.prepare('SELECT * FROM delisting WHERE kind = ? AND value = ?');
    this.#allowances = database.prepare('SELECT * FROM allowance ORDER BY value');
    this.#decisions = database.prepare("SELECT value FROM counter WHERE name = 'decisions'");
  }

  address(address: string): ProvedAddress | undefined {
    const row = this.#address.get(address);
    if (row === undefined) return undefined;
    const bits = Number(row['transport_bits']);
    return {
      ...evidenceOf(row),
      transports: TRANSPORTS.filter((_, place) => (bits & (1 << place)) !== 0),
      tool: typeof row['tool'] === 'string' ? row['tool'] : undefined,
      credentialsCount: Number(row['credentials_count']),
      callsCount: Number(row['calls_count']),
    };
  }

  /** @param e164 Without its plus. */
  number(e164: string): ReadNumber | undefined {
    const row = this.#number.get(e164);
    if (row === undefined) return undefined;
    return {
      ...evidenceOf(row),
      formsCount: Number(row['forms_count']),
      sourcesCount: distinctCount(Number(row['source_bits'])),
      confidence: Number(row['confidence']),
    };
  }

  /** Of exactly these digits, with or without a plus. */
  dialled(number: string): ReadNumber | undefined {
    const other = number.startsWith('+') ? number.slice(1) : `+${number}`;
    const inForm = this.#dialled.get(number);
    const row = inForm ?? this.#dialled.get(other);
    if (row === undefined) return undefined;
    const times = this.#timesMet(inForm === undefined ? other : number, row);
    if (times === undefined) return undefined;
    return {
      grade: gradeOfRank(Number(row['grade'])),
      ...times,
      daysCount: 1,
      nodesCount: 1,
      formsCount: 1,
      sourcesCount: 1,
      confidence: 1,
    };
  }

  /** How often and when it was called here: the total also has what other nodes share, which is no evidence. */
  #timesMet(
    number: string,
    row: Row,
  ): Pick<ReadNumber, 'eventsCount' | 'firstEpochUs' | 'lastEpochUs'> | undefined {
    const met = this.#hasHearsay.get() === undefined ? undefined : this.#met.get(number);
    if (met === undefined || met['rows'] === met['met']) {
      return {
        eventsCount: Number(row['seen_count']),
        firstEpochUs: Number(row['first_seen_us']),
        lastEpochUs: Number(row['last_seen_us']),
      };
    }
    if (met['met'] === 0) return undefined;
    return {
      eventsCount: Number(met['met']),
      firstEpochUs: Number(met['first_us']),
      lastEpochUs: Number(met['last_us']),
    };
  }

  /** Dialled forms that may have meant the number. */
  formsOf(e164: string): number {
    return Number(this.#forms.get(e164)?.['forms_count'] ?? 0);
  }

  delisting({ kind, value }: ListedSubject): KeptDelisting | undefined {
    const row = this.#delisting.get(kind, value);
    if (row === undefined) return undefined;
    return {
      atEpochUs: Number(row['at_us']),
      eventsCount: Number(row['events_count']),
      comment: String(row['comment']),
    };
  }

  allowances(): readonly KeptAllowance[] {
    return this.#allowances.all().map((row) => ({
      value: String(row['value']),
      comment: String(row['comment']),
      createdEpochUs: Number(row['created_us']),
      untilEpochUs: row['until_us'] === null ? undefined : Number(row['until_us']),
    }));
  }

  /** Another number after each decision of the operator: what is allowed may be different. */
  decisionsCount(): number {
    return Number(this.#decisions.get()?.['value'] ?? 0);
  }
}

function evidenceOf(row: Row): EvidenceOf {
  return {
    grade: gradeOfRank(Number(row['grade'])),
    eventsCount: Number(row['events_count']),
    firstEpochUs: Number(row['first_seen_us']),
    lastEpochUs: Number(row['last_seen_us']),
    daysCount: Number(row['days_count']),
    nodesCount: distinctCount(Number(row['node_bits'])),
  };
}
