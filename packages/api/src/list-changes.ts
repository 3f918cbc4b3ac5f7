// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Evidence } from './evidence.ts';
import { LIST_OVERLAP_US, PAGE_ENTRIES_MAX } from './limits.ts';
import type { ListChanges } from './list-formats.ts';
import { isListed, type ListFilter } from './list-query.ts';

/** What changes of a list are asked for. Times are wall-clock microseconds. */
export interface ChangesQuery {
  readonly filter: ListFilter;
  readonly sinceEpochUs: number;
  readonly nowEpochUs: number;
  /** Listed addresses are younger than this; `undefined` where age removes none. */
  readonly maxAgeUs: number | undefined;
}

/** Writes what came to a list since a time, and what has become too old for it. */
export async function* changesText(
  evidence: Evidence,
  changes: ListChanges,
  query: ChangesQuery,
): AsyncGenerator<string> {
  const { filter, sinceEpochUs, nowEpochUs, maxAgeUs } = query;
  if (changes.begin !== '') yield changes.begin;
  if (maxAgeUs !== undefined) {
    // Whatever may have been listed then and is too old now, for it was not seen again.
    const [from, to] = [sinceEpochUs - maxAgeUs, nowEpochUs - maxAgeUs];
    const old = { ...filter, afterEpochUs: from };
    for await (const addresses of seenWithin(evidence, old, to)) yield changes.remove(addresses);
  }
  for await (const addresses of seenWithin(evidence, filter, Number.MAX_SAFE_INTEGER)) {
    yield changes.add(addresses);
  }
}

/** Up to which time a list tells what is known: to ask for changes since then misses nothing. */
export function listedUpTo(evidence: Evidence): number {
  const [newest] = evidence.addresses(1).items;
  // What was received at about the same time may still be on its way into the database.
  return Math.max(0, (newest?.lastSeenEpochUs ?? 0) - LIST_OVERLAP_US);
}

/** Addresses that fit and were last seen in this span, some at a time. */
async function* seenWithin(
  evidence: Evidence,
  filter: ListFilter,
  untilEpochUs: number,
): AsyncGenerator<readonly string[]> {
  let after = { lastSeenEpochUs: filter.afterEpochUs, totalId: Number.MAX_SAFE_INTEGER };
  for (;;) {
    const page = evidence.addressesSince(PAGE_ENTRIES_MAX, after);
    const own = page.items.filter(({ lastSeenEpochUs }) => lastSeenEpochUs <= untilEpochUs);
    const addresses = own
      .filter((item) => isListed(item.address, item.lastSeenEpochUs, item, filter))
      .map(({ address }) => address);
    if (addresses.length > 0) yield addresses;
    if (page.next === undefined || own.length < page.items.length) return;
    after = page.next;
    await nextTurn(); // Look-ups go between.
  }
}
