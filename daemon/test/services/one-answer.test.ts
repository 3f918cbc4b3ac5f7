// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The listing, the list, check and explain say the same of five hundred subjects, whatever was removed. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { HttpApi } from '@sentrypeer/api';
import { EventBatchWriter, type Observation } from '@sentrypeer/event';
import { assert as check, silentLogger, type Clock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { ListingFeed, Store, StoreReader } from '@sentrypeer/store';
import { openJudging, type JudgeOptions } from '../../src/services/judge.ts';
import { openReputation } from '../../src/services/reputation.ts';
import { Snapshot } from '../../src/services/snapshot.ts';
import { storeFeed } from '../../src/services/store-feed.ts';
import { storeTotals } from '../../src/services/store-totals.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const DAY_US = 86_400_000_000;
const EACH = 250;
const MIB = 1_048_576;
/** Milliseconds within which whatever changes a verdict must have changed the feed. */
const WITHIN_MS = 2000;
const plans = await NumberingPlans.load();

class TestClock implements Clock {
  ms = 0;
  us = 1_772_366_400_000_000;

  nowMs(): number {
    return this.ms;
  }

  epochUs(): number {
    return this.us;
  }

  pass(us: number): void {
    this.us += us;
    this.ms += us / 1000;
  }
}

const OPTIONS: JudgeOptions = {
  homeCountry: 'SE',
  ownNumbers: [],
  ownAddresses: [],
  policy: [],
};

const addressOf = (index: number): string => `45.1.${index >> 8}.${index & 255}`;
const numberOf = (index: number): string => `+4420712${String(index).padStart(5, '0')}`;

interface Checked {
  readonly level: string;
}

/** A store with its judge and the API over it. */
class Node implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-answer-'));
  readonly #scope = new AsyncDisposableStack();
  store: Store;
  #judging: ReturnType<Store['openJudging']>;
  #reader: StoreReader;
  #api: HttpApi | undefined;
  #eventsCount = 0;

  constructor() {
    this.path = join(this.#folder, 'test.db');
    [this.store, this.#judging] = this.#openStore(OPTIONS, 90, 4 * MIB);
    this.#reader = StoreReader.open(this.path);
  }

  #openStore(
    options: JudgeOptions,
    retentionDays: number,
    databaseOctetsMax: number,
  ): [Store, ReturnType<Store['openJudging']>] {
    const ports = { logger: silentLogger, clock: this.clock };
    const store = Store.open(ports, { path: this.path, retentionDays, databaseOctetsMax });
    const judgePorts = { clock: this.clock, plans, onChanged: () => undefined };
    return [store, openJudging(judgePorts, store, options)];
  }

  /** Starts again, perhaps with other options. */
  async restart(options: JudgeOptions, retentionDays = 90, octetsMax = 4 * MIB): Promise<void> {
    await this.#api?.close();
    this.#reader.close();
    this.store.close();
    [this.store, this.#judging] = this.#openStore(options, retentionDays, octetsMax);
    this.#reader = StoreReader.open(this.path);
    await this.openApi(options);
  }

  async openApi(options: JudgeOptions = OPTIONS): Promise<void> {
    const { clock } = this;
    const log = this.#reader;
    const engine = { write: () => Promise.reject(new Error('not in this test')) };
    this.#api = await HttpApi.open(
      {
        totals: storeTotals(log, new Snapshot(log), this.path),
        evidence: log,
        places: {
          placeOf: () => ({ country: undefined, network: '', networkName: undefined }),
          countries: () => [],
          networks: () => [],
        },
        reputation: await openReputation({ engine, log, clock }, options),
        feed: storeFeed(log, new ListingFeed(log.listings), this.path),
        deliver: async () => undefined,
        peers: {
          page: () => ({ items: [], next: undefined }),
          peer: () => undefined,
          setTrust: async () => false,
        },
        operations: {
          notReady: () => [],
          degraded: () => [],
          metrics: () => [],
          webhooks: () => [],
        },
        clock,
        logger: silentLogger,
      },
      {
        host: '127.0.0.1',
        port: 0,
        version: '0',
        lookUpLevels: { '4.x': 'listed', hq: 'listed' },
      },
    );
  }

  meet(observations: readonly Partial<Observation>[]): void {
    const writer = new EventBatchWriter(new Uint8Array(8 * MIB), NODE_ID, 'responsive');
    for (const one of observations) {
      this.#eventsCount += 1;
      const uuid = `019cab00-0000-7000-8000-${String(this.#eventsCount).padStart(12, '0')}`;
      check(writer.addEvent(uuid, { ...OBSERVATION, eventEpochUs: this.clock.us, ...one }), 'fits');
    }
    this.store.append([writer.finish()]);
  }

  /** What the storing thread does within two seconds, a look each quarter of a second. */
  settle(): void {
    for (let passedMs = 0; passedMs < WITHIN_MS; passedMs += 250) {
      this.clock.pass(250_000);
      while (this.store.maintain());
      for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
    }
  }

  async #text(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#api?.address.port}${path}`);
    return response.text();
  }

  /** Asks all about all of them. @returns How many are listed. */
  async listedCount(stage: string): Promise<number> {
    this.settle();
    const lists = await Promise.all(
      [
        'ip-addresses.txt',
        'numbers.txt',
        'ip-addresses.txt?level=watch',
        'numbers.txt?level=watch',
      ].map(async (name) => (await this.#text(`/v1/lists/${name}`)).split('\n')),
    );
    const acted = new Set([...(lists[0] ?? []), ...(lists[1] ?? [])]);
    const told = new Set([...(lists[2] ?? []), ...(lists[3] ?? [])]);
    const feed = new Map<string, string>();
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = JSON.parse(await this.#text(`/v1/listings?limit=1000&level=watch${query}`)) as {
        readonly items: readonly { readonly value: string; readonly level: string }[];
        readonly next: string | null;
      };
      for (const { value, level } of page.items) feed.set(value, level);
      cursor = page.next;
    }
    let listedCount = 0;
    const ask = async (value: string, question: string): Promise<void> => {
      const verdicts = (
        await Promise.all([
          this.#text(`/v1/check?${question}`),
          this.#text(`/v1/explain?${question}`),
        ])
      ).map((text) => (JSON.parse(text) as Checked).level);
      // The feed has ranges as a whole; a number is as its range is, if that is graver.
      const names = [
        value,
        ...[2, 3, 4].map((digits) => value.slice(0, -digits) + 'x'.repeat(digits)),
      ];
      const levels = new Set(names.map((name) => feed.get(name) ?? 'none'));
      const level = ['listed', 'watch'].find((one) => levels.has(one)) ?? 'none';
      if (level !== 'none') listedCount += 1;
      assert.deepEqual(verdicts, [level, level], `${stage}: ${value}`);
      const onLists = [acted, told].map((list) => names.some((name) => list.has(name)));
      assert.deepEqual(onLists, [level === 'listed', level !== 'none'], `${stage}: ${value}`);
    };
    for (let from = 0; from < EACH; from += 25) {
      const some = Array.from({ length: 25 }, (_, at) => from + at);
      await Promise.all([
        ...some.map((at) => ask(addressOf(at), `address=${addressOf(at)}`)),
        ...some.map((at) => ask(numberOf(at), `number=${encodeURIComponent(numberOf(at))}`)),
      ]);
    }
    return listedCount;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.close();
    this.#reader.close();
    this.store.close();
    await this.#scope.disposeAsync();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const OBSERVATION: Observation = {
  eventEpochUs: 0,
  collectedMethod: 'responsive',
  transportType: 'UDP',
  grade: 'returned',
  messageKind: 'request',
  sourceIp: '45.1.0.0',
  sourcePort: 5071,
  destinationIp: '198.51.100.7',
  destinationPort: 5060,
  calledNumber: undefined,
  calledNumberSource: 'request-uri',
  sipMethod: 'INVITE',
  userAgent: 'friendly-scanner',
  requestUri: undefined,
  toUri: undefined,
  toUser: undefined,
  fromUri: undefined,
  fromUser: undefined,
  anomalies: [],
  details: undefined,
  sipMessage: new Uint8Array(1),
};

const EVERYBODY = Array.from({ length: EACH }, (_, index) => ({
  sourceIp: addressOf(index),
  calledNumber: numberOf(index),
}));

test('the listing, the list, check and explain agree about five hundred subjects after every removal', async () => {
  await using node = new Node();
  await node.openApi();
  const counts: Record<string, number> = {};
  const stage = async (name: string): Promise<void> => {
    counts[name] = await node.listedCount(name);
  };
  const allow = (value: string, untilEpochUs?: number): void =>
    node.store.decide({ kind: 'allow', value, comment: '', untilEpochUs });
  node.meet(EVERYBODY);
  await stage('recorded');
  allow('45.1.0.0/25');
  allow('+44207120000*');
  allow(numberOf(200));
  await stage('allowed');
  for (const value of ['45.1.0.0/25', '+44207120000*', numberOf(200)]) {
    node.store.decide({ kind: 'disallow', value });
  }
  await stage('allowed no more');
  allow('45.1.1.0/24', node.clock.us + 3_600e6);
  await stage('allowed for an hour');
  node.clock.pass(3_601e6);
  await stage('after that hour');
  for (let index = 0; index < 50; index += 1) {
    const subject = { kind: 'address', value: addressOf(index) } as const;
    node.store.decide({ kind: 'delist', subject, comment: '' });
  }
  await stage('delisted');
  using other = new DatabaseSync(node.path);
  other.exec(`
    DELETE FROM address_evidence WHERE address LIKE '45.1.0.2__';
    DELETE FROM number_evidence WHERE e164 LIKE '44207120020_'`);
  other.close();
  await stage('deleted by another program');
  node.meet(EVERYBODY.slice(0, 50)); // Those that were delisted come again.
  await stage('came again');
  const policy = [{ name: 'address-threshold', value: 100 }] as const;
  await node.restart({ ...OPTIONS, policy });
  await stage('stricter policy');
  await node.restart(OPTIONS);
  await stage('policy as before');
  // Stronger evidence than theirs, more than a database of this size may have.
  node.meet(
    Array.from({ length: 700 }, (_, index) => ({
      grade: 'handshake' as const,
      transportType: 'TCP' as const,
      sourceIp: `46.1.${index >> 8}.${index & 255}`,
      calledNumber: `+4420713${String(index).padStart(5, '0')}`,
    })),
  );
  await stage('beyond the size');
  await node.restart(OPTIONS, 1);
  node.clock.pass(2 * DAY_US);
  await stage('after two days of one that is kept');
  node.meet(EVERYBODY);
  await stage('all came again');
  await node.restart(OPTIONS, 365);
  node.clock.pass(20 * DAY_US);
  await stage('time');
  const all = 2 * EACH;
  assert.deepEqual(counts, {
    recorded: all,
    allowed: 361,
    'allowed no more': all,
    'allowed for an hour': all,
    'after that hour': all,
    delisted: all - 50,
    'deleted by another program': 400,
    'came again': all - 50,
    'stricter policy': EACH,
    'policy as before': all - 50,
    'beyond the size': all - 50,
    'after two days of one that is kept': 0,
    'all came again': all,
    time: 0,
  });
});
