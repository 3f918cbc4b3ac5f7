// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBatchWriter, type Decision, type Observation, type Subject } from '@sentrypeer/event';
import { assert, OperatingError, silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store, StoreReader, type Listing } from '@sentrypeer/store';
import { makeJudge, openJudging, type JudgeOptions } from '../../src/services/open-judging.ts';
import { OBSERVATION } from './observation.ts';
import { TestClock } from './test-clock.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const plans = await NumberingPlans.load();

/** A store that is judged, for which somebody decides, in a folder of its own. */
export class DecidingNode implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-decisions-'));
  readonly #options: JudgeOptions;
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #judging: ReturnType<Store['openJudging']>;
  readonly running: ReturnType<typeof makeJudge>;
  #eventsCount = 0;

  constructor(options: JudgeOptions) {
    const path = join(this.#folder, 'test.db');
    const { clock } = this;
    this.#options = options;
    this.store = Store.open({ logger: silentLogger, clock }, { path });
    this.reader = StoreReader.open(path);
    this.#judging = openJudging({ clock, plans, onChanged: () => undefined }, this.store, options);
    this.running = this.judge();
  }

  /** One that has not seen what was before. */
  judge(): ReturnType<typeof makeJudge> {
    return makeJudge({ clock: this.clock, plans, evidence: this.reader.evidence }, this.#options);
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
    this.store.append([writer.finish()]);
  }

  /** @returns Whether it was taken: what is not there can't be taken away. */
  decide(decision: Decision): boolean {
    try {
      this.store.decide(decision);
      return true;
    } catch (error) {
      if (error instanceof OperatingError) return false;
      throw error;
    }
  }

  settle(): void {
    this.clock.ms += 1000;
    for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
  }

  /** What stands in the feed, watched or listed. */
  entries(kinds: readonly Subject['kind'][]): readonly Listing[] {
    return this.reader.listings.listings(undefined, 100_000, { kinds });
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
