// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Feed, FeedQuery, Listed, ListedSubject } from './feed.ts';
import { PAGE_ENTRIES_MAX } from './limits.ts';
import { isNetwork, type ListChanges } from './list-formats.ts';
import { familyOf, isOnList, type ListFilter } from './list-query.ts';

/** Which changes of a list are wanted. Times are wall-clock microseconds. */
export interface ChangesQuery {
  readonly entries: FeedQuery;
  readonly filter: ListFilter;
  /** The client has all changes up to this one. */
  readonly serial: number;
  readonly sinceEpochUs: number;
  readonly nowEpochUs: number;
  /** Entries were last seen within this time; `undefined` if age removes none. */
  readonly maxAgeUs: number | undefined;
}

/** Writes what was added to a list since a serial, and what was removed. Repeats do no harm. */
export async function* changesText(
  feed: Feed,
  changes: ListChanges,
  query: ChangesQuery,
): AsyncGenerator<string> {
  const begin = changes.begin(query.filter.family);
  if (begin !== '') yield begin;
  const { renew } = changes;
  const renewed = renew === undefined ? new Set<number>() : familiesToRenew(feed, query);
  if (renew !== undefined) yield* renewedText(feed, renew, query, renewed);
  const isLeft = ({ value }: ListedSubject): boolean =>
    !isNetwork(value) || !renewed.has(familyOf(value));
  if (query.maxAgeUs !== undefined) {
    yield* agedText(feed, changes, query, query.maxAgeUs, isLeft);
  }
  for await (const changed of changedSince(feed, query)) {
    const [listed, unlisted] = [changed.listed.filter(isLeft), changed.unlisted.filter(isLeft)];
    if (unlisted.length > 0 && changes.remove !== undefined) yield changes.remove(unlisted);
    if (listed.length > 0) yield changes.add(listed, query.nowEpochUs);
  }
}

/** All networks of these families that are on the list. */
async function* renewedText(
  feed: Feed,
  renew: NonNullable<ListChanges['renew']>,
  { entries, filter, nowEpochUs }: ChangesQuery,
  families: ReadonlySet<number>,
): AsyncGenerator<string> {
  for (const family of [4, 6] as const) {
    if (!families.has(family)) continue;
    yield renew.empty(family);
    for (const page of feed.snapshot(entries)) {
      const own = page.filter(
        (entry) => isNetworkOf(entry, family) && isAsked(entry, entries, filter),
      );
      if (own.length > 0) yield renew.add(own, nowEpochUs);
      await nextTurn(); // Look-ups can run in between.
    }
  }
}

/** Entries that changed since a serial and are on the list now, each once. */
export async function* entriesSince(
  feed: Feed,
  query: ChangesQuery,
): AsyncGenerator<readonly Listed[]> {
  const told = new Set<string>();
  for await (const { listed } of changedSince(feed, query)) {
    const news = listed.filter(({ kind, value }) => !told.has(`${kind} ${value}`));
    for (const { kind, value } of news) told.add(`${kind} ${value}`);
    if (news.length > 0) yield news;
  }
}

interface Changed {
  readonly listed: readonly Listed[];
  readonly unlisted: readonly ListedSubject[];
}

/** What the list now says about everything that changed, a few at a time. */
async function* changedSince(
  feed: Feed,
  { serial, entries, filter }: ChangesQuery,
): AsyncGenerator<Changed> {
  let after = serial;
  for (;;) {
    const items = feed.changes(after, PAGE_ENTRIES_MAX);
    const subjects = new Map(
      items
        .filter(({ kind, value }) => entries.kinds?.includes(kind) === true && isOf(value, filter))
        .map(({ kind, value }) => [`${kind} ${value}`, { kind, value }]),
    );
    const listed: Listed[] = [];
    const unlisted: ListedSubject[] = [];
    for (const subject of subjects.values()) {
      const entry = entryOf(feed, subject);
      if (entry !== undefined && isAsked(entry, entries, filter)) listed.push(entry);
      else unlisted.push(subject);
    }
    yield { listed, unlisted };
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE_ENTRIES_MAX) return;
    after = last.changeId;
    await nextTurn(); // Look-ups can run in between.
  }
}

/** On the lists, nothing wider than a /64 changes around it without the wider entry changing too. */
const SUBSCRIBER = '/64';

/** Families in which networks changed that may contain others. */
function familiesToRenew(feed: Feed, { serial, filter }: ChangesQuery): ReadonlySet<number> {
  const families = new Set<number>();
  let after = serial;
  for (;;) {
    const items = feed.changes(after, PAGE_ENTRIES_MAX);
    for (const { kind, value } of items) {
      const mayHoldOthers = kind === 'address' && isNetwork(value) && !value.endsWith(SUBSCRIBER);
      if (mayHoldOthers && isOf(value, filter)) families.add(familyOf(value));
    }
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE_ENTRIES_MAX) return families;
    after = last.changeId;
  }
}

function isNetworkOf({ kind, value }: ListedSubject, family: number): boolean {
  return kind === 'address' && isNetwork(value) && familyOf(value) === family;
}

/** The entry for exactly this, not for a network around it. */
function entryOf(feed: Feed, subject: ListedSubject): Listed | undefined {
  const entry = feed.listing(subject);
  return entry?.value === subject.value ? entry : undefined;
}

/** Entries that left the list because of their age since then, or came back; the feed reports neither. */
async function* agedText(
  feed: Feed,
  changes: ListChanges,
  { entries, filter, sinceEpochUs, nowEpochUs }: ChangesQuery,
  maxAgeUs: number,
  isLeft: (entry: Listed) => boolean,
): AsyncGenerator<string> {
  const [wasOldUs, isOldUs] = [sinceEpochUs - maxAgeUs, nowEpochUs - maxAgeUs];
  const ageless = { ...filter, afterEpochUs: 0 };
  for (const page of feed.snapshot(entries)) {
    const own = page.filter((entry) => isLeft(entry) && isAsked(entry, entries, ageless));
    const seenWithin = (from: number, to: number): readonly Listed[] =>
      own.filter(({ isBlocked, lastSeenEpochUs: us }) => !isBlocked && us > from && us <= to);
    const old = seenWithin(wasOldUs, isOldUs);
    const young = seenWithin(Math.max(sinceEpochUs, isOldUs), Infinity);
    if (old.length > 0 && changes.remove !== undefined) yield changes.remove(old);
    if (young.length > 0) yield changes.add(young, nowEpochUs);
    await nextTurn();
  }
}

function isAsked(entry: Listed, { levels }: FeedQuery, filter: ListFilter): boolean {
  return (levels?.includes(entry.level) ?? true) && isOnList(entry, filter);
}

function isOf(value: string, { family }: ListFilter): boolean {
  return family === 0 || familyOf(value) === family;
}
