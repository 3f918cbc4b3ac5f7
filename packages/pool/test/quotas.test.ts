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

/** How many of so many events of one origin are let through. */
function taken(quotas: Quotas, id: string, of: OriginClass, count: number, nowMs = 0): number {
  let through = 0;
  for (let index = 0; index < count; index += 1)
    if (quotas.take(id, of, true, nowMs) === undefined) through += 1;
  return through;
}

test('`Quotas` lets one origin say so much at once, and so much more an hour later', () => {
  const quotas = new Quotas(0);
  assert.equal(taken(quotas, 'a', 'signed', 10_000), ORIGIN_EVENTS_BURST);
  assert.equal(quotas.take('a', 'signed', true, 0), 'origin_quota');
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
  assert.equal(quotas.take('u0', 'unsigned', true, 0), 'origin_quota');
  assert.equal(quotas.take('u30', 'unsigned', true, 0), 'class_quota');
  assert.equal(taken(quotas, 's', 'signed', 10), 10);
  assert.equal(taken(quotas, 't', 'trusted', 10_000), TRUSTED_EVENTS_BURST);
});

test('`Quotas` lets few new origins in at a time, known ones always', () => {
  const quotas = new Quotas(0);
  let through = 0;
  for (let index = 0; index < 1000; index += 1)
    if (quotas.take(`n${index}`, 'unsigned', false, 0) === undefined) through += 1;
  assert.equal(through, NEW_ORIGINS_BURST);
  assert.equal(quotas.take('late', 'unsigned', false, 0), 'new_origins');
  assert.equal(quotas.take('late', 'unsigned', true, 0), undefined);
  assert.equal(quotas.take('n0', 'unsigned', false, 0), undefined);
});
