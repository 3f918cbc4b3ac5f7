// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { computed, effect, signal } from '@preact/signals';
import type { Event, ListingChange, Summary } from '../api-types.ts';
import { ask, pathOf, type Answer } from '../ask/ask.ts';
import { follow } from '../ask/follow.ts';
import {
  CHANGES_COUNT_MAX,
  DRAW_MS,
  EVENTS_COUNT_MAX,
  EVENTS_PER_SECOND_MAX,
  REPEATS_MS,
  ROWS_COUNT_MAX,
} from '../limits.ts';
import { queryOf, type Filters } from './filters.ts';
import { addGap, fillGaps, leftOut, type Gap } from './gaps.ts';
import { newestFirst } from './ring.ts';
import { route } from './route.ts';

/** The page's connection to its node. */
export type Connection = 'connecting' | 'live' | 'lost';

export const connection = signal<Connection>('connecting');
/** Newest first. */
export const events = signal<readonly Event[]>([]);
/** Whether there are any, for parts that need not know which. */
export const hasEvents = computed(() => events.value.length > 0);
/** Stretches of the log of which not every event was sent. */
const gaps = signal<readonly Gap[]>([]);
/** Number of events between those on the page that were not sent. */
export const leftOutCount = computed(() => leftOut(gaps.value, events.value));
export const changes = signal<readonly ListingChange[]>([]);
/** Why there are no events to show; `undefined` while all is well. */
export const trouble = signal<Exclude<Answer<never>, { ok: true }> | undefined>(undefined);
/** Whether the first events were read. */
export const isRead = signal(false);
/** Whether older events that match are still looked for. */
export const isSearching = signal(false);
/** Whether the table stands still for reading. */
export const isPaused = signal(false);

interface Page<T> {
  readonly items: readonly T[];
}

interface EventPage extends Page<Event> {
  /** Where the next page begins; null at the end of the log. */
  readonly next: string | null;
}

/** Collects what arrives and shows it a few times a second, all at once. */
class Inbox<T extends { readonly id: number }> {
  readonly #show: (come: readonly T[]) => void;
  readonly #countMax: number;
  #come: T[] = [];
  #isDue = false;

  constructor(countMax: number, show: (come: readonly T[]) => void) {
    this.#countMax = countMax;
    this.#show = show;
  }

  add(item: T): void {
    this.#come.push(item);
    if (this.#come.length > 2 * this.#countMax) this.#come = this.#come.slice(-this.#countMax);
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => requestAnimationFrame(() => this.flush()), DRAW_MS);
  }

  flush(): void {
    this.#isDue = false;
    const come = this.#come;
    this.#come = [];
    if (come.length > 0) this.#show(come);
  }
}

/** Keeps the signals above up to date with the node and the address bar. Returns a function that ends it. */
export function goLive(): () => void {
  let end = (): void => undefined;
  let before: string | undefined;
  const stop = effect(() => {
    const { view, filters } = route.value;
    if (view !== 'live') return;
    const asked = JSON.stringify(filters);
    if (asked === before) return;
    before = asked;
    end();
    end = followEvents(filters);
  });
  const stopChanges = followChanges();
  return () => {
    stop();
    end();
    stopChanges();
  };
}

/** If an event that was read brings nothing new, the one already shown stays, so that it is not drawn again. */
function addEvents(read: readonly Event[]): void {
  gaps.value = fillGaps(gaps.value, read, events.value);
  events.value = newestFirst(read, events.value, EVENTS_COUNT_MAX, isAlike);
}

/** A recorded event changes only in its count. */
function isAlike(one: Event, other: Event): boolean {
  return one.seen_count === other.seen_count && one.event_uuid === other.event_uuid;
}

/** Receives the events after the given one as they come, or some of them and the number of the others. */
function followStream(filters: Filters, newestId: number, inbox: Inbox<Event>): () => void {
  return follow(
    (after) =>
      pathOf('/v1/events/stream', {
        ...queryOf(filters),
        after,
        per_second: EVENTS_PER_SECOND_MAX,
      }),
    String(newestId),
    ['event', 'left_out'],
    {
      onEvent: (type, data) => {
        if (type === 'left_out') {
          gaps.value = addGap(gaps.value, data as Gap, events.value);
          return;
        }
        inbox.add(data as Event);
      },
      onState: (isOpen) => {
        connection.value = isOpen ? 'live' : 'lost';
      },
    },
  );
}

type ReadPage = (limit: number, cursor?: string) => Promise<Answer<EventPage>>;

/** Reads pages of events, newest first. */
function pagesOf(filters: Filters, signal: AbortSignal): ReadPage {
  return (limit, cursor) =>
    ask(pathOf('/v1/events', { ...queryOf(filters), limit, cursor }), signal);
}

