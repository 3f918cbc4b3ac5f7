// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOCK_BELIEVED_MS, CLOCK_LOOK_MS } from '../../src/limits.ts';
import { PAGES_REMOVED_STEP } from '../../src/pool/limits.ts';
import { Store } from '../../src/store.ts';
import { DAY_US, NOON_US, TestLogger } from '../fixtures.ts';
import { NOON_S, nodeOf, pageOf, type PageOptions } from './pages.ts';
import { PoolStore } from './pool-store.ts';

const YEAR_S = 365 * 86_400;
const YEAR_US = YEAR_S * 1e6;
const START_OF_TIME_US = 300_000_000;

class World extends PoolStore {
  add(name: string, options: PageOptions, asSelf = false): string {
    return this.store.addPages([pageOf(name, options)], asSelf)[0] ?? '';
  }

  /** A page of this clock, which replaces all that its author said. */
  say(name: string, subject: string, asSelf = false): string {
    const serial = Math.floor(this.clock.us / 1e6);
    const lastHour = Math.floor(serial / 3600);
    const options = { serial, replaces: 0, madeEpochS: serial, lastHour, subjects: [subject] };
    return this.add(name, options, asSelf);
  }

  /** Time passes, and what is due is done. */
  pass(ms = CLOCK_LOOK_MS * 2): void {
    this.clock.us += ms * 1000;
    this.maintain();
  }

  /** The clock is set, and believed after a day. */
  believe(us: number): void {
    this.clock.jumpTo(us);
    this.pass();
    this.pass(CLOCK_BELIEVED_MS);
  }

  subjects(): readonly string[] {
    return this.database
      .prepare('SELECT DISTINCT subject FROM pool_claim ORDER BY subject')
      .all()
      .map((row) => String(row['subject']));
  }

  number(sql: string): number {
    return Number(Object.values(this.database.prepare(sql).get() ?? {})[0]);
  }
}

test('pages of a clock that was a year ahead are removed when the right one is believed', () => {
  using world = new World();
  world.pass();
  world.believe(NOON_US + YEAR_US);
  assert.equal(world.say('voter', '45.0.0.1'), 'taken');
  assert.equal(world.say('self', '45.0.0.2', true), 'taken');
  for (let index = 0; index < PAGES_REMOVED_STEP * 2 + 1; index += 1) {
    assert.equal(world.say(`stranger ${index}`, `45.0.1.${index}`), 'taken');
  }
  world.clock.jumpTo(NOON_US + 2 * DAY_US);
  world.pass();
  assert.equal(
    world.say('voter', '45.0.0.3'),
    'replaced',
    'the clock is in doubt: nothing is removed',
  );
  assert.equal(world.say('self', '45.0.0.4', true), 'replaced');
  assert.equal(world.reader.pool.counts().pages, PAGES_REMOVED_STEP * 2 + 3);
  world.pass(CLOCK_BELIEVED_MS);
  assert.deepEqual(world.subjects(), []);
  assert.deepEqual(
    [world.reader.pool.counts().pages, world.reader.pool.ownSerial(nodeOf('self'))],
    [0, 0],
  );
  assert.equal(world.say('voter', '45.0.0.3'), 'taken');
  assert.equal(world.say('self', '45.0.0.4', true), 'taken');
  world.pass();
  assert.deepEqual(world.subjects(), ['45.0.0.3', '45.0.0.4']);
  assert.equal(
    world.reader.pool.ownSerial(nodeOf('self')),
    Math.floor((world.clock.us - 2_000_000) / 1e6),
  );
});

