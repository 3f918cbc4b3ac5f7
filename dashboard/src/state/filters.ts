// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

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

/** Stands for an unknown country of an address, or an unknown tool. */
export const NOT_KNOWN = '-';

/** Parameters of a query for events. */
export function queryOf(filters: Filters): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(FILTER_NAMES.map((name) => [name, filters[name]]));
}
