// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { FILTER_NAMES, type FilterName, type Filters } from './filters.ts';

const VIEWS = [
  'live',
  'address',
  'number',
  'event',
  'search',
  'listings',
  'trends',
  'enforcement',
  'nodes',
  'fleet',
  'sign-in',
] as const;
export type View = (typeof VIEWS)[number];

/** What is shown. It is after the `#` of the address, so that no server and no log on the way sees it. */
export interface Route {
  readonly view: View;
  /**
   * The address, number, event or words that the view is about, a period, or where to go after signing in; otherwise
   * empty.
   */
  readonly subject: string;
  readonly filters: Filters;
}

/** An unknown hash shows the first view. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#\/?/, ''), '?');
  const [name = '', subject = ''] = splitOnce(path, '/');
  const view = VIEWS.find((known) => known === name) ?? 'live';
  const parameters = new URLSearchParams(query);
  const filters: Partial<Record<FilterName, string>> = {};
  for (const filter of FILTER_NAMES) {
    const value = parameters.get(filter);
    if (value !== null && value !== '') filters[filter] = value;
  }
  return { view, subject: decode(subject), filters };
}

export function formatRoute({ view, subject, filters }: Route): string {
  let text = '';
  for (const name of FILTER_NAMES) {
    const value = filters[name];
    if (value !== undefined) text += `${text === '' ? '' : '&'}${name}=${encode(value)}`;
  }
  const place = subject === '' ? '' : `/${encode(subject)}`;
  return `#/${view}${place}${text === '' ? '' : `?${text}`}`;
}

/** The link to a view of one thing. */
export function linkTo(view: View, subject = ''): string {
  return formatRoute({ view, subject, filters: {} });
}

function splitOnce(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** A table has hundreds of links, so this must be cheap. Attackers may write lone surrogates, which are replaced. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Somebody typed a percent sign.
  }
}
