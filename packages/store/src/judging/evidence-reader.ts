// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Grade, Subject, Transport } from '@sentrypeer/event';
import { bitsWithin, judgedAs, judgedNetwork, type JudgedNetwork } from '@sentrypeer/ip';
import { distinctCount, setCount, wordsOf } from './distinct.ts';
import type { Row } from '../log/event-row.ts';
import { gradeOfRank } from '../log/grades.ts';
import { FollowedReader, type FollowedWord } from '../fleet/followed-reader.ts';
import type { EvidenceFacts, KeptBlock } from './evidence-facts.ts';
import { SaidReader, type Said } from '../pool/said-reader.ts';

export const LISTED_KINDS = ['address', 'number', 'range'] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];

export type ListedSubject = Subject;

export type { EvidenceFacts, KeptBlock } from './evidence-facts.ts';

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
  /** Calls to numbers that cost, as the judging port says. */
  readonly costlyCallsCount: number;
  /** Events that asked for more than an OPTIONS does. */
  readonly attemptsCount: number;
  /** Distinct names and numbers these were for; an estimate. */
  readonly targetsCount: number;
}

/** A listed IPv6 network, as one of the 256 parts of a wider one. */
export interface ReadPart {
  /** 0 to 255. */
  readonly place: number;
  readonly untilEpochUs: number;
}

/** For the events in which a number was called, in any form. */
export interface ReadNumber extends EvidenceOf {
  readonly formsCount: number;
  /** An estimate. */
  readonly sourcesCount: number;
  /** Confidence in the reading of what was dialled, 0 to 1. */
  readonly confidence: number;
  /** For the calls whose caller proved to be there; `undefined` if there were none. */
  readonly proved: ReadProved | undefined;
}

interface ReadProved extends Omit<EvidenceOf, 'nodesCount'> {
  /** Estimates. */
  readonly sourcesCount: number;
  readonly networksCount: number;
}

/** Of the proved calls to numbers of one block. */
export interface ReadRange {
  readonly numbersCount: number;
  /** An estimate. */
  readonly networksCount: number;
  readonly daysCount: number;
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  readonly example: string;
}

export interface KeptDelisting {
  readonly atEpochUs: number;
  readonly comment: string;
}

export interface KeptAllowance {
  readonly value: string;
  readonly comment: string;
  readonly createdEpochUs: number;
  /** `undefined` if it always holds. */
  readonly untilEpochUs: number | undefined;
}

/** Bits of `transport_bits`, by place. Part of the schema. */
export const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];

const ADDRESS_COLUMNS = `grade, first_seen_us, last_seen_us, days_count, events_count, calls_count, credentials_count,
  transport_bits, node_bits, tool, costly_count, attempts_count, ${wordsOf('target_set')}`;
const NUMBER_COLUMNS = `grade, first_seen_us, last_seen_us, days_count, events_count, forms_count, confidence, node_bits,
  proved_grade, proved_first_us, proved_last_us, proved_days, proved_events,
  ${['source_set', 'proved_source_set', 'proved_network_set'].map(wordsOf).join(', ')}`;

/** Reads the evidence for and against a listing, on a connection that its owner shares. */
export class EvidenceReader {
  readonly #address: StatementSync;
  readonly #number: StatementSync;
  readonly #forms: StatementSync;
  readonly #meaning: StatementSync;
  readonly #range: StatementSync;
  readonly #seen: StatementSync;
  readonly #facts: Readonly<Record<ListedKind, StatementSync>>;
  readonly #parts: StatementSync;
  readonly #partsCount: StatementSync;
  readonly #partsFacts: StatementSync;
  readonly #delisting: StatementSync;
  readonly #delistedIn: StatementSync;
  readonly #allowances: StatementSync;
  readonly #blocks: StatementSync;
  readonly #decisions: StatementSync;
  readonly #judgedBy: StatementSync;
  readonly #said: SaidReader;
  readonly #followed: FollowedReader;

