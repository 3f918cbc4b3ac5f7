// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIP } from 'node:net';
import type { AddressTotal } from './totals.ts';

/** From the weakest evidence to the strongest. */
const GRADES = ['seen', 'returned', 'handshake'] as const;
const SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);
const DIGITS_MAX = 9;

/** Which addresses a list holds. */
export interface ListFilter {
  /** The weakest grade that is listed. */
  readonly grade: (typeof GRADES)[number];
  /** Messages from the address, 1 and above. */
  readonly minCount: number;
  /** Wall-clock microseconds; only addresses seen after it. */
  readonly afterEpochUs: number;
  /** 4, 6, or 0 for both. */
  readonly family: number;
}

/** A filter, or what is wrong with the query and what would be right. */
export type ListQuery =
  | { readonly ok: true; readonly filter: ListFilter }
  | { readonly ok: false; readonly detail: string };

type Defaults = Pick<ListFilter, 'grade'>;
type Reading = Partial<ListFilter> | undefined;

/** What each parameter may say; a reader answers `undefined` where the text is not that. */
const PARAMETERS: ReadonlyMap<
  string,
  { readonly right: string; read(text: string, nowEpochUs: number): Reading }
> = new Map([
  [
    'grade',
    {
      right: `one of ${GRADES.join(', ')}`,
      read: (text) => {
        const grade = GRADES.find((name) => name === text);
        return grade === undefined ? undefined : { grade };
      },
    },
  ],
  [
    'min_count',
    {
      right: 'a whole number of 1 and above',
      read: (text) => {
        const minCount = wholeNumber(text);
        return minCount === undefined || minCount < 1 ? undefined : { minCount };
      },
    },
  ],
  [
    'max_age',
    {
      right: 'a time such as 90s, 30m, 24h or 7d',
      read: (text, nowEpochUs) => {
        const count = wholeNumber(text.slice(0, -1));
        const seconds = SECONDS.get(text.slice(-1));
        if (count === undefined || seconds === undefined) return undefined;
        return { afterEpochUs: nowEpochUs - count * seconds * 1e6 };
      },
    },
  ],
  [
    'since',
    {
      right: 'a time of RFC 3339 such as 2026-11-24T16:00:00Z',
      read: (text) => {
        const epochMs = rfc3339EpochMs(text);
        return epochMs === undefined ? undefined : { afterEpochUs: epochMs * 1000 };
      },
    },
  ],
  [
    'family',
    {
      right: '4 or 6',
      read: (text) => (text === '4' || text === '6' ? { family: Number(text) } : undefined),
    },
  ],
]);

/** @param nowEpochUs Wall-clock microseconds, from which `max_age` counts. */
export function parseListQuery(
  query: URLSearchParams,
  defaults: Defaults,
  nowEpochUs: number,
): ListQuery {
  const filter = { minCount: 1, afterEpochUs: 0, family: 0, ...defaults };
  for (const name of new Set(query.keys())) {
    const parameter = PARAMETERS.get(name);
    if (parameter === undefined) {
      const known = [...PARAMETERS.keys()].join(', ');
      return { ok: false, detail: `there is no such parameter; there are ${known}` };
    }
    const texts = query.getAll(name);
    const read = texts.length === 1 ? parameter.read(texts[0] ?? '', nowEpochUs) : undefined;
    if (read === undefined) return { ok: false, detail: `${name} must be once ${parameter.right}` };
    // Both max_age and since may be given; the later time counts.
    const afterEpochUs = Math.max(filter.afterEpochUs, read.afterEpochUs ?? 0);
    Object.assign(filter, read, { afterEpochUs });
  }
  return { ok: true, filter };
}

/** Also refuses what is no address: databases of older programs may hold anything. */
export function isListed(total: AddressTotal, filter: ListFilter): boolean {
  const family = total.ipAddress.includes('%') ? 0 : isIP(total.ipAddress);
  return (
    family !== 0 &&
    (filter.family === 0 || filter.family === family) &&
    GRADES.indexOf(total.grade) >= GRADES.indexOf(filter.grade) &&
    total.seenCount >= filter.minCount &&
    total.seenLastEpochUs > filter.afterEpochUs
  );
}

function wholeNumber(text: string): number | undefined {
  return /^[0-9]+$/.test(text) && text.length <= DIGITS_MAX ? Number(text) : undefined;
}

function rfc3339EpochMs(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text))
    return undefined;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
