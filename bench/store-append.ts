// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How many distinct events per second does the event log take, compared with node:sqlite inserting the same rows,
 * ready-made, into a bare table with the same three indexes? Interleaved in one run, checkpoints included.
 *
 *   node bench/store-append.ts [events] [events per commit] [sources]
 */

import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { asBuffer, latin1Octets } from '@sentrypeer/bytes';
import {
  EventBatchWriter,
  EventUuids,
  formatEventTimestamp,
  type Observation,
} from '@sentrypeer/event';
import { assert, silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store, StoreReader } from '@sentrypeer/store';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const BLOCK_OCTETS = 262_144;
const ROUNDS = 3;

const eventsCount = Number(process.argv[2] ?? 200_000);
const commitCount = Number(process.argv[3] ?? 1000);
const sourcesCount = Number(process.argv[4] ?? 1000);

const random = { fill: (octets: Uint8Array): Uint8Array => randomFillSync(octets) };
const uuids = new EventUuids({ random });

type Numbers = 'prefixes' | 'random';

interface Numbered {
  readonly eventUuid: string;
  readonly observation: Observation;
}

function event(index: number, numbers: Numbers): Numbered {
  const source = index % sourcesCount;
  const number =
    numbers === 'prefixes'
      ? `${900_000_000 + index}442071234567`
      : `00${Math.floor(Math.random() * 1e13)}`;
  const uri = `sip:${number}@198.51.100.7`;
  const head = `INVITE ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.5:5071;branch=z9hG4bK-${index}\r\n`;
  const eventEpochUs = systemClock.epochUs();
  const observation: Observation = {
    eventEpochUs,
    collectedMethod: 'responsive',
    transportType: 'UDP',
    grade: 'seen',
    messageKind: 'request',
    sourceIp: `203.0.${source >> 8}.${source & 255}`,
    sourcePort: 5071,
    destinationIp: '198.51.100.7',
    destinationPort: 5060,
    calledNumber: number,
    calledNumberSource: 'request-uri',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    requestUri: uri,
    toUri: uri,
    toUser: number,
    fromUri: 'sip:100@198.51.100.7',
    fromUser: '100',
    anomalies: [],
    details: { callId: String(index * 7919) },
    sipMessage: latin1Octets(head.padEnd(400, 'x')),
  };
  return { eventUuid: uuids.next(eventEpochUs), observation };
}

function row({ eventUuid, observation: event }: Numbered, honeyId: number): SQLInputValue[] {
  const timestamp = formatEventTimestamp(event.eventEpochUs);
  return [
    honeyId,
    timestamp,
    eventUuid,
    event.collectedMethod,
    event.sourceIp,
    event.calledNumber ?? null,
    event.transportType,
    event.sipMethod ?? null,
    event.userAgent ?? null,
    asBuffer(event.sipMessage).toString('latin1'),
    NODE_ID,
    timestamp,
    event.sourcePort,
    event.destinationIp,
    event.destinationPort,
    event.messageKind,
    event.requestUri ?? null,
    event.toUri ?? null,
    event.toUser ?? null,
    event.fromUri ?? null,
    event.fromUser ?? null,
    event.calledNumberSource,
    event.grade,
    '',
    JSON.stringify(event.details),
  ];
}

function batches(events: readonly Numbered[]): readonly Uint8Array[] {
  const done: Uint8Array[] = [];
  let writer = new EventBatchWriter(new Uint8Array(BLOCK_OCTETS * 2), NODE_ID, 'responsive');
  for (const { eventUuid, observation } of events) {
    if (writer.addEvent(eventUuid, observation)) continue;
    done.push(writer.finish());
    writer = new EventBatchWriter(new Uint8Array(BLOCK_OCTETS * 2), NODE_ID, 'responsive');
    assert(writer.addEvent(eventUuid, observation), 'an event fits into an empty block');
  }
  done.push(writer.finish());
  return done;
}

/** The baseline: rows and three indexes, SQLite's own checkpoints. */
class BareTable {
  readonly #database: DatabaseSync;
  readonly #insert: (row: readonly SQLInputValue[]) => void;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    const columns = Array.from({ length: 24 }, (_, index) => `c${index}`);
    this.#database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE honey (honey_id INTEGER PRIMARY KEY, ${columns.join(', ')});
      CREATE INDEX uuid_index ON honey (c1);
      CREATE INDEX source_index ON honey (c3);
      CREATE INDEX number_index ON honey (c4);`);
    const places = Array.from({ length: 25 }, () => '?').join(', ');
    const insert = this.#database.prepare(`INSERT INTO honey VALUES (${places})`);
    this.#insert = (values) => insert.run(...values);
  }

  append(rows: readonly (readonly SQLInputValue[])[]): void {
    this.#database.exec('BEGIN');
    for (const each of rows) this.#insert(each);
    this.#database.exec('COMMIT');
  }

  close(): void {
    this.#database.close();
  }
}

/** @returns Microseconds per event: the log's and the baseline's. */
function round(directory: string, numbers: Numbers): readonly [number, number] {
  const store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path: join(directory, 'store.db') },
  );
  const bare = new BareTable(join(directory, 'bare.db'));
  let storeMs = 0;
  let bareMs = 0;
  for (let index = 0; index < eventsCount; index += commitCount) {
    const events = Array.from({ length: commitCount }, (_, at) => event(index + at, numbers));
    const octets = batches(events);
    const rows = events.map((each, at) => row(each, index + at + 1));
    const startedAtMs = performance.now();
    store.append(octets);
    store.maintain();
    const betweenAtMs = performance.now();
    bare.append(rows);
    storeMs += betweenAtMs - startedAtMs;
    bareMs += performance.now() - betweenAtMs;
  }
  const reader = StoreReader.open(join(directory, 'store.db'));
  assert(reader.lastHoneyId() >= eventsCount, 'all events are recorded');
  assert(
    reader.addressesCount() === Math.min(sourcesCount, eventsCount),
    'addresses are summed up',
  );
  reader.close();
  const closingAtMs = performance.now();
  store.close();
  storeMs += performance.now() - closingAtMs;
  const closingBareAtMs = performance.now();
  bare.close();
  bareMs += performance.now() - closingBareAtMs;
  return [(storeMs * 1000) / eventsCount, (bareMs * 1000) / eventsCount];
}

for (const numbers of ['prefixes', 'random'] as const) {
  for (let count = 0; count < ROUNDS; count += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'store-append-'));
    try {
      const [storeUs, bareUs] = round(directory, numbers);
      console.log(
        `${numbers}: event log ${Math.round(1e6 / storeUs)}/s (${storeUs.toFixed(2)} us), ` +
          `bare table ${Math.round(1e6 / bareUs)}/s (${bareUs.toFixed(2)} us), ` +
          `ratio ${(bareUs / storeUs).toFixed(2)}`,
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}
