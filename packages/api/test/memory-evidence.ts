// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { EventFilter } from '@sentrypeer/event';
import type { EventSearch, Evidence } from '../src/index.ts';

type Of<K extends Exclude<keyof Evidence, 'sources'>> = ReturnType<Evidence[K]>;
type ItemOf<K extends 'numbers' | 'userAgents'> = Of<K>['items'][number];
type AddressItem = NonNullable<Of<'address'>>;
type Source = NonNullable<ReturnType<Evidence['sources']['source']>>;
type EventPage = ReturnType<EventSearch['find']>;

/** Evidence in memory: what a test puts into the lists, seen last first. Pages of totals have no second one. */
export class MemoryEvidence implements Evidence, EventSearch {
  readonly addressList: AddressItem[] = [];
  readonly numberList: ItemOf<'numbers'>[] = [];
  readonly eventList: EventPage['items'][number][] = [];
  readonly keys = new Map<string, NonNullable<Of<'apiKey'>>>();
  changes = 1;
  /** What was looked for last. */
  lastFilter: EventFilter | undefined;

  /** What is in the list, each its own source. */
  readonly sources: Evidence['sources'] = {
    page: (limit, after) => {
      const from = this.addressList.findIndex(({ totalId }) => totalId === after?.totalId) + 1;
      const items = this.addressList.slice(from, from + limit).map(asSource);
      const last = items.at(-1);
      return { items, next: items.length < limit ? undefined : last };
    },
    source: (text) => {
      const found = this.addressList.find((item) => item.address === text);
      return found === undefined ? undefined : asSource(found);
    },
  };

  address(address: string): Of<'address'> {
    return this.addressList.find((item) => item.address === address);
  }

  addressesFrom(totalId: number, limit: number): Of<'addressesFrom'> {
    return this.addressList.filter((item) => item.totalId > totalId).slice(0, limit);
  }

  sharedCounts(): Of<'sharedCounts'> {
    return { addresses: 0, numbers: 0, userAgents: 0 };
  }

  addressesCount(): number {
    return this.addressList.length;
  }

  numbers(): Of<'numbers'> {
    return { items: this.numberList, next: undefined };
  }

  number(number: string): Of<'number'> {
    return this.numberList.find((item) => item.number === number);
  }

  numbersCount(): number {
    return this.numberList.length;
  }

  userAgents(): Of<'userAgents'> {
    return { items: [], next: undefined };
  }

  userAgentsCount(): number {
    return 0;
  }

  hours(): Of<'hours'> {
    return [];
  }

  methods(): Of<'methods'> {
    return [];
  }

  find(
    filter: EventFilter,
    _order: unknown,
    after: number | undefined,
    limit: number,
    _rowsMax: number,
  ): EventPage {
    this.lastFilter = filter;
    const items = this.eventList.filter(({ honeyId }) => honeyId > (after ?? 0)).slice(0, limit);
    return { items, next: items.length < limit ? undefined : items.at(-1)?.honeyId };
  }

  sample(
    { sipMethod }: { readonly sipMethod?: string },
    { after, until }: { readonly after: number; readonly until: number },
    limit: number,
    idsMax: number,
  ): ReturnType<EventSearch['sample']> {
    const high = Math.min(until, after + idsMax);
    const all = this.eventList.filter(
      ({ honeyId, sipMethod: method }) =>
        honeyId > after && honeyId <= high && (sipMethod === undefined || method === sipMethod),
    );
    return { items: all.slice(-limit), count: all.length, next: high < until ? high : undefined };
  }

  event(eventUuid: string): Of<'event'> {
    return this.eventList.find((item) => item.eventUuid === eventUuid);
  }

  lastHoneyId(): number {
    return this.eventList.at(-1)?.honeyId ?? 0;
  }

  revision(): number {
    return this.changes;
  }

  apiKey(key: string): Of<'apiKey'> {
    return this.keys.get(key);
  }
}

function asSource(item: AddressItem): Source {
  return { ...item, addressesCount: 1 };
}