  constructor(database: DatabaseSync) {
    this.#address = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_evidence WHERE address = ?`,
    );
    this.#number = database.prepare(
      `SELECT ${NUMBER_COLUMNS} FROM number_evidence WHERE e164 = ? AND events_count > 0`,
    );
    this.#forms = database.prepare('SELECT forms_count FROM number_evidence WHERE e164 = ?');
    this.#meaning = database.prepare(`
      SELECT e164 FROM number_total JOIN number_reading USING (total_id) WHERE number = ?`);
    this.#range = database.prepare(`
      SELECT example, numbers_count, days_count, first_seen_us, last_seen_us, ${wordsOf('network_set')}
      FROM number_block WHERE block = ?`);
    this.#seen = database.prepare(
      'SELECT 1 FROM address_total WHERE address = ? AND seen_count > 0',
    );
    const facts = 'SELECT grade, first_seen_us, last_seen_us, events_count';
    this.#facts = {
      address: database.prepare(`${facts} FROM address_evidence WHERE address = ?`),
      number: database.prepare(`${facts} FROM number_evidence WHERE e164 = ? AND events_count > 0`),
      // Only proved calls count for a block, at least of the weaker grade.
      range: database.prepare(`
        SELECT 1 AS grade, first_seen_us, last_seen_us, numbers_count AS events_count FROM number_block WHERE block = ?`),
    };
    // The /64 of a /56, the /56 of a /48. One text of all of them costs a third of up to 256 rows.
    this.#parts = database.prepare(`
      SELECT json_group_array((network >> iif(?1 = 64, 0, 8)) & 255) AS places, json_group_array(until_us) AS untils
      FROM address_network WHERE length = ?1 AND network BETWEEN ?2 AND ?3`);
    this.#partsCount = database.prepare(`
      SELECT count(*) AS parts FROM address_network WHERE length = ? AND network BETWEEN ? AND ?`);
    this.#partsFacts = database.prepare(`
      SELECT max(grade) AS grade, min(first_seen_us) AS first_seen_us, max(last_seen_us) AS last_seen_us,
        sum(events_count) AS events_count FROM address_network WHERE length = ? AND network BETWEEN ? AND ?`);
    this.#delisting = database.prepare('SELECT * FROM delisting WHERE kind = ? AND value = ?');
    this.#delistedIn = database.prepare(`
      SELECT value FROM delisting WHERE kind = 'number' AND value BETWEEN replace(?1, 'x', '0') AND replace(?1, 'x', '9')
        AND length(value) = length(?1)
        AND NOT EXISTS (SELECT 1 FROM number_evidence WHERE e164 = value AND proved_events > 0) LIMIT 1`);
    this.#allowances = database.prepare('SELECT * FROM allowance ORDER BY value');
    this.#blocks = database.prepare('SELECT * FROM operator_block ORDER BY kind, value');
    this.#decisions = database.prepare("SELECT value FROM counter WHERE name = 'decisions'");
    this.#judgedBy = database.prepare("SELECT value FROM counter WHERE name = 'judge_options'");
    this.#said = new SaidReader(database);
    this.#followed = new FollowedReader(database);
  }

  /** @param address For IPv6, its /64 counts. */
  address(address: string): ProvedAddress | undefined {
    const row = this.#address.get(judgedAs(address));
    if (row === undefined) return undefined;
    const bits = Number(row['transport_bits']);
    return {
      ...evidenceOf(row),
      transports: TRANSPORTS.filter((_, place) => (bits & (1 << place)) !== 0),
      tool: typeof row['tool'] === 'string' ? row['tool'] : undefined,
      credentialsCount: Number(row['credentials_count']),
      callsCount: Number(row['calls_count']),
      costlyCallsCount: Number(row['costly_count']),
      attemptsCount: Number(row['attempts_count']),
      targetsCount: setCount(row, 'target_set'),
    };
  }

  /** How many parts of a /56 or a /48 are listed by their own evidence. */
  listedPartsCount({ bits, length }: JudgedNetwork): number {
    const { first, last } = bitsWithin(bits, length);
    return Number(this.#partsCount.get(length + 8, first, last)?.['parts']);
  }

  /** What is listed inside a /56 or a /48, each part by its own evidence. */
  listedParts({ bits, length }: JudgedNetwork): readonly ReadPart[] {
    const { first, last } = bitsWithin(bits, length);
    const row = this.#parts.get(length + 8, first, last);
    const untils = numbersOf(row?.['untils']);
    return numbersOf(row?.['places']).map((place, at) => ({
      place,
      untilEpochUs: untils[at] ?? 0,
    }));
  }

  /** @param e164 Without its plus; or the digits, if they are not an E.164 number. */
  number(e164: string): ReadNumber | undefined {
    const row = this.#number.get(e164);
    if (row === undefined) return undefined;
    return {
      ...evidenceOf(row),
      formsCount: Number(row['forms_count']),
      sourcesCount: setCount(row, 'source_set'),
      confidence: Number(row['confidence']),
      proved: provedOf(row),
    };
  }

  /** The number that exactly these digits, with or without a plus, were read as; otherwise the digits themselves. */
  meaningOf(digits: string): string | undefined {
    const plain = digits.startsWith('+') ? digits.slice(1) : digits;
    const row =
      this.#meaning.get(digits) ?? this.#meaning.get(digits === plain ? `+${plain}` : plain);
    return typeof row?.['e164'] === 'string' ? row['e164'] : undefined;
  }

  /** Whether anything came from the address here; what other nodes share does not count. */
  wasMet(address: string): boolean {
    return this.#seen.get(address) !== undefined;
  }

  /** @param block Such as `46850780xx`. */
  range(block: string): ReadRange | undefined {
    const row = this.#range.get(block);
    if (row === undefined) return undefined;
    return {
      numbersCount: Number(row['numbers_count']),
      networksCount: setCount(row, 'network_set'),
      daysCount: Number(row['days_count']),
      firstEpochUs: Number(row['first_seen_us']),
      lastEpochUs: Number(row['last_seen_us']),
      example: String(row['example']),
    };
  }

  /** Dialled forms that may have meant the number. */
  formsOf(e164: string): number {
    return Number(this.#forms.get(e164)?.['forms_count'] ?? 0);
  }

  /** What an entry of the feed says about the evidence behind it; `undefined` if the subject has none of its own. */
  facts({ kind, value }: ListedSubject): EvidenceFacts | undefined {
    const network = kind === 'address' ? judgedNetwork(value) : undefined;
    const row =
      network === undefined || network.length === 64
        ? this.#facts[kind].get(value)
        : this.#factsWithin(network);
    if (row === undefined || row['grade'] === null) return undefined;
    return {
      grade: gradeOfRank(Number(row['grade'])),
      firstEpochUs: Number(row['first_seen_us']),
      lastEpochUs: Number(row['last_seen_us']),
      eventsCount: Number(row['events_count']),
    };
  }

  #factsWithin({ bits, length }: JudgedNetwork): Row | undefined {
    const { first, last } = bitsWithin(bits, length);
    return this.#partsFacts.get(length + 8, first, last);
  }

  delisting({ kind, value }: ListedSubject): KeptDelisting | undefined {
    const row = this.#delisting.get(kind, value);
    if (row === undefined) return undefined;
    return {
      atEpochUs: Number(row['at_us']),
      comment: String(row['comment']),
    };
  }

  /**
   * A delisted number of the block that no proved caller has called since. @param block Such as `46850780xx`.
   */
  delistedIn(block: string): string | undefined {
    const value = this.#delistedIn.get(block)?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  allowances(): readonly KeptAllowance[] {
    return this.#allowances.all().map((row) => ({
      value: String(row['value']),
      comment: String(row['comment']),
      createdEpochUs: Number(row['created_us']),
      untilEpochUs: row['until_us'] === null ? undefined : Number(row['until_us']),
    }));
  }

  /** What the operator blocked. */
  blocks(): readonly KeptBlock[] {
    return this.#blocks.all().map((row) => ({
      subject: {
        kind: LISTED_KINDS.find((kind) => kind === row['kind']) ?? 'number',
        value: String(row['value']),
      },
      comment: String(row['comment']),
      createdEpochUs: Number(row['created_us']),
      untilEpochUs: row['until_us'] === null ? undefined : Number(row['until_us']),
    }));
  }

  /** What other nodes say in the pool; `undefined` if they say nothing. */
  said({ kind, value }: ListedSubject): Said | undefined {
    return kind === 'range'
      ? undefined
      : this.#said.said(kind === 'address' ? judgedAs(value) : value);
  }

  /** Whether the pool says anything, about any subject. */
  isPoolHeard(): boolean {
    return this.#said.isAny();
  }

  /** What hubs of the fleet list from evidence; `undefined` if they do not, or nobody is followed. */
  fleet(subject: ListedSubject): FollowedWord | undefined {
    return this.#followed.word(subject);
  }

  /** The kinds of which the followed hubs of a fleet list anything; empty if nobody is followed. */
  followedKinds(): ReadonlySet<ListedSubject['kind']> {
    return this.#followed.kinds();
  }

  /** What operators blocked at hubs of the fleet that this node follows. */
  fleetBlocks(): readonly KeptBlock[] {
    return this.#followed.blocks();
  }

  /** By which options the node has judged everything there is; `undefined` before that. */
  judgedByHash(): number | undefined {
    const value = Number(this.#judgedBy.get()?.['value'] ?? 0);
    return value === 0 ? undefined : value;
  }

  /** Changes with each decision of the operator: what is allowed or blocked may be different. */
  decisionsCount(): number {
    return Number(this.#decisions.get()?.['value'] ?? 0);
  }
}

/** @param json An array of numbers that SQLite made. */
function numbersOf(json: unknown): readonly number[] {
  const values: unknown = JSON.parse(String(json));
  return Array.isArray(values) ? values.map(Number) : [];
}

function provedOf(row: Row): ReadProved | undefined {
  const eventsCount = Number(row['proved_events']);
  if (eventsCount === 0) return undefined;
  return {
    grade: gradeOfRank(Number(row['proved_grade'])),
    eventsCount,
    firstEpochUs: Number(row['proved_first_us']),
    lastEpochUs: Number(row['proved_last_us']),
    daysCount: Number(row['proved_days']),
    sourcesCount: setCount(row, 'proved_source_set'),
    networksCount: setCount(row, 'proved_network_set'),
  };
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
