// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { firstBits } from '@sentrypeer/ip';
import { openForWriting } from '../../src/file/open-database.ts';
import type { ListedKind } from '../../src/judging/evidence-reader.ts';
import { DAY_US, NOON_US, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

/** An empty database. It is copied, because making one takes longer than a test needs it. */
const EMPTY = emptyDatabase();

function emptyDatabase(): Uint8Array {
  using directory = new TestDirectory();
  const path = directory.file('empty.db');
  const database = openForWriting(path, { clock: new TestClock(), logger: new TestLogger() });
  database.close(); // Which carries the write-ahead log over.
  return readFileSync(path);
}

/** The tables of a database, filled row by row without a judge. */
export class JudgedTables implements Disposable {
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly database: DatabaseSync;

  constructor() {
    writeFileSync(this.path, EMPTY);
    this.database = new DatabaseSync(this.path);
    this.database.exec('PRAGMA synchronous = OFF');
  }

  /** @param text IPv4, or the /64 of an IPv6 address. @param more Other columns. */
  address(text: string, more: Readonly<Record<string, number>> = {}): void {
    this.#insert('address_evidence', {
      address: text,
      grade: 1,
      ...SEEN,
      days_count: 1,
      calls_count: 1,
      credentials_count: 0,
      transport_bits: 1,
      node_bits: 1,
      network: firstBits(text) ?? null,
      ...more,
    });
  }

  number(e164: string, provedCount = 1): void {
    this.#insert('number_evidence', {
      e164,
      grade: 1,
      ...SEEN,
      days_count: 1,
      forms_count: 1,
      confidence: 1,
      source_set: 1,
      node_bits: 1,
      proved_grade: 1,
      proved_first_us: NOON_US,
      proved_last_us: NOON_US,
      proved_days: 1,
      proved_events: provedCount,
      proved_source_set: 1,
      proved_network_set: 1,
    });
  }

  block(block: string, numbersCount: number): void {
    this.#insert('number_block', {
      block,
      example: block.replaceAll('x', '5'),
      numbers_count: numbersCount,
      network_set: 1,
      days_count: 1,
      first_seen_us: NOON_US,
      last_seen_us: NOON_US,
    });
  }

  listing(kind: ListedKind, value: string): void {
    const untilUs = NOON_US + DAY_US;
    const times = { since_us: NOON_US, until_us: untilUs, announced_until_us: untilUs };
    this.#insert('listing', { kind, value, score: 60, ...times });
  }

  /** Voters of the pool name it. */
  admission(subject: string): void {
    this.#insert('pool_admission', { subject, admitted_us: NOON_US });
  }

  /** A hub of the fleet names it. */
  fleet(kind: ListedKind, value: string): void {
    this.#insert('fleet_listing', {
      kind,
      value,
      level: 'listed',
      score: 60,
      grade: 1,
      reasons: '[]',
      since_us: NOON_US,
      until_us: NOON_US + DAY_US,
      ...SEEN,
      is_blocked: 0,
      generation: 1,
    });
  }

  operatorBlock(kind: ListedKind, value: string, untilUs: number | null = null): void {
    const row = { kind, value, comment: '', created_us: NOON_US, until_us: untilUs };
    this.#insert('operator_block', row);
  }

  allowance(value: string, untilUs: number | null = null): void {
    this.#insert('allowance', { value, comment: '', created_us: NOON_US, until_us: untilUs });
  }

  /** @returns The row's id. */
  due(kind: string, value: string): number {
    return this.#insert('judging_due', { kind, value });
  }

  /** What is to be judged, as `kind value`, in order. */
  dues(): readonly string[] {
    return this.rows("SELECT kind || ' ' || value FROM judging_due ORDER BY due_id");
  }

  /** The first column of each row. */
  rows(question: string): readonly string[] {
    return this.database
      .prepare(question)
      .all()
      .map((row) => String(Object.values(row)[0]));
  }

  counter(name: string): number {
    const row = this.database.prepare('SELECT value FROM counter WHERE name = ?').get(name);
    return Number(row?.['value']);
  }

  #insert(table: string, row: Readonly<Record<string, string | number | bigint | null>>): number {
    const names = Object.keys(row);
    const places = names.map(() => '?').join();
    const question = `INSERT INTO ${table} (${names.join()}) VALUES (${places})`;
    const done = this.database.prepare(question).run(...Object.values(row));
    return Number(done.lastInsertRowid);
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

const SEEN = { first_seen_us: NOON_US, last_seen_us: NOON_US, events_count: 1 };
