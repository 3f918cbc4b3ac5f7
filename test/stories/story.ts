// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBatchWriter, type Grade, type Observation } from '@sentrypeer/event';
import { assert, silentLogger, type Clock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store, StoreReader } from '@sentrypeer/store';
import type { Level } from '@sentrypeer/verdict';
import {
  makeJudge,
  openJudging,
  type JudgeOptions,
} from '../../daemon/src/services/open-judging.ts';

/** One message that came to the honeypot. */
export interface Contact {
  /** Seconds since the story began. */
  readonly at: number;
  readonly from: string;
  readonly proof: Grade;
  readonly method: string;
  /** The name or number that it is addressed to. */
  readonly to?: string;
  readonly agent?: string;
  readonly hasPassword?: boolean;
  /** @default true */
  readonly isSip?: boolean;
}

/** The expected verdict on an address or a number at a time. */
export interface Expected {
  /** Seconds since the story began. */
  readonly at: number;
  readonly of: { readonly address: string } | { readonly number: string };
  readonly level: Level;
}

export interface Story {
  readonly name: string;
  /** @default telephones in Sweden */
  readonly home?: string;
  readonly ownAddresses?: readonly string[];
  readonly ownNumbers?: readonly string[];
  /** What the operator allowed beforehand. */
  readonly allowed?: readonly string[];
  readonly contacts: readonly Contact[];
  readonly expected: readonly Expected[];
}

/** 2026-03-02T00:00:00Z, so that days of a story are UTC days. */
const BEGIN_US = 1_772_409_600_000_000;
const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const BATCH_CONTACTS = 200;
const DIGEST = { user: '', realm: '', nonce: '', uri: '', response: '' };
const plans = await NumberingPlans.load();

class StoryClock implements Clock {
  ms = 0;
  us = BEGIN_US;

  nowMs(): number {
    return this.ms;
  }

  epochUs(): number {
    return this.us;
  }
}

/** The real store and judge, at the times of a story. */
export class Stage implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-story-'));
  readonly #clock = new StoryClock();
  readonly #store: Store;
  readonly #reader: StoreReader;
  readonly #judging: ReturnType<Store['openJudging']>;
  readonly #judge: ReturnType<typeof makeJudge>;
  #count = 0;

  constructor({
    home = 'SE',
    ownAddresses = [],
    ownNumbers = [],
    allowed = [],
  }: Omit<Story, 'name' | 'contacts' | 'expected'>) {
    const options: JudgeOptions = { homeCountry: home, ownAddresses, ownNumbers, policy: [] };
    const path = join(this.#folder, 'story.db');
    const clock = this.#clock;
    this.#store = Store.open({ logger: silentLogger, clock }, { path });
    for (const value of allowed)
      this.#store.decide({ kind: 'allow', value, comment: '', untilEpochUs: undefined });
    this.#reader = StoreReader.open(path);
    this.#judging = openJudging({ clock, plans, onChanged: () => undefined }, this.#store, options);
    this.#judge = makeJudge({ clock, plans, evidence: this.#reader.evidence }, options);
  }

  /** @param contacts In order of time. */
  play(contacts: readonly Contact[]): void {
    for (let first = 0; first < contacts.length; first += BATCH_CONTACTS) {
      const some = contacts.slice(first, first + BATCH_CONTACTS);
      const writer = new EventBatchWriter(new Uint8Array(1_048_576), NODE_ID, 'responsive');
      for (const contact of some) {
        this.#count += 1;
        const uuid = `019cab00-0000-7000-8000-${String(this.#count).padStart(12, '0')}`;
        assert(writer.addEvent(uuid, observationOf(contact)), 'fits');
      }
      this.at(some.at(-1)?.at ?? 0);
      this.#store.append([writer.finish()]);
      this.#judgeAll();
    }
  }

  /** Lets time pass. @param seconds Since the story began. */
  at(seconds: number): void {
    this.#clock.us = Math.max(this.#clock.us, BEGIN_US + seconds * 1_000_000);
    this.#judgeAll();
  }

  /** What a look-up says now. */
  asked(of: Expected['of']): { readonly level: Level; readonly why: string } {
    const { level, reasons } = this.#judge.judge(of, this.#clock.us);
    return { level, why: reasons.join('; ') };
  }

  /** Seconds since the story began at which its verdict ends. */
  until(of: Expected['of']): number | undefined {
    const { untilEpochUs } = this.#judge.judge(of, this.#clock.us);
    return untilEpochUs === undefined ? undefined : (untilEpochUs - BEGIN_US) / 1_000_000;
  }

  /** The level at which the lists hold an address now. */
  onLists(value: string): Level {
    return this.#reader.listings.listing({ kind: 'address', value })?.level ?? 'none';
  }

  /** The contents of the feed now. */
  feed(): ReadonlyMap<string, Level> {
    const listings = this.#reader.listings.listings(undefined, 100_000);
    return new Map(listings.map(({ value, level }) => [value, level]));
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #judgeAll(): void {
    this.#clock.ms += 2000;
    for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
  }
}

function observationOf({
  at,
  from,
  proof,
  method,
  to,
  agent,
  hasPassword,
  isSip = true,
}: Contact): Observation {
  return {
    eventEpochUs: BEGIN_US + at * 1_000_000,
    collectedMethod: 'responsive',
    transportType: proof === 'handshake' ? 'TCP' : 'UDP',
    grade: proof,
    messageKind: isSip ? 'request' : 'not-sip',
    sourceIp: from,
    sourcePort: 5071,
    destinationIp: '198.51.100.7',
    destinationPort: 5060,
    calledNumber: to,
    calledNumberSource: 'request-uri',
    sipMethod: isSip ? method : undefined,
    userAgent: agent,
    requestUri: undefined,
    toUri: undefined,
    toUser: undefined,
    fromUri: undefined,
    fromUser: undefined,
    anomalies: [],
    details: hasPassword === true ? { digest: DIGEST } : undefined,
    sipMessage: new Uint8Array(1),
  };
}
