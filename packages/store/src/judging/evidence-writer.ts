// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatJudgedNumber } from '@sentrypeer/event';
import { networksOf } from '@sentrypeer/ip';
import type { Counters } from '../totals/counters.ts';
import { BlockNumbers } from './block-numbers.ts';
import { EvidenceCaps } from './evidence-caps.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { Rates } from '../totals/rates.ts';
import type { AddressSum, DialledSum, EvidenceSums } from './evidence-sums.ts';

/** Reads dialled digits, as `packages/numbers` does. */
export interface DialledReader {
  read(dialled: string): DialledReading;
  /** Number of other numbers in a block from which less is needed to list one. */
  readonly hotNumbersCount: number;
  /** Blocks of a number, as `blocksOf()` names them. */
  blocksOf(e164: string): readonly string[];
  /** Whether only an attacker calls that from here: premium numbers, numbers abroad. @param dialled As dialled. */
  isCostly(dialled: string, settled: Settled): boolean;
}

interface DialledReading {
  /** E.164 numbers that the digits may mean, without their plus; a few. */
  readonly candidates: readonly string[];
  /** What is judged if there are none: the digits; `undefined` if they are not a number at all. */
  readonly unread: string | undefined;
  /** Chooses one, by the number of dialled forms that may mean each. */
  settle(formsOf: (e164: string) => number): Settled | undefined;
}

export interface Settled {
  readonly e164: string;
  /** 0 to 1. */
  readonly confidence: number;
}

/** The number that dialled digits mean, and whether these are the first calls to it that are proved. */
interface Written {
  readonly number: string;
  readonly isFirstProof: boolean;
}

const DAY_US = 86_400_000_000;

/** The number of days after an upsert, from the existing ones and those that are added. */
function days(count: string, first: string, last: string, events: string): string {
  return `${count} = CASE WHEN ${events} = 0 THEN excluded.${count} WHEN excluded.${events} = 0 THEN ${count}
    WHEN excluded.${first} / ${DAY_US} > ${last} / ${DAY_US} THEN ${count} + excluded.${count}
    WHEN excluded.${last} / ${DAY_US} > ${last} / ${DAY_US} THEN ${count} + max(1, excluded.${count} - 1)
    ELSE ${count} END`;
}

/** The same for times. A row without events was only named, and its times do not count. */
function seen(first: string, last: string, events: string): string {
  return `${first} = CASE WHEN ${events} = 0 THEN excluded.${first} WHEN excluded.${events} = 0 THEN ${first}
    ELSE min(${first}, excluded.${first}) END, ${last} = CASE WHEN ${events} = 0 THEN excluded.${last}
    ELSE max(${last}, excluded.${last}) END, ${events} = ${events} + excluded.${events}`;
}

const SEEN = `${days('days_count', 'first_seen_us', 'last_seen_us', 'events_count')},
  ${seen('first_seen_us', 'last_seen_us', 'events_count')},
  grade = max(grade, excluded.grade), node_bits = node_bits | excluded.node_bits`;
const PROVED = `${days('proved_days', 'proved_first_us', 'proved_last_us', 'proved_events')},
  ${seen('proved_first_us', 'proved_last_us', 'proved_events')},
  proved_grade = max(proved_grade, excluded.proved_grade),
  proved_source_set = proved_source_set | excluded.proved_source_set,
  proved_network_set = proved_network_set | excluded.proved_network_set`;

/** Adds sums to the tables of evidence, within the caller's transaction. */
export class EvidenceWriter {
  readonly #reader: DialledReader;
  readonly #counters: Counters;
  readonly #addAddress: StatementSync;
  readonly #addNumber: StatementSync;
  readonly #addForm: StatementSync;
  readonly #reading: StatementSync;
  readonly #saveReading: StatementSync;
  readonly #addBlock: StatementSync;
  readonly #ofFleet: StatementSync;
  readonly #delisted: StatementSync;
  readonly #lastIds: StatementSync;
  readonly #blockNumbers: BlockNumbers;
  readonly #caps: EvidenceCaps;
  readonly #rates: Rates;

