// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Totals } from '@sentrypeer/api';
import { formatEventTimestamp } from '@sentrypeer/event';
import {
  StoreReader,
  type AddressTotal,
  type NumberTotal,
  type Page,
  type PageEnd,
} from '@sentrypeer/store';
import type { Snapshot } from './snapshot.ts';
import { PAGE_ENTRIES_COUNT } from '../limits.ts';

/**
 * The store's totals as the API's routes want them.
 *
 * @param reader Answers single questions, through its `snapshot`.
 * @param path The database: each list has a connection of its own, on which it sees one state to its end.
 */
export function storeTotals(reader: StoreReader, snapshot: Snapshot, path: string): Totals {
  return {
    addressesCount: () => reader.addressesCount(),
    addresses: () =>
      pages(path, (list, after) => list.addresses(PAGE_ENTRIES_COUNT, after), addressEntry),
    address: (ipAddress) => snapshot.read(() => reader.seenAddress(ipAddress)),
    numbersCount: () => reader.numbersCount(),
    numbers: () =>
      pages(path, (list, after) => list.numbers(PAGE_ENTRIES_COUNT, after), numberEntry),
    number: (calledNumber) => snapshot.read(() => reader.calledNumber(calledNumber)),
  };
}

function* pages<T, Entry>(
  path: string,
  read: (list: StoreReader, after: PageEnd | undefined) => Page<T>,
  entry: (item: T) => Entry,
): Generator<readonly Entry[]> {
  using list = StoreReader.open(path);
  using _held = list.hold();
  let after: PageEnd | undefined;
  do {
    const page = read(list, after);
    yield page.items.map(entry);
    after = page.next;
  } while (after !== undefined);
}

function addressEntry(total: AddressTotal) {
  const { address, firstSeenEpochUs, lastSeenEpochUs, seenCount, grade } = total;
  return {
    ipAddress: address,
    seenFirstEpochUs: firstSeenEpochUs,
    seenLast: formatEventTimestamp(lastSeenEpochUs),
    seenLastEpochUs: lastSeenEpochUs,
    seenCount,
    grade,
  };
}

function numberEntry({ number, lastSeenEpochUs, seenCount }: NumberTotal) {
  return { calledNumber: number, seenLast: formatEventTimestamp(lastSeenEpochUs), seenCount };
}
