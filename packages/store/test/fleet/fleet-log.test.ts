// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { FleetReader, Store } from '../../src/index.ts';
import { REPEAT_MERGE_INTERVAL_MS } from '../../src/limits.ts';
import { batchOf, OBSERVATION, TestClock, TestDirectory, TestLogger, uuidOf } from '../fixtures.ts';

const RUNS = Number(process.env['RUNS'] ?? '40');

/** What becomes of a push: it is in the fleet, and the node hears so or does not; or it is not in the fleet. */
const OUTCOMES = ['arrives', 'arrives unheard', 'fails', 'fails'] as const;

/** What happens to a log, in any order. */
type Step =
  | { readonly what: 'event' }
  /** A message is counted on an event, by its number from the newest. */
  | { readonly what: 'repeat'; readonly back: number }
  | {
      readonly what: 'push';
      readonly events: number;
      readonly repeats: number;
      /** Messages that are counted while it is under way. */
      readonly meanwhile: readonly number[];
      readonly outcome: (typeof OUTCOMES)[number];
    };

const PUSH = fc.record({
  what: fc.constant('push' as const),
  events: fc.integer({ min: 1, max: 3 }),
  repeats: fc.integer({ min: 1, max: 3 }),
  meanwhile: fc.array(fc.nat(2), { maxLength: 3 }),
  outcome: fc.constantFrom(...OUTCOMES),
});
const STEPS: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Step>({ what: 'event' }) },
  { weight: 3, arbitrary: fc.nat(2).map((back): Step => ({ what: 'repeat', back })) },
  { weight: 3, arbitrary: PUSH },
);

/** A node's log, and what a fleet has of it. */
class Log implements Disposable {
  readonly #directory = new TestDirectory();
  readonly #path = this.#directory.file('a.db');
  readonly #clock = new TestClock();
  readonly #store = Store.open(
    { logger: new TestLogger(), clock: this.#clock },
    { path: this.#path },
  );
  readonly #reader = FleetReader.open(this.#path);
  /** Messages by the row that they were counted on. */
  readonly fleet = new Map<number, number>();
  #place = { epoch: 1, mark: 0, repeatMark: 0 };
  #hasArrived = false;
  #events = 0;

  constructor() {
    this.#store.openFleet();
    this.#store.resumeFleet(this.#place);
  }

  do(step: Step): void {
    switch (step.what) {
      case 'event':
        this.#store.append([batchOf([{ eventUuid: uuidOf(this.#events) }])]);
        this.#events += 1;
        break;
      case 'repeat':
        if (step.back < this.#events) this.#repeat(uuidOf(this.#events - 1 - step.back));
        break;
      case 'push':
        this.#push(step);
        break;
      default:
        step satisfies never;
    }
  }

  /** Pushes all that is left. */
  finish(): void {
    const all = { events: 100, repeats: 100, meanwhile: [], outcome: 'arrives' } as const;
    while (this.#push(all));
  }

  /** Messages by row, as the node has them. */
  own(): ReadonlyMap<number, number> {
    using database = new DatabaseSync(this.#path, { readOnly: true });
    const rows = database.prepare('SELECT honey_id, seen_count FROM honey').all();
    return new Map(rows.map((row) => [Number(row['honey_id']), Number(row['seen_count'])]));
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#store.close();
    this.#directory[Symbol.dispose]();
  }

  #repeat(eventUuid: string): void {
    const { eventEpochUs: lastEpochUs } = OBSERVATION;
    this.#store.append([batchOf([], [{ eventUuid, count: 1, lastEpochUs }])]);
    this.#clock.ms += REPEAT_MERGE_INTERVAL_MS;
    while (this.#store.maintain()) assert.ok(true);
  }

  /** @returns Whether there was anything. */
  #push({ events, repeats, meanwhile, outcome }: Omit<Step & { what: 'push' }, 'what'>): boolean {
    const marks = this.#store.nextForFleet({ events, repeats }, this.#hasArrived);
    for (const back of meanwhile) this.do({ what: 'repeat', back });
    const batch = this.#reader.batch(marks);
    const rows = [...batch.events].flatMap((slice) => slice.rows);
    if (outcome !== 'fails') {
      for (const row of rows) this.#count(Number(row[0]), Number(row.at(-1)));
      for (const [honeyId, added] of batch.repeats) this.#count(Number(honeyId), Number(added));
      this.#place = { epoch: 1, mark: marks.pushing, repeatMark: marks.repeatsPushing };
    }
    this.#hasArrived = outcome === 'arrives';
    // Whoever does not know connects anew, and hears where the log is.
    if (!this.#hasArrived) this.#store.resumeFleet(this.#place);
    return marks.pushing > marks.pushed || marks.repeatsPushing > marks.repeatsPushed;
  }

  #count(honeyId: number, messages: number): void {
    this.fleet.set(honeyId, (this.fleet.get(honeyId) ?? 0) + messages);
  }
}

test('each message of a log is counted in the fleet once, whatever becomes of pushes', () => {
  fc.assert(
    fc.property(fc.array(STEPS, { minLength: 5, maxLength: 20, size: 'max' }), (steps) => {
      using log = new Log();
      for (const step of steps) log.do(step);
      log.finish();
      assert.deepEqual(log.fleet, log.own());
    }),
    { numRuns: RUNS },
  );
});

test('a message is counted once where one push of its event failed', () => {
  using log = new Log();
  const repeat = { what: 'repeat', back: 0 } as const;
  const push = { what: 'push', events: 1, repeats: 1, meanwhile: [] } as const;
  log.do({ what: 'event' });
  log.do({ ...push, outcome: 'arrives' });
  log.do(repeat);
  log.do({ ...push, meanwhile: [0], outcome: 'fails' });
  log.do(repeat);
  log.finish();
  const counts = new Map([[1, 4]]);
  assert.deepEqual([log.own(), log.fleet], [counts, counts]);
});
