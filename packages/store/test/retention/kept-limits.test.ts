// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a lowered limit spares: whatever is beyond it at that moment, to the octet and to the microsecond. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import { EARLIEST_US } from '../../src/clock/plausible.ts';
import { NO_AGE_LIMIT_DAYS, ROOM_AHEAD_SHARE } from '../../src/limits.ts';
import {
  keepAll,
  keepNothing,
  keepWhatIsOlder,
  keptPart,
  makesRoom,
  readKept,
  setLimits,
  type RetentionLimits,
} from '../../src/retention/kept.ts';
import { DAY_US, emptyDatabase, NOON_US, TestDirectory } from '../fixtures.ts';

/** Beyond these, nothing is. */
const WIDE: RetentionLimits = {
  retentionDays: NO_AGE_LIMIT_DAYS,
  databaseOctetsMax: Infinity,
  owedOctetsMax: Infinity,
};
const NOTHING = { honeyId: 0, atUs: 0, octets: 0, totals: 0, days: 0 };

class Log implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync = emptyDatabase(this.#directory);

  constructor() {
    this.database.exec("DELETE FROM counter WHERE name LIKE 'limit%' OR name LIKE 'kept%'");
  }

  /** A row that was recorded this long before noon. */
  add(ageUs: number): this {
    const recorded = formatEventTimestamp(NOON_US - ageUs);
    this.database.prepare('INSERT INTO honey (created_at) VALUES (?)').run(recorded);
    return this;
  }

  limit(limits: Partial<RetentionLimits>, nowUs = NOON_US): this {
    setLimits(this.database, { ...WIDE, ...limits }, nowUs);
    return this;
  }

  get octets(): number {
    const pragma = (name: string): number =>
      Number(Object.values(this.database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  get kept(): ReturnType<typeof keptPart> {
    return keptPart(this.database);
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('limits within which everything is spare nothing, new or lowered', () => {
  using log = new Log().add(10 * DAY_US);
  const { octets } = log;
  log.limit(WIDE);
  assert.deepEqual(log.kept, NOTHING);
  log.limit({ retentionDays: 10, databaseOctetsMax: octets, owedOctetsMax: 0 });
  assert.deepEqual(log.kept, NOTHING);
  assert.equal(readKept(log.database, NOON_US), undefined);
});

test('a size that is lowered below what is there keeps all of it, and remembers how much that is', () => {
  using log = new Log().add(DAY_US).add(0).limit({ retentionDays: 30 });
  log.database.exec("UPDATE counter SET value = 7 WHERE name = 'user_agents'");
  const { octets } = log;
  log.limit({ retentionDays: 30, databaseOctetsMax: octets - 1 });
  assert.deepEqual(log.kept, { honeyId: 2, atUs: NOON_US, octets, totals: 7, days: 30 });
  assert.deepEqual(readKept(log.database, NOON_US), {
    events: 2,
    octets,
    octetsBeyond: 1,
    oldest: formatEventTimestamp(NOON_US - DAY_US),
    retentionDays: 30,
    octetsMax: octets - 1,
    isBeyond: true,
  });
  log.limit({ retentionDays: 30, databaseOctetsMax: octets - 1 }, NOON_US + 5);
  assert.equal(log.kept.atUs, NOON_US, 'the same limits begin nothing');
  log.limit({ retentionDays: 30, databaseOctetsMax: octets });
  assert.deepEqual(log.kept, NOTHING, 'the limit was raised again');
});

test('a backlog that is lowered counts beyond the size', () => {
  using log = new Log().add(0);
  const { octets } = log;
  const size = octets - 1000;
  log.limit({ databaseOctetsMax: size });
  keepNothing(log.database);
  log.limit({ databaseOctetsMax: size, owedOctetsMax: 1000 });
  assert.deepEqual(log.kept, NOTHING);
  log.limit({ databaseOctetsMax: size, owedOctetsMax: 999 });
  assert.equal(log.kept.honeyId, 1);
});

test('days that are lowered spare what is older, for the days that held before', () => {
  using log = new Log().add(10 * DAY_US).limit({ retentionDays: 30 });
  log.limit({ retentionDays: 20 }).limit({ retentionDays: 10 });
  assert.deepEqual(log.kept, NOTHING);
  log.limit({ retentionDays: 9 });
  assert.equal(log.kept.days, 10);
  assert.equal(readKept(log.database, NOON_US)?.isBeyond, true);
  log.limit({ retentionDays: 8 }, NOON_US + 5);
  assert.equal(log.kept.days, 10, 'the longest of them counts');
  assert.equal(log.kept.atUs, NOON_US + 5);
  log.limit({ retentionDays: 10 });
  assert.deepEqual(log.kept, NOTHING);
});

test('what is kept without a limit stays so, however limits are raised and lowered', () => {
  using log = new Log().add(10 * DAY_US).limit({ retentionDays: 9 });
  assert.equal(log.kept.days, 0, 'no limit held before');
  assert.equal(log.kept.honeyId, 1);
  log.limit({ retentionDays: 30 });
  assert.equal(log.kept.honeyId, 1);
  assert.equal(readKept(log.database, NOON_US)?.isBeyond, false);
  log.add(0).limit({ retentionDays: 8 });
  assert.deepEqual([log.kept.honeyId, log.kept.days], [2, 0]);
  keepNothing(log.database);
  assert.deepEqual(log.kept, NOTHING);
});

test('a limit that is lowered while another is raised counts by itself', () => {
  using log = new Log().add(10 * DAY_US);
  const { octets } = log;
  log.limit({ retentionDays: 20, databaseOctetsMax: octets });
  log.limit({ retentionDays: 30, databaseOctetsMax: octets - 1 });
  assert.equal(log.kept.days, 30, 'the longer of both');
});

test('an impossible time is neither old nor young', () => {
  for (const us of [EARLIEST_US - 1, 1]) {
    using log = new Log().add(NOON_US - us).limit({ retentionDays: 30 });
    assert.deepEqual(log.limit({ retentionDays: 10 }).kept, NOTHING);
  }
  using log = new Log().add(NOON_US - EARLIEST_US).limit(WIDE);
  assert.equal(log.limit({ retentionDays: 10 }).kept.honeyId, 1);
});

test('nothing is told as kept once its rows are gone, or while no limit is known', () => {
  using log = new Log().add(0);
  keepAll(log.database, NOON_US);
  assert.deepEqual([log.kept.honeyId, log.kept.atUs], [1, NOON_US]);
  assert.equal(readKept(log.database, NOON_US), undefined, 'no limit is set yet');
  log.limit(WIDE);
  const { retentionDays, octetsMax } = readKept(log.database, NOON_US) ?? assert.fail();
  assert.deepEqual([retentionDays, octetsMax], [undefined, undefined]);
  log.database.exec('UPDATE honey SET honey_id = 2');
  assert.equal(readKept(log.database, NOON_US), undefined, 'what is left came later');
  log.database.exec('DELETE FROM honey');
  assert.equal(readKept(log.database, NOON_US), undefined);
});

test('an import keeps rows that are older than the limit allows', () => {
  using log = new Log().add(0);
  const old = formatEventTimestamp(NOON_US - 10 * DAY_US - 1);
  assert.equal(keepWhatIsOlder(log.database, old, NOON_US), false, 'there is no limit');
  log.limit({ retentionDays: 10 });
  const young = formatEventTimestamp(NOON_US - 10 * DAY_US);
  const impossible = formatEventTimestamp(EARLIEST_US - 1);
  for (const recorded of [young, impossible, '']) {
    assert.equal(keepWhatIsOlder(log.database, recorded, NOON_US), false, recorded);
  }
  assert.deepEqual(log.kept, NOTHING);
  assert.equal(keepWhatIsOlder(log.database, old, NOON_US), true);
  assert.deepEqual([log.kept.honeyId, log.kept.days], [1, 0]);
});

test('room is made for what comes once the size is nearly reached, unless something is kept', () => {
  using log = new Log().add(0);
  assert.equal(makesRoom(log.database), false, 'there is no limit');
  const size = log.octets / (1 - ROOM_AHEAD_SHARE);
  log.limit({ databaseOctetsMax: Math.ceil(size) + 1 });
  assert.equal(makesRoom(log.database), false);
  log.limit({ databaseOctetsMax: Math.floor(size) - 1 });
  assert.equal(makesRoom(log.database), true);
  keepAll(log.database, NOON_US);
  assert.equal(makesRoom(log.database), false);
});
