// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KNOWN_DAYS_MIN, KNOWN_FORETOLD_MIN, KNOWN_REVIEW_MS } from '../../src/pool/limits.ts';
import { addresses, keyOf, NOON_S, pageOf } from './pages.ts';
import { PoolStore } from './pool-store.ts';

const DAY_S = 86_400;
const FIVE = addresses(KNOWN_FORETOLD_MIN);

class World extends PoolStore {
  #serial = NOON_S;

  /** @param replaces Pages that this one takes the place of. @default none */
  say(name: string, subjects: readonly string[], replaces?: 'all'): void {
    this.#serial += 1;
    const serial = this.#serial;
    const page = pageOf(name, { serial, subjects, ...(replaces && { replaces: 0 }) });
    assert.deepEqual(this.store.addPages([page]), ['taken']);
  }

  /** As the judge's summary of what came. */
  meet(subjects: readonly string[], grade = 1): void {
    const insert = this.database.prepare(`
      INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
        credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
      VALUES (?, ?, 1, 1, 1, 9, 0, 9, 2, 1, NULL, 0, 9, 1)
      ON CONFLICT (address) DO UPDATE SET grade = max(grade, excluded.grade)`);
    for (const subject of subjects) insert.run(subject, grade);
  }

  /** Lets time pass. @returns The names of those whose claims were checked. */
  known(days: number = KNOWN_DAYS_MIN): readonly string[] {
    this.clock.us += days * DAY_S * 1e6;
    this.clock.ms += KNOWN_REVIEW_MS;
    this.maintain();
    const keys = this.reader.pool.knownKeys();
    return ['honest', 'copycat', 'late'].filter((name) => keys.has(keyOf(name).toHex()));
  }
}

test('who named for a week what came here later is known, and who repeats him is not', () => {
  using world = new World();
  world.say('honest', FIVE);
  world.say('copycat', FIVE);
  world.meet(FIVE);
  world.say('late', FIVE);
  assert.deepEqual(world.known(KNOWN_DAYS_MIN - 1), [], 'not before a week');
  assert.deepEqual(world.known(1), ['honest']);
});

test('who was there before, and then repeats what another one named first, earns nothing', () => {
  using world = new World();
  world.say('copycat', ['46.0.0.1']);
  world.say('honest', FIVE);
  world.say('copycat', FIVE);
  world.meet(FIVE);
  assert.deepEqual(world.known(), ['honest']);
});

test('what moved to another page of its author was still named first by him', () => {
  using world = new World();
  world.say('honest', FIVE);
  world.say('copycat', FIVE);
  world.say('honest', [...FIVE, '46.0.0.1'], 'all');
  world.meet(FIVE);
  assert.deepEqual(world.known(), ['honest']);
});

test('an address that anybody can forge proves nobody right until it proves to be there', () => {
  using world = new World();
  world.say('honest', FIVE);
  world.meet(FIVE, 0);
  assert.deepEqual(world.known(), []);
  world.meet(FIVE, 2);
  assert.deepEqual(world.known(0), ['honest']);
  using other = new World();
  other.say('honest', FIVE);
  other.meet(FIVE.slice(1));
  assert.deepEqual(other.known(), [], 'one too few');
});

test('what came here before is not news, whoever names it first', () => {
  using world = new World();
  world.meet(FIVE);
  world.say('late', FIVE);
  world.meet(FIVE, 2);
  assert.deepEqual(world.known(), []);
  world.database.exec('DELETE FROM address_evidence'); // As retention does.
  world.meet(FIVE);
  assert.deepEqual(world.known(0), []);
});

test('who names what the operator allows is not known, and no more where he was', () => {
  using world = new World();
  world.say('honest', FIVE);
  world.meet(FIVE);
  assert.deepEqual(world.known(), ['honest']);
  const standings = world.database.prepare('SELECT DISTINCT standing FROM pool_page');
  assert.deepEqual({ ...standings.get() }, { standing: 1 });
  const value = FIVE[0] ?? '';
  world.store.decide({ kind: 'allow', value, comment: '', untilEpochUs: undefined });
  assert.deepEqual(world.known(0), []);
  assert.deepEqual({ ...standings.get() }, { standing: 0 });
});