  constructor(
    database: DatabaseSync,
    counters: Counters,
    reader: DialledReader,
    evidenceCountMax: number,
  ) {
    this.#caps = new EvidenceCaps(database, evidenceCountMax);
    this.#blockNumbers = new BlockNumbers(database, reader.hotNumbersCount);
    this.#rates = new Rates(database);
    this.#reader = reader;
    this.#counters = counters;
    this.#addAddress = database.prepare(`
      INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, calls_count, credentials_count, transport_bits, tool, costly_count, attempts_count, target_set, network)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (address) DO UPDATE SET ${SEEN},
        calls_count = calls_count + excluded.calls_count,
        credentials_count = credentials_count + excluded.credentials_count,
        transport_bits = transport_bits | excluded.transport_bits, tool = coalesce(tool, excluded.tool),
        costly_count = costly_count + excluded.costly_count,
        attempts_count = attempts_count + excluded.attempts_count, target_set = target_set | excluded.target_set`);
    // A suffix without events so far has the times of the form in which it was seen.
    this.#addNumber = database.prepare(`
      INSERT INTO number_evidence (e164, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, source_set, confidence, proved_grade, proved_first_us, proved_last_us, proved_days, proved_events,
        proved_source_set, proved_network_set, forms_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
      ON CONFLICT (e164) DO UPDATE SET ${SEEN}, ${PROVED}, source_set = source_set | excluded.source_set,
        confidence = max(confidence, excluded.confidence) RETURNING proved_events`);
    this.#addForm = database.prepare(`
      INSERT INTO number_evidence (e164, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, source_set, confidence, proved_grade, proved_first_us, proved_last_us, proved_days, proved_events,
        proved_source_set, proved_network_set, forms_count)
        VALUES (?, 0, ?, ?, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
      ON CONFLICT (e164) DO UPDATE SET forms_count = forms_count + 1, last_seen_us =
        iif(events_count = 0, max(last_seen_us, excluded.last_seen_us), last_seen_us) RETURNING forms_count`);
    this.#addBlock = database.prepare(`
      INSERT INTO number_block (block, example, numbers_count, network_set, days_count, first_seen_us, last_seen_us)
        VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (block) DO UPDATE SET example = excluded.example,
        numbers_count = numbers_count + excluded.numbers_count, network_set = network_set | excluded.network_set,
        ${days('days_count', 'first_seen_us', 'last_seen_us', 'numbers_count + 1')},
        first_seen_us = min(first_seen_us, excluded.first_seen_us),
        last_seen_us = max(last_seen_us, excluded.last_seen_us) RETURNING numbers_count`);
    this.#reading = database.prepare(`
      SELECT t.total_id, r.total_id AS read_id, r.e164, r.confidence
      FROM number_total t LEFT JOIN number_reading r ON r.total_id = t.total_id WHERE t.number = ?`);
    this.#saveReading = database.prepare(
      'INSERT INTO number_reading (total_id, e164, confidence) VALUES (?, ?, ?)',
    );
    this.#ofFleet = database.prepare(
      "SELECT 1 FROM fleet_listing WHERE kind = 'range' AND value = ?",
    );
    this.#delisted = database.prepare(
      'SELECT 1 FROM delisting WHERE kind = ? AND value = ? AND honey_id >= ?',
    );
    this.#lastIds = database.prepare(`
      SELECT (SELECT coalesce(max(total_id), 0) FROM address_evidence) AS proved_addresses,
        (SELECT coalesce(max(total_id), 0) FROM number_evidence) AS read_numbers`);
  }

  /**
   * @param lastHoneyId Of the newest of the events that were summed up. There is no delisting between two of them.
   * @returns The subjects with new evidence.
   */
  write({ addresses, dialled }: EvidenceSums, lastHoneyId: number): readonly ListedSubject[] {
    const before = this.#lastIds.get();
    const touched = new Map<string, ListedSubject>();
    const costly = new Set<string>();
    this.#rates.begin(Math.max(0, ...[...dialled.values()].map(({ lastUs }) => lastUs)));
    for (const [digits, sum] of dialled) {
      const settled = this.#settled(digits, sum);
      if (settled !== undefined && this.#reader.isCostly(digits, settled)) costly.add(digits);
    }
    for (const [address, sum] of addresses) {
      if (this.#isDelisted('address', address, lastHoneyId)) continue;
      this.#writeAddress(address, sum, costly);
      touched.set(address, { kind: 'address', value: address });
    }
    for (const [digits, sum] of dialled) {
      const written = this.#writeDialled(digits, sum, lastHoneyId);
      if (written === undefined) continue;
      const { number } = written;
      touched.set(`+${number}`, { kind: 'number', value: number });
      for (const block of this.#writeBlocks(written, sum)) {
        touched.set(block, { kind: 'range', value: block });
      }
    }
    this.#rates.flush();
    // New rows get consecutive ids, so their number is the difference.
    const after = this.#lastIds.get();
    for (const name of ['proved_addresses', 'read_numbers'] as const) {
      this.#counters.add(name, Number(after?.[name]) - Number(before?.[name]));
    }
    if (isNew(before, after)) {
      const removed = this.#caps.makeRoom(addresses.keys());
      this.#counters.add('proved_addresses', -removed);
    }
    return [...touched.values()];
  }

  /** The operator delisted it after the event, perhaps as a network that contains the address. */
  #isDelisted(kind: ListedSubject['kind'], value: string, lastHoneyId: number): boolean {
    if (this.#delisted.get(kind, value, lastHoneyId) !== undefined) return true;
    const wider = kind === 'address' ? networksOf(value)?.slice(1) : undefined;
    return (
      wider?.some(({ text }) => this.#delisted.get(kind, text, lastHoneyId) !== undefined) ?? false
    );
  }

  #writeAddress(address: string, sum: AddressSum, costly: ReadonlySet<string>): void {
    let costlyCount = 0;
    for (const [digits, count] of sum.calls) if (costly.has(digits)) costlyCount += count;
    this.#addAddress.run(
      address,
      sum.grade,
      sum.firstUs,
      sum.lastUs,
      sum.days.size,
      sum.eventsCount,
      sum.nodeBits,
      sum.callsCount,
      sum.credentialsCount,
      sum.transportBits,
      sum.tool ?? null,
      costlyCount,
      sum.attemptsCount,
      sum.targets.toColumn(),
      networksOf(address)?.[0]?.bits ?? null,
    );
  }

  /** The meaning of the digits; read once, when they come for the first time. */
  #settled(digits: string, sum: DialledSum): Settled | undefined {
    const known = this.#reading.get(digits);
    if (known === undefined) return undefined; // Its total was removed to make room.
    if (known['read_id'] === null) {
      const settled = this.#readNew(digits, sum);
      const { e164 = null, confidence = 0 } = settled ?? {};
      this.#saveReading.run(Number(known['total_id']), e164, confidence);
      return settled;
    }
    const e164 = known['e164'];
    return typeof e164 === 'string'
      ? { e164, confidence: Number(known['confidence'] ?? 0) }
      : undefined;
  }

  /** @returns The number that the digits mean. */
  #writeDialled(digits: string, sum: DialledSum, lastHoneyId: number): Written | undefined {
    const settled = this.#settled(digits, sum);
    if (settled === undefined) return undefined;
    const { e164: number, confidence } = settled;
    this.#rates.addNamed('number', formatJudgedNumber(number), sum.lastUs, sum.eventsCount);
    if (this.#isDelisted('number', number, lastHoneyId)) return undefined;
    return { number, isFirstProof: this.#write(number, sum, confidence) };
  }

  /** @returns Whether these are the first calls to it that are proved. */
  #write(number: string, sum: DialledSum, confidence: number): boolean {
    const { proved } = sum;
    const row = this.#addNumber.get(
      number,
      sum.grade,
      sum.firstUs,
      sum.lastUs,
      sum.days.size,
      sum.eventsCount,
      sum.nodeBits,
      sum.sources.toColumn(),
      confidence,
      proved.grade,
      proved.eventsCount === 0 ? 0 : proved.firstUs,
      proved.lastUs,
      proved.days.size,
      proved.eventsCount,
      proved.sources.toColumn(),
      proved.networks.toColumn(),
    );
    return proved.eventsCount > 0 && Number(row?.['proved_events']) === proved.eventsCount;
  }

  /**
   * @returns Blocks in which several numbers were called, or that hubs list, of which this one may have been delisted.
   */
  #writeBlocks({ number, isFirstProof }: Written, { proved }: DialledSum): readonly string[] {
    if (proved.eventsCount === 0) return [];
    const blocks = this.#reader.blocksOf(number);
    const [smallest] = blocks;
    if (smallest !== undefined) {
      this.#rates.addNamed('range', `+${smallest}`, proved.lastUs, proved.eventsCount);
    }
    return blocks.filter((block) => {
      const row = this.#addBlock.get(
        block,
        number,
        isFirstProof ? 1 : 0,
        proved.networks.toColumn(),
        proved.days.size,
        proved.firstUs,
        proved.lastUs,
      );
      const numbersCount = Number(row?.['numbers_count']);
      if (isFirstProof) this.#blockNumbers.added(block, numbersCount);
      return numbersCount > 1 || (isFirstProof && this.#ofFleet.get(block) !== undefined);
    });
  }

  #readNew(digits: string, sum: DialledSum): Settled | undefined {
    const reading = this.#reader.read(digits);
    if (reading.unread !== undefined) return { e164: reading.unread, confidence: 1 };
    const forms = new Map<string, number>();
    for (const e164 of reading.candidates) {
      const row = this.#addForm.get(e164, sum.firstUs, sum.lastUs);
      forms.set(e164, Number(row?.['forms_count']));
    }
    return reading.settle((e164) => forms.get(e164) ?? 0);
  }
}

type LastIds = Readonly<Record<string, unknown>> | undefined;

/** Whether evidence against more addresses is kept than before. */
function isNew(before: LastIds, after: LastIds): boolean {
  return before?.['proved_addresses'] !== after?.['proved_addresses'];
}
