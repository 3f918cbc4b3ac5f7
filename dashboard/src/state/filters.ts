// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event } from '../api-types.ts';
import { isInPrefix } from '../text/prefix.ts';

/** Properties by which events can be filtered, in the order shown. */
export const FILTER_NAMES = [
  'source_ip',
  'called_number',
  'number',
  'country',
  'network',
  'user_agent',
  'method',
  'transport',
  'grade',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export const FILTER_WORDS: Readonly<Record<FilterName, string>> = {
  source_ip: 'Source',
  called_number: 'Dialled',
  number: 'Number',
  country: 'Country',
  network: 'Network',
  user_agent: 'Tool',
  method: 'Method',
  transport: 'Transport',
  grade: 'Proof',
};

/** Filters that the page applies; the node applies the others. */
const OWN_FILTERS: ReadonlySet<FilterName> = new Set(['country', 'network']);

/** Stands for an unknown country of an address, or an unknown tool. */
export const NOT_KNOWN = '-';

/** Parameters of a query for events, without those that the page applies. */
export function queryOf(filters: Filters): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    FILTER_NAMES.filter((name) => !OWN_FILTERS.has(name)).map((name) => [name, filters[name]]),
  );
}

/** Whether the page leaves out events that the node selected. */
export function hasOwnFilter(filters: Filters): boolean {
  return [...OWN_FILTERS].some((name) => filters[name] !== undefined);
}

/** Whether an event that the node selected passes the page's filters. */
export function fits(event: Event, { country, network }: Filters): boolean {
  if (country !== undefined && (event.country ?? NOT_KNOWN) !== country) return false;
  if (network === undefined || event.network === network) return true;
  return isInPrefix(event.source_ip, network);
}