/** The newest event, whether it matches or not; `undefined` if the node does not say. */
async function lastId(signal: AbortSignal): Promise<number | undefined> {
  const summary = await ask<Summary>('/v1/summary', signal);
  return summary.ok ? summary.value.last_event_id : undefined;
}

/** The node looks at some events at a time, so older ones that match may come after pages without any. */
async function lookBack(read: ReadPage, first: EventPage, signal: AbortSignal): Promise<void> {
  let wanted = ROWS_COUNT_MAX - first.items.length;
  let cursor = first.next;
  while (wanted > 0 && cursor !== null) {
    isSearching.value = true;
    const page = await read(wanted, cursor);
    if (!page.ok) await new Promise((resolve) => setTimeout(resolve, REPEATS_MS / 5));
    if (signal.aborted) return;
    if (!page.ok) continue;
    addEvents(page.value.items);
    wanted -= page.value.items.length;
    cursor = page.value.next;
  }
  isSearching.value = false;
}

function followEvents(filters: Filters): () => void {
  const leaving = new AbortController();
  let unfollow = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const inbox = new Inbox<Event>(EVENTS_COUNT_MAX, addEvents);
  const isFiltered = Object.keys(filters).length > 0;
  const read = pagesOf(filters, leaving.signal);
  const begin = async (): Promise<void> => {
    isRead.value = false;
    isSearching.value = false;
    const last = isFiltered ? await lastId(leaving.signal) : undefined;
    // As many as are drawn come first, so that there is something to see.
    const answer = await read(ROWS_COUNT_MAX);
    if (leaving.signal.aborted) return;
    if (!answer.ok) {
      trouble.value = answer;
      connection.value = 'lost';
      timer = setTimeout(() => void begin(), REPEATS_MS / 5);
      return;
    }
    trouble.value = undefined;
    events.value = answer.value.items;
    gaps.value = [];
    isRead.value = true;
    unfollow = followStream(filters, last ?? answer.value.items[0]?.id ?? 0, inbox);
    timer = setTimeout(() => void recount(), REPEATS_MS);
    const more = await read(EVENTS_COUNT_MAX);
    if (leaving.signal.aborted || !more.ok) return;
    addEvents(more.value.items);
    await lookBack(read, more.value, leaving.signal);
  };
  /** A repeat is counted on the original event; no stream reports that. */
  const recount = async (): Promise<void> => {
    if (!document.hidden && connection.value === 'live') {
      const answer = await read(ROWS_COUNT_MAX);
      if (leaving.signal.aborted) return;
      if (answer.ok) {
        // A database that was started over has lower ids.
        const newest = answer.value.items[0]?.id ?? 0;
        if (newest < (events.value[0]?.id ?? 0) && !isFiltered) {
          unfollow();
          return begin();
        }
        addEvents(answer.value.items);
      }
    }
    timer = setTimeout(() => void recount(), REPEATS_MS);
  };
  void begin();
  return () => {
    leaving.abort();
    clearTimeout(timer);
    unfollow();
  };
}

interface ChangePage extends Page<ListingChange> {
  readonly newest: number;
}

function followChanges(): () => void {
  const leaving = new AbortController();
  let unfollow = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const inbox = new Inbox<ListingChange>(CHANGES_COUNT_MAX, (come) => {
    changes.value = newestFirst(come, changes.value, CHANGES_COUNT_MAX);
  });
  const begin = async (): Promise<void> => {
    const read = (cursor: number, limit: number): Promise<Answer<ChangePage>> =>
      ask<ChangePage>(pathOf('/v1/listings/changes', { cursor, limit }), leaving.signal);
    const first = await read(0, 1);
    if (leaving.signal.aborted) return;
    const newest = first.ok ? first.value.newest : 0;
    const kept = first.ok
      ? await read(Math.max(0, newest - CHANGES_COUNT_MAX), CHANGES_COUNT_MAX)
      : first;
    if (leaving.signal.aborted) return;
    if (!kept.ok) {
      timer = setTimeout(() => void begin(), REPEATS_MS / 5);
      return;
    }
    changes.value = newestFirst(kept.value.items, [], CHANGES_COUNT_MAX);
    unfollow = follow(
      (after) => pathOf('/v1/listings/stream', { after }),
      String(newest),
      ['change', 'serial'],
      {
        onEvent: (type, data) => {
          if (type === 'change') inbox.add(data as ListingChange);
        },
        onState: (isOpen) => {
          // While events are followed, their stream reports the state.
          if (route.peek().view !== 'live') connection.value = isOpen ? 'live' : 'lost';
        },
      },
    );
  };
  void begin();
  return () => {
    leaving.abort();
    clearTimeout(timer);
    unfollow();
  };
}
