// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isAddress, isPrefix } from '../text/prefix.ts';
import type { Route } from './route-text.ts';

/** As ranges are listed. */
const RANGE = /^\+?\d{3,13}x{2,4}$/;

/**
 * Where a text in the search box leads: an address, a prefix or a network, a number in any form, a range of numbers, a
 * country, or words of a tool's name.
 */
export function searchRoute(text: string): Route | undefined {
  const asked = text.trim().replace(/^sips?:|^tel:/i, '');
  if (asked === '') return undefined;
  if (isAddress(asked)) return { view: 'address', subject: asked.toLowerCase(), filters: {} };
  if (isPrefix(asked)) return live({ network: asked.toLowerCase() });
  if (/^AS\d{1,10}$/i.test(asked)) return live({ network: asked.toUpperCase() });
  const [user = ''] = asked.split('@');
  const digits = user.replace(/[\s().-]/g, '');
  if (/^\+?[0-9*#]{2,64}$/.test(digits)) return { view: 'number', subject: digits, filters: {} };
  if (RANGE.test(digits)) return live({ number: digits });
  if (/^[A-Z]{2}$/.test(asked)) return live({ country: asked });
  return { view: 'search', subject: asked, filters: {} };
}

function live(filters: Route['filters']): Route {
  return { view: 'live', subject: '', filters };
}
