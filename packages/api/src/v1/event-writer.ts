// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { EventFilter, LogFilter } from '@sentrypeer/event';
import { contains, parseIp, parsePrefix } from '@sentrypeer/ip';
import { unreachable } from '@sentrypeer/kernel';
import type {
  AfterFilter,
  EventForm,
  EventSearch,
  FoundEvent,
  WrittenEvents,
  WrittenEventSearch,
  WrittenSample,
} from '../evidence.ts';
import type { PlaceEvidence } from '../places.ts';
import { eventEntry } from './entries.ts';
import { csvLine } from './event-csv.ts';
import { safeJson } from './safe-json.ts';
import { messageText } from './stream-message.ts';

type Places = Pick<PlaceEvidence, 'placeOf'>;

/** Finds events and writes them. It needs nothing of HTTP, so that a thread that only does this is small. */
export class EventWriter implements WrittenEventSearch {
  readonly #search: EventSearch;
  readonly #places: Places;
  readonly #encoder = new TextEncoder();

  constructor(search: EventSearch, places: Places) {
    this.#search = search;
    this.#places = places;
  }

  find(
    form: EventForm,
    filter: EventFilter,
    ...question: AfterFilter<EventSearch['find']>
  ): WrittenEvents {
    const { items, next } = this.#search.find(logFilter(filter, this.#places), ...question);
    const text = items
      .map((event) => textOf(event, form, this.#places))
      .join(form.as === 'list' ? ',' : '');
    return { octets: this.#encoder.encode(text), count: items.length, next };
  }

  sample(
    { withSecrets }: Pick<EventForm, 'withSecrets'>,
    filter: EventFilter,
    ...question: AfterFilter<EventSearch['sample']>
  ): WrittenSample {
    const { items, count, next } = this.#search.sample(
      logFilter(filter, this.#places),
      ...question,
    );
    const written = items.map((event) => ({
      id: event.honeyId,
      data: safeJson(eventEntry(event, this.#places, withSecrets)),
    }));
    return { items: written, count, next };
  }
}

/** The country in a filter for addresses whose country is not known. */
const NOT_KNOWN = '-';

function logFilter({ country, network, ...filter }: EventFilter, places: Places): LogFilter {
  if (country === undefined && network === undefined) return filter;
  const prefix = network === undefined ? undefined : parsePrefix(network);
  const isInside = (sourceIp: string): boolean => {
    const ip = prefix === undefined ? undefined : parseIp(sourceIp);
    return prefix !== undefined && ip !== undefined && contains(prefix, ip);
  };
  const sourceFits = (sourceIp: string): boolean => {
    const place = places.placeOf(sourceIp);
    if (country !== undefined && (place.country ?? NOT_KNOWN) !== country) return false;
    return network === undefined || place.network === network || isInside(sourceIp);
  };
  return { ...filter, sourceFits };
}

function textOf(event: FoundEvent, { as, withSecrets }: EventForm, places: Places): string {
  if (as === 'records') return csvLine(event, places);
  const json = safeJson(eventEntry(event, places, withSecrets));
  switch (as) {
    case 'list':
      return json;
    case 'lines':
      return `${json}\n`;
    case 'messages':
      return messageText({ id: event.honeyId, type: 'event', data: json });
    default:
      return unreachable(as);
  }
}
