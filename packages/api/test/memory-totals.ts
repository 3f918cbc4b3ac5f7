// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AddressTotal, NumberTotal, Pages, Totals } from '../src/index.ts';

const SEEN_LAST = '2026-11-23 10:00:01.123456000';

/** Totals in memory, which count how they are read. */
export class MemoryTotals implements Totals {
  readonly addressList: AddressTotal[] = [];
  readonly numberList: NumberTotal[] = [];
  /** What reading throws after the first page of a list. */
  failure: Error | undefined;
  pagesReadCount = 0;
  openListsCount = 0;

  addAddress(ipAddress: string, seenCount = 1): this {
    this.addressList.push({ ipAddress, seenLast: SEEN_LAST, seenCount });
    return this;
  }

  addNumber(calledNumber: string, seenCount = 1): this {
    this.numberList.push({ calledNumber, seenLast: SEEN_LAST, seenCount });
    return this;
  }

  addresses(): Pages<AddressTotal> {
    return this.#pages(this.addressList);
  }

  address(ipAddress: string): string | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.addressList.find((total) => total.ipAddress === ipAddress)?.ipAddress;
  }

  numbers(): Pages<NumberTotal> {
    return this.#pages(this.numberList);
  }

  number(calledNumber: string): string | undefined {
    return this.numberList.find((total) => total.calledNumber === calledNumber)?.calledNumber;
  }

  *#pages<T>(list: readonly T[]): Generator<readonly T[]> {
    this.openListsCount += 1;
    try {
      for (let index = 0; index < list.length; index += 500) {
        if (this.failure !== undefined && index > 500) throw this.failure;
        this.pagesReadCount += 1;
        yield list.slice(index, index + 500);
      }
    } finally {
      this.openListsCount -= 1;
    }
  }
}