test('a page that has a time ahead, or only a serial, is removed, and others of its author stay', () => {
  using world = new World();
  world.pass();
  world.add('a', { serial: NOON_S, subjects: ['45.0.0.1'] });
  world.add('a', { serial: NOON_S + 1, madeEpochS: NOON_S + YEAR_S, subjects: ['45.0.0.2'] });
  world.add('a', { serial: NOON_S + YEAR_S, subjects: ['45.0.0.3'] });
  world.add('b', { serial: NOON_S + 80_000, subjects: ['45.0.0.4'] });
  // The clock steps, so that times are looked at again.
  world.clock.jumpTo(world.clock.us + 120e6);
  world.pass();
  assert.deepEqual(world.subjects(), ['45.0.0.1', '45.0.0.4'], 'less than a day may be right');
  assert.equal(world.number(`SELECT pages FROM pool_author WHERE node_id = '${nodeOf('a')}'`), 1);
  assert.equal(world.reader.pool.counts().pages, 2);
});

test('a clock of 1970 removes nothing, however long it is wrong', () => {
  using world = new World();
  world.pass();
  world.say('a', '45.0.0.1');
  world.say('self', '45.0.0.2', true);
  world.clock.jumpTo(START_OF_TIME_US);
  for (let day = 0; day < 5; day += 1) world.pass(CLOCK_BELIEVED_MS);
  assert.deepEqual(world.subjects(), ['45.0.0.1', '45.0.0.2']);
  world.store.close();
  using store = Store.open({ logger: new TestLogger(), clock: world.clock }, { path: world.path });
  while (store.maintain());
  assert.deepEqual(world.subjects(), ['45.0.0.1', '45.0.0.2'], 'after a restart neither');
  world.clock.jumpTo(NOON_US + 5 * DAY_US);
  world.clock.us += CLOCK_LOOK_MS * 2000;
  while (store.maintain());
  assert.deepEqual(world.subjects(), ['45.0.0.1', '45.0.0.2']);
});

test('what a version before this one left ahead is removed after the start', () => {
  using world = new World();
  world.pass();
  world.store.close();
  world.database.exec(`
    INSERT INTO pool_author (node_id, public_key, state, standing, serial, floor, pages, claims, first_seen_us, last_seen_us)
      VALUES ('self', x'00', 'alive', 3, ${NOON_S + YEAR_S}, ${NOON_S + YEAR_S}, 1, 0, ${NOON_US}, ${NOON_US});
    INSERT INTO pool_page (author_id, serial, replaces, made_s, end_s, claims, standing, octets)
      VALUES (1, ${NOON_S + YEAR_S}, 0, ${NOON_S}, ${NOON_S + 86_400}, 0, 3, x'00');
    UPDATE counter SET value = value + 1 WHERE name IN ('pool_authors', 'pool_pages')`);
  const logger = new TestLogger();
  using store = Store.open({ logger, clock: world.clock }, { path: world.path });
  while (store.maintain());
  assert.equal(world.reader.pool.ownSerial(nodeOf('self')), 0);
  assert.equal(world.number('SELECT floor FROM pool_author'), 0);
  assert.deepEqual(
    logger.events().filter((event) => event.startsWith('pool')),
    ['pool_pages_ahead_removed'],
  );
});

test('the page that ends the key of this node stays, even if it is ahead', () => {
  using world = new World();
  world.pass();
  const options = { serial: NOON_S + YEAR_S, replaces: 0, isRetired: true, subjects: [] };
  assert.equal(world.add('self', options, true), 'taken');
  world.clock.jumpTo(world.clock.us + 120e6);
  world.pass();
  assert.equal(world.reader.pool.ownSerial(nodeOf('self')), NOON_S + YEAR_S);
});

test('places of nodes that a clock proved a year ahead count no longer than others', () => {
  using world = new World();
  world.pass();
  world.believe(NOON_US + YEAR_US);
  const nodeId = nodeOf('a');
  const proved = { nodeId, network: '45.0.0.0/16', address: '45.0.0.1', prefix: '45.0.0.0/16' };
  world.store.proveNetworks([proved]);
  world.believe(NOON_US + 2 * DAY_US);
  assert.ok(world.number('SELECT proved_us FROM pool_network') <= world.clock.us);
});
