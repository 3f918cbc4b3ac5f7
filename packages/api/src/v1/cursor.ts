// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Page, PageEnd, SeenTotal } from '../evidence.ts';
import { PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX, PAGE_SCAN_MAX } from '../limits.ts';
import { wholeNumber, type Parameter } from '../parameters.ts';

const TOTALS_CURSOR = /^([0-9]{1,16})-([0-9]{1,15})$/;

/** Where a page of totals ended, as a text. */
export const totalsCursor: Parameter<PageEnd> = {
  description: 'The `next` of the page before.',
  schema: { type: 'string', pattern: TOTALS_CURSOR.source },
  right: 'the next of a page before',
  read: (text) => {
    const [, us, id] = TOTALS_CURSOR.exec(text) ?? [];
    return us === undefined ? undefined : { lastSeenEpochUs: Number(us), totalId: Number(id) };
  },
};

function formatCursor({ lastSeenEpochUs, totalId }: PageEnd): string {
  return `${lastSeenEpochUs}-${totalId}`;
}

/** The last event that was looked at. */
export const eventCursor: Parameter<number> = {
  ...wholeNumber('The `next` of the page before.', 0, Number.MAX_SAFE_INTEGER),
  right: 'the next of a page before',
};

export const limit = wholeNumber('Entries of a page.', 1, PAGE_ENTRIES_MAX);

/** Which totals a page includes, from where, and the time before which it need not look. */
export interface PageQuery<T> {
  readonly after: PageEnd | undefined;
  readonly limit: number | undefined;
  /** Wall-clock microseconds. */
  readonly sinceEpochUs: number;
  readonly fits: (item: T) => boolean;
}

/** A page of matching totals; others are looked at within a bound, after which the cursor moves on. */
export function pageOf<T extends SeenTotal>(
  read: (limit: number, after?: PageEnd) => Page<T>,
  query: PageQuery<T>,
): { readonly items: readonly T[]; readonly next: string | null } {
  const countMax = query.limit ?? PAGE_ENTRIES_DEFAULT;
  const items: T[] = [];
  let { after } = query;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; scanned += countMax) {
    const page = read(countMax, after);
    for (const item of page.items) {
      if (item.lastSeenEpochUs <= query.sinceEpochUs) return { items, next: null };
      if (!query.fits(item)) continue;
      items.push(item);
      if (items.length === countMax) return { items, next: formatCursor(item) };
    }
    if (page.next === undefined) return { items, next: null };
    after = page.next;
  }
  return { items, next: after === undefined ? null : formatCursor(after) };
}
