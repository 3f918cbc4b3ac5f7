// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import { familyOf } from '@sentrypeer/ip';
import type { Evidence } from './evidence.ts';
import { LIST_OVERLAP_US, PAGE_ENTRIES_MAX } from './limits.ts';
import type { ListChanges } from './list-formats.ts';
import { isListed, type ListFilter } from './list-query.ts';
import { isJudgedBad, type Reputation } from './reputation.ts';

/** What changes of a list are asked for. Times are wall-clock microseconds. */
export interface ChangesQuery {
  readonly filter: ListFilter;
  readonly sinceEpochUs: number;
  readonly nowEpochUs: number;
  /** Listed addresses are younger than this; `undefined` where age removes none. */
  readonly maxAgeUs: number | undefined;
}

/**
 * Writes what came to a list since a time, and what has become too old for it or is not listed any more. What was seen
 * before that time comes too, where it was judged or delivered later.
 */
export async function* changesText(
  { evidence, reputation }: { readonly evidence: Evidence; readonly reputation: Reputation },
  changes: ListChanges,
  query: ChangesQuery,
): AsyncGenerator<string> {
  const { filter, sinceEpochUs, nowEpochUs, maxAgeUs } = query;
  const begin = changes.begin(filter.family);
  if (begin !== '') yield begin;
  if (maxAgeUs !== undefined && changes.remove !== undefined) {
    // Whatever may have been listed then and is too old now, for it was not seen again.
    const [from, to] = [sinceEpochUs - maxAgeUs, nowEpochUs - maxAgeUs];
    const old = { ...filter, afterEpochUs: from };
    for await (const addresses of seenWithin(evidence, old, to)) yield changes.remove(addresses);
  }
  const isLate = latecomers(evidence, query);
  for (const addresses of changedSince(reputation, sinceEpochUs, filter.family)) {
    const unlisted = addresses.filter((address) => !isJudgedBad(reputation, address));
    if (unlisted.length > 0 && changes.remove !== undefined) yield changes.remove(unlisted);
    const late = addresses.filter((address) => isLate(address) && isJudgedBad(reputation, address));
    if (late.length > 0) yield changes.add(late);
    await nextTurn();
  }
  for await (const addresses of seenWithin(evidence, filter, Number.MAX_SAFE_INTEGER)) {
    const listed = addresses.filter((address) => isJudgedBad(reputation, address));
    if (listed.length > 0) yield changes.add(listed);
  }
}

/**
 * Up to which time a list tells what is known: to ask for changes since then misses nothing. Never later than now, or
 * what is seen next would be older than that.
 */
export function listedUpTo(evidence: Evidence, nowEpochUs: number): number {
  const [newest] = evidence.addresses(1).items;
  // What was received at about the same time may still be on its way into the database.
  return Math.max(0, Math.min(newest?.lastSeenEpochUs ?? 0, nowEpochUs) - LIST_OVERLAP_US);
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

/** Whether an address fits the list, though it was not seen since the time that is asked for. */
function latecomers(
  evidence: Evidence,
  { filter, nowEpochUs, maxAgeUs }: ChangesQuery,
): (address: string) => boolean {
  const whole = { ...filter, afterEpochUs: maxAgeUs === undefined ? 0 : nowEpochUs - maxAgeUs };
  return (address) => {
    const found = evidence.address(address);
    return (
      found !== undefined &&
      found.lastSeenEpochUs <= filter.afterEpochUs &&
      isListed(address, found.lastSeenEpochUs, found, whole)
    );
  };
}

/** Whether some change since then is not kept any more. */
export function isForgotten(reputation: Reputation, sinceEpochUs: number): boolean {
  const { oldest } = reputation.changeIds();
  const [change] = reputation.changes(0, 1);
  return oldest > 1 && change !== undefined && change.atEpochUs > sinceEpochUs;
}

/** Addresses of which the judge told a change since a time, some at a time. */
function* changedSince(
  reputation: Reputation,
  sinceEpochUs: number,
  family: number,
): Generator<readonly string[]> {
  let after = changeBefore(reputation, sinceEpochUs);
  for (;;) {
    const items = reputation.changes(after, PAGE_ENTRIES_MAX);
    const addresses = items
      .filter(
        ({ kind, value }) => kind === 'address' && (family === 0 || familyOf(value) === family),
      )
      .map(({ value }) => value);
    if (addresses.length > 0) yield [...new Set(addresses)];
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE_ENTRIES_MAX) return;
    after = last.changeId;
  }
}

/** The id of the last change before a time; ids and times rise together, so halving finds it. */
function changeBefore(reputation: Reputation, epochUs: number): number {
  const { oldest, newest } = reputation.changeIds();
  let low = Math.max(0, oldest - 1);
  let high = newest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [change] = reputation.changes(middle - 1, 1);
    if (change !== undefined && change.atEpochUs < epochUs) low = middle;
    else high = middle - 1;
  }
  return low;
}
