// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetListing } from '@sentrypeer/event';
import { LISTING_REASONS_TEXT_MAX } from '../../src/limits.ts';
import { listingEntry, readListing } from '../../src/listings/listing-row.ts';

const LISTING: FleetListing = {
  kind: 'address',
  value: '45.13.0.1',
  level: 'listed',
  score: 60,
  grade: 'handshake',
  reasons: ['it tried 3 passwords'],
  sinceEpochUs: 1,
  untilEpochUs: 4,
  firstSeenEpochUs: 1,
  lastSeenEpochUs: 2,
  eventsCount: 3,
  isBlocked: false,
  isDelisted: false,
};

test('a listing is read as it was written, with as many reasons as the table takes', () => {
  assert.deepEqual(readListing(listingEntry(LISTING, 0), 0), LISTING);
  // Each quote is two characters in JSON.
  const reasons = Array.from({ length: 16 }, (_, index) => `${index}`.padEnd(240, '"'));
  const entry = listingEntry({ ...LISTING, reasons }, 0);
  assert.ok(String(entry['reasons']).length <= LISTING_REASONS_TEXT_MAX);
  const read = readListing(entry, 0)?.reasons ?? [];
  assert.equal(read.length, 8);
  assert.deepEqual(read, reasons.slice(0, 8));
});
