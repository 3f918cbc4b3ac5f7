// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventBatchWriter,
  nodeIdOfKey,
  packFacts,
  type ClaimFacts,
  type Decision,
  type FleetListing,
  type Observation,
  type Subject,
} from '@sentrypeer/event';
import { assert, OperatingError, silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Forgetting, Store, StoreReader, type Listing, type StoreOptions } from '@sentrypeer/store';
import { readBlockable } from '../../src/services/blockable.ts';
import {
  judgeOver,
  makeJudge,
  openJudging,
  readForStore,
  type JudgeOptions,
} from '../../src/services/open-judging.ts';
import { OBSERVATION } from './observation.ts';
import { TestClock } from './test-clock.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const plans = await NumberingPlans.load();

const HOUR_S = 3600;
const CLAIM_DAYS = 7;
const STEPS_MAX = 200;

export const ATTACK: ClaimFacts = {
  grade: 'returned',
  contactsLog2: 3,
  daysCount: 1,
  triedPasswords: true,
  madeCostlyCalls: false,
  usedTool: false,
  breadthLog2: 0,
};

/** A store with a judge, for which a test decides, in a separate folder. */
export class DecidingNode implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-decisions-'));
  readonly #path = join(this.#folder, 'test.db');
  readonly #storeOptions: Omit<StoreOptions, 'path'>;
  readonly clock = new TestClock();
  #options: JudgeOptions;
  #store: Store;
  #reader: StoreReader;
  #judging: ReturnType<Store['openJudging']>;
  #running: ReturnType<typeof makeJudge>;
  #eventsCount = 0;
  #serial = 0;

  constructor(options: JudgeOptions, storeOptions: Omit<StoreOptions, 'path'> = {}) {
    this.#options = options;
    this.#storeOptions = storeOptions;
    this.#store = this.#openStore();
    this.#reader = StoreReader.open(this.#path);
    this.#judging = this.#openJudging();
    this.#running = this.judge();
  }

  get store(): Store {
    return this.#store;
  }

  get reader(): StoreReader {
    return this.#reader;
  }

  /** The judge that has been asked since the last start. */
  get running(): ReturnType<typeof makeJudge> {
    return this.#running;
  }

  #openStore(): Store {
    const ports = { logger: silentLogger, clock: this.clock };
    return Store.open(ports, { path: this.#path, ...this.#storeOptions });
  }

  #openJudging(): ReturnType<Store['openJudging']> {
    const ports = { clock: this.clock, plans, onChanged: () => undefined };
    return openJudging(ports, this.#store, this.#options);
  }

  /** A judge that has not seen what happened before. */
  judge(): ReturnType<typeof makeJudge> {
    return makeJudge({ clock: this.clock, plans, evidence: this.#reader.evidence }, this.#options);
  }

  /** What an operator means who blocks or unblocks this. */
  blockable(text: string): ReturnType<typeof readBlockable> {
    const { evidence } = this.#reader;
    const judges = judgeOver({ clock: this.clock, plans, evidence }, this.#options);
    return readBlockable(judges, text, this.clock.us);
  }

  /** Stops the program and starts it again. @param meanwhile What happens to the closed file. */
  restart(options = this.#options, meanwhile: (path: string) => void = () => undefined): void {
    this.#reader.close();
    this.#store.close();
    meanwhile(this.#path);
    this.#options = options;
    this.#store = this.#openStore();
    this.#reader = StoreReader.open(this.#path);
    this.#judging = this.#openJudging();
    this.#running = this.judge();
  }

  /** Keeps the file as it is now. @returns A function that puts it back. */
  backup(): () => void {
    const copy = join(this.#folder, 'backup.db');
    this.restart(this.#options, (path) => copyFileSync(path, copy));
    return () => this.restart(this.#options, (path) => copyFileSync(copy, path));
  }

  /** What the hubs of the fleet say. */
  follow(
    one: Subject & { readonly level: FleetListing['level'] },
    more: Partial<FleetListing> = {},
  ): void {
    const nowUs = this.clock.us;
    const said: FleetListing = {
      score: 60,
      grade: 'handshake',
      reasons: ['it tried 3 passwords'],
      sinceEpochUs: nowUs,
      untilEpochUs: nowUs + HOUR_S * 1e6,
      firstSeenEpochUs: nowUs,
      lastSeenEpochUs: nowUs,
      eventsCount: 3,
      isBlocked: false,
      isDelisted: false,
      ...one,
      ...more,
    };
    const { followed } = this.#store;
    if (this.#serial === 0) followed.begin('a life');
    this.#serial += 1;
    followed.take([said], this.#serial);
  }

  /** Has the nodes vote in the pool, each in a separate network. */
  trust(...names: readonly string[]): void {
    for (const name of names) {
      this.#store.setTrust(idOf(name), 'trusted', name);
      const network = `${name}/16`;
      this.#store.proveNetworks([{ nodeId: idOf(name), network, prefix: network, address: '' }]);
    }
  }

  /** One page of a node of the pool; it replaces what the node said before. */
  say(name: string, subjects: readonly string[]): void {
    const nowS = Math.floor(this.clock.us / 1e6);
    this.#serial += 1;
    const serial = nowS + this.#serial;
    const lastHour = Math.floor(nowS / HOUR_S);
    const endEpochS = (lastHour + 1) * HOUR_S + CLAIM_DAYS * 24 * HOUR_S;
    const facts = packFacts(ATTACK);
    this.#store.addPages([
      {
        nodeId: idOf(name),
        key: keyOf(name),
        serial,
        replaces: 0,
        madeEpochS: nowS,
        endEpochS: endEpochS + HOUR_S,
        isRetired: false,
        octets: new TextEncoder().encode(`${name} ${serial}`),
        claims: subjects.map((subject) => ({ subject, lastHour, endEpochS, facts })),
      },
    ]);
  }

  /** The operator has everything forgotten that is known about it. */
  forget(subject: Subject): void {
    const numbers = { read: (dialled: string) => readForStore(plans, dialled) };
    const ports = { logger: silentLogger, clock: this.clock, numbers };
    using forgetting = Forgetting.open(ports, this.#path);
    forgetting.forget(subject, subject.kind === 'address' ? subject.value : `+${subject.value}`);
  }

  /** Records an event for each change of the usual one. */
  meet(changes: readonly Partial<Observation>[]): void {
    const writer = new EventBatchWriter(new Uint8Array(1_048_576), NODE_ID, 'responsive');
    for (const change of changes) {
      this.#eventsCount += 1;
      const uuid = `019cab00-0000-7000-8000-${String(this.#eventsCount).padStart(12, '0')}`;
      const event = { ...OBSERVATION, eventEpochUs: this.clock.us, ...change };
      assert(writer.addEvent(uuid, event), 'fits');
    }
    this.#store.append([writer.finish()]);
  }

  /** @returns Whether it was accepted: what does not exist cannot be taken back. */
  decide(decision: Decision): boolean {
    try {
      this.#store.decide(decision);
      return true;
    } catch (error) {
      if (error instanceof OperatingError) return false;
      throw error;
    }
  }

  settle(): void {
    untilDone('maintain', () => this.#store.maintain());
    untilDone('sweep', () => this.#store.followed.sweep());
    this.step();
  }

  /** Only what the judge does. */
  step(): void {
    this.clock.ms += 1000;
    this.clock.tickMs = 0.01; // Otherwise a step that finds more and more to do would never end.
    untilDone('judge', () => {
      const left = this.#judging.step();
      return left.urgent || left.rest;
    });
    this.clock.tickMs = 0;
  }

  /** What is judged right after its commit, in no time. */
  judgeProved(): void {
    untilDone('judge proved', () => this.#judging.stepProved());
  }

  /** Everything that is due, in no time. */
  judgeNow(): void {
    this.#judging.step();
  }

  /** The least that the judge does at a time: after a crash, there is what such steps committed. */
  stepOnce(): void {
    this.clock.ms += 1000;
    this.clock.tickMs = 3; // More than half of a step's time.
    this.#judging.step();
    this.clock.tickMs = 0;
  }

  /** Entries of the feed, watched or listed. */
  entries(kinds: readonly Subject['kind'][]): readonly Listing[] {
    return this.#reader.listings.listings(undefined, 100_000, { kinds });
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A step does hundreds of things, so a few steps are enough; if more are needed, it never ends. */
function untilDone(what: string, step: () => boolean): void {
  let steps = 0;
  while (step()) assert((steps += 1) < STEPS_MAX, `${what}_never_ends`);
}

function keyOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(name).digest());
}

/** As the pool knows a node. */
export function idOf(name: string): string {
  return nodeIdOfKey(keyOf(name));
}
