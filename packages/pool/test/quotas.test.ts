// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLASS_EVENTS_BURST,
  NETWORK_ORIGINS_BURST,
  NEW_ORIGINS_BURST,
  ORIGIN_EVENTS_BURST,
  ORIGIN_EVENTS_PER_HOUR,
  TRUSTED_EVENTS_BURST,
} from '../src/limits.ts';
import { Quotas, type OriginClass, type QuotaRefusal } from '../src/quotas.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Nothing is withheld from a node that has been known for this long. */
const OLD_MS = 30 * DAY_MS;

/** One event, reported by some network unless it is specified. */
function take(
  quotas: Quotas,
  id: string,
  of: OriginClass,
  knownMs: number | undefined,
  nowMs: number,
  network = '192.0.2.0/24',
): QuotaRefusal | undefined {
  return quotas.take({ nodeId: id, originClass: of, network, knownMs }, nowMs);
}

/** How many of this many events of one origin are accepted. */
function taken(quotas: Quotas, id: string, of: OriginClass, count: number, nowMs = 0): number {
  let through = 0;
  for (let index = 0; index < count; index += 1)
    if (take(quotas, id, of, OLD_MS, nowMs) === undefined) through += 1;
  return through;
}

test('`Quotas` lets one origin say so much at once, and so much more an hour later', () => {
  const quotas = new Quotas(0);
  assert.equal(taken(quotas, 'a', 'signed', 10_000), ORIGIN_EVENTS_BURST);
  assert.equal(take(quotas, 'a', 'signed', 0, 0), 'origin_quota');
  assert.equal(taken(quotas, 'b', 'signed', 10), 10);
  const anHourLater = Math.min(ORIGIN_EVENTS_BURST, ORIGIN_EVENTS_PER_HOUR);
  assert.equal(taken(quotas, 'a', 'signed', 10_000, HOUR_MS), anHourLater);
});

test('`Quotas` gives an origin a sixtieth of an hour back in a minute', () => {
  const quotas = new Quotas(0);
  taken(quotas, 'a', 'signed', ORIGIN_EVENTS_BURST);
  const aMinuteLater = Math.floor(ORIGIN_EVENTS_PER_HOUR / 60);
  assert.equal(taken(quotas, 'a', 'signed', 10_000, 60_000), aMinuteLater);
});

test('`Quotas` bounds what all of a class say together, and leaves the others alone', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 20; index += 1)
    through += taken(quotas, `u${index}`, 'unsigned', 2000);
  assert.equal(through, CLASS_EVENTS_BURST);
  assert.equal(take(quotas, 'u0', 'unsigned', OLD_MS, 0), 'origin_quota');
  assert.equal(take(quotas, 'u30', 'unsigned', OLD_MS, 0), 'class_quota');
  assert.equal(taken(quotas, 's', 'signed', 10), 10);
  assert.equal(taken(quotas, 't', 'trusted', 10_000), TRUSTED_EVENTS_BURST);
});

test('`Quotas` lets few new origins in at a time, whoever tells them, and known ones always', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 5000; index += 1) {
    const network = `10.${index % 50}.0.0/24`;
    if (take(quotas, `n${index}`, 'unsigned', undefined, 0, network) === undefined) through += 1;
  }
  assert.equal(through, NEW_ORIGINS_BURST);
  assert.equal(take(quotas, 'late', 'unsigned', undefined, 0), 'new_origins');
  assert.equal(take(quotas, 'late', 'unsigned', OLD_MS, 0), undefined);
  assert.equal(take(quotas, 'n0', 'unsigned', undefined, 0), undefined);
});

test('`Quotas` lets no network that tells new origins keep out those that others tell', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 1000; index += 1)
    if (take(quotas, `n${index}`, 'signed', undefined, 0) === undefined) through += 1;
  assert.equal(through, NETWORK_ORIGINS_BURST);
  assert.equal(take(quotas, 'late', 'signed', undefined, 0), 'new_origins');
  assert.equal(take(quotas, 'late', 'signed', undefined, 0, '198.51.100.0/24'), undefined);
  assert.equal(take(quotas, 'later', 'signed', undefined, HOUR_MS), undefined, 'by and by');
});

test('`Quotas` lets no number of new keys starve an origin that has been known for longer', () => {
  for (const [youngMs, oldMs] of [
    [undefined, DAY_MS],
    [0, DAY_MS],
    [DAY_MS, 7 * DAY_MS],
    [7 * DAY_MS, OLD_MS],
  ] as const) {
    const quotas = new Quotas(0);
    let ofOld = 0;
    let ofYoung = 0;
    for (let minute = 0; minute < 120; minute += 1) {
      for (let key = 0; key < 1000; key += 1)
        for (let index = 0; index < 3; index += 1)
          if (take(quotas, `k${key}`, 'signed', youngMs, minute * 60_000) === undefined)
            ofYoung += 1;
      if (minute % 3 === 0 && take(quotas, 'old', 'signed', oldMs, minute * 60_000) === undefined)
        ofOld += 1;
    }
    assert.equal(ofOld, 40, 'twenty an hour');
    assert.ok(ofYoung > 1000, 'what is left is for the others');
  }
});

test('`Quotas` remembers 4,096 origins, and forgets the one that was idle for longest', () => {
  const quotas = new Quotas(0);
  taken(quotas, 'first', 'trusted', TRUSTED_EVENTS_BURST);
  taken(quotas, 'second', 'trusted', TRUSTED_EVENTS_BURST);
  for (let index = 2; index < 4096; index += 1) take(quotas, `${index}`, 'trusted', OLD_MS, 0);
  assert.equal(take(quotas, 'first', 'trusted', OLD_MS, 0), 'origin_quota');
  assert.equal(take(quotas, 'second', 'trusted', OLD_MS, 0), 'origin_quota');
  take(quotas, 'one more', 'trusted', OLD_MS, 0);
  assert.equal(take(quotas, 'second', 'trusted', OLD_MS, 0), 'origin_quota');
  assert.equal(take(quotas, 'first', 'trusted', OLD_MS, 0), undefined, 'it may begin again');
});

test('`Quotas` keeps the quota of an origin that goes on, while others are forgotten', () => {
  const quotas = new Quotas(0);
  taken(quotas, 'busy', 'trusted', TRUSTED_EVENTS_BURST - 1);
  for (let index = 0; index < 4095; index += 1) take(quotas, `${index}`, 'trusted', OLD_MS, 0);
  assert.equal(take(quotas, 'busy', 'trusted', OLD_MS, 0), undefined);
  for (let index = 0; index < 4095; index += 1) take(quotas, `new ${index}`, 'trusted', OLD_MS, 0);
  assert.equal(take(quotas, 'busy', 'trusted', OLD_MS, 0), 'origin_quota');
});
