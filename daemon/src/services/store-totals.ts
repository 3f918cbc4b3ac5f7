// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTold, type LookUpLevel, type Totals } from '@sentrypeer/api';
import { formatEventTimestamp, formatJudgedNumber } from '@sentrypeer/event';
import type { Clock } from '@sentrypeer/kernel';
import { StoreReader, type Page, type PageEnd } from '@sentrypeer/store';
import type { Judge } from '@sentrypeer/verdict';
import type { Judges } from './reputation.ts';
import type { Snapshot } from './snapshot.ts';
import { JUDGED_ENTRIES_COUNT, PAGE_ENTRIES_COUNT } from '../limits.ts';

export interface StoreTotalsPorts {
  /** Answers single questions, through its `snapshot`. */
  readonly reader: StoreReader;
  readonly snapshot: Snapshot;
  /** The judge over a connection, so that lists and look-ups decide alike. */
  readonly judges: Judges;
  readonly clock: Clock;
}

/** A connection for one list, and the judge over it. */
interface Listing {
  readonly list: StoreReader;
  readonly judge: Judge;
  readonly nowEpochUs: number;
}

/**
 * The store's totals in the form that the API's routes take.
 *
 * @param path The database: each list has a separate connection, on which it sees one unchanging state.
 */
export function storeTotals(
  { reader, snapshot, judges, clock }: StoreTotalsPorts,
  path: string,
): Totals {
  const open = (list: StoreReader): Listing => ({
    list,
    judge: judges(list.evidence).judge,
    nowEpochUs: clock.epochUs(),
  });
  const told = (level: LookUpLevel, of: ReturnType<Judge['addressStanding']>): boolean =>
    isTold(level, of, () => true); // It is in the totals.
  return {
    addresses: async function* (level) {
      using list = StoreReader.open(path);
      using _held = list.hold();
      const { judge, nowEpochUs } = open(list);
      if (level !== 'listed') {
        yield* pages(list, (after) => {
          const page = list.addresses(JUDGED_ENTRIES_COUNT, after);
          const items = page.items
            .filter(({ address }) => told(level, judge.addressStanding(address, nowEpochUs)))
            .map((total) => ({ ipAddress: total.address, ...seen(level, total) }));
          return { items, next: page.next };
        });
      }
      // Also what was never met: the operator's blocks, and whole networks.
      const isNew = (value: string): boolean =>
        level === 'listed' || list.address(value) === undefined;
      for (const page of listed(list, 'address', isNew)) {
        yield page.map(({ value, ...total }) => ({ ipAddress: value, ...total }));
      }
    },
    address: (ipAddress) => snapshot.read(() => reader.seenAddress(ipAddress)),
    numbers: async function* (level) {
      using list = StoreReader.open(path);
      using _held = list.hold();
      const { judge, nowEpochUs } = open(list);
      if (level !== 'listed') {
        yield* pages(list, (after) => {
          const page = list.numbers(JUDGED_ENTRIES_COUNT, after);
          const items = page.items
            .filter(({ number }) => told(level, judge.numberStanding(number, nowEpochUs)))
            .map((total) => ({ calledNumber: total.number, ...seen(level, total) }));
          return { items, next: page.next };
        });
      }
      const isNew = (value: string): boolean =>
        level === 'listed' || list.evidence.number(value) === undefined;
      for (const page of listed(list, 'number', isNew)) {
        yield page.map(({ value, ...total }) => ({
          calledNumber: formatJudgedNumber(value),
          ...total,
        }));
      }
    },
    number: (calledNumber) => snapshot.read(() => reader.calledNumber(calledNumber)),
  };
}

/** What other nodes share counts if the level includes it. */
function seen(
  level: LookUpLevel,
  total: {
    readonly lastSeenEpochUs: number;
    readonly seenCount: number;
    readonly sharedCount: number;
  },
) {
  const { lastSeenEpochUs, seenCount, sharedCount } = total;
  return {
    seenLast: formatEventTimestamp(lastSeenEpochUs),
    seenCount: level === 'hearsay' ? seenCount + sharedCount : seenCount,
  };
}

async function* pages<Entry>(
  list: StoreReader,
  read: (after: PageEnd | undefined) => Page<Entry>,
): AsyncGenerator<readonly Entry[]> {
  let after: PageEnd | undefined;
  do {
    const page = list.ask(() => read(after));
    if (page.items.length > 0) yield page.items;
    else await nextTurn(); // Look-ups can run in between.
    after = page.next;
  } while (after !== undefined);
}

/** What the feed lists: numbers without ranges, because clients that keep such a list do not know ranges. */
function* listed(
  list: StoreReader,
  kind: 'address' | 'number',
  isWanted: (value: string) => boolean,
): Generator<
  readonly { readonly value: string; readonly seenLast: string; readonly seenCount: number }[]
> {
  const query = { kinds: [kind], levels: ['listed'], newestFirst: true } as const;
  let after: number | undefined;
  do {
    const page = list.ask(() => list.listings.listings(after, PAGE_ENTRIES_COUNT, query));
    yield page
      .filter(({ value }) => isWanted(value))
      .map(({ value, lastSeenEpochUs, eventsCount }) => ({
        value,
        seenLast: formatEventTimestamp(lastSeenEpochUs),
        seenCount: eventsCount,
      }));
    after = page.length < PAGE_ENTRIES_COUNT ? undefined : page.at(-1)?.listingId;
  } while (after !== undefined);
}
