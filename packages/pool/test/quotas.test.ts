// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLASS_EVENTS_BURST,
  NEW_ORIGINS_BURST,
  ORIGIN_EVENTS_BURST,
  ORIGIN_EVENTS_PER_HOUR,
  TRUSTED_EVENTS_BURST,
} from '../src/limits.ts';
import { Quotas, type OriginClass } from '../src/quotas.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Nothing is kept from who is known for so long. */
const OLD_MS = 30 * DAY_MS;

/** How many of so many events of one origin are let through. */
function taken(quotas: Quotas, id: string, of: OriginClass, count: number, nowMs = 0): number {
  let through = 0;
  for (let index = 0; index < count; index += 1)
    if (quotas.take(id, of, OLD_MS, nowMs) === undefined) through += 1;
  return through;
}

test('`Quotas` lets one origin say so much at once, and so much more an hour later', () => {
  const quotas = new Quotas(0);
  assert.equal(taken(quotas, 'a', 'signed', 10_000), ORIGIN_EVENTS_BURST);
  assert.equal(quotas.take('a', 'signed', 0, 0), 'origin_quota');
  assert.equal(taken(quotas, 'b', 'signed', 10), 10);
  const anHourLater = Math.min(ORIGIN_EVENTS_BURST, ORIGIN_EVENTS_PER_HOUR);
  assert.equal(taken(quotas, 'a', 'signed', 10_000, HOUR_MS), anHourLater);
});

test('`Quotas` bounds what all of a class say together, and leaves the others alone', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 20; index += 1)
    through += taken(quotas, `u${index}`, 'unsigned', 1000);
  assert.equal(through, CLASS_EVENTS_BURST);
  assert.equal(quotas.take('u0', 'unsigned', OLD_MS, 0), 'origin_quota');
  assert.equal(quotas.take('u30', 'unsigned', OLD_MS, 0), 'class_quota');
  assert.equal(taken(quotas, 's', 'signed', 10), 10);
  assert.equal(taken(quotas, 't', 'trusted', 10_000), TRUSTED_EVENTS_BURST);
});

test('`Quotas` lets few new origins in at a time, known ones always', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 1000; index += 1)
    if (quotas.take(`n${index}`, 'unsigned', undefined, 0) === undefined) through += 1;
  assert.equal(through, NEW_ORIGINS_BURST);
  assert.equal(quotas.take('late', 'unsigned', undefined, 0), 'new_origins');
  assert.equal(quotas.take('late', 'unsigned', OLD_MS, 0), undefined);
  assert.equal(quotas.take('n0', 'unsigned', undefined, 0), undefined);
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
          if (quotas.take(`k${key}`, 'signed', youngMs, minute * 60_000) === undefined)
            ofYoung += 1;
      if (minute % 3 === 0 && quotas.take('old', 'signed', oldMs, minute * 60_000) === undefined)
        ofOld += 1;
    }
    assert.equal(ofOld, 40, 'twenty an hour');
    assert.ok(ofYoung > 1000, 'what is left is for the others');
  }
});
