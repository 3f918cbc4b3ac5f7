// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from './once.ts';

const names = once(() => new Intl.DisplayNames('en', { type: 'region', fallback: 'code' }));

/** The name of a country; its code if there is no name. @param code ISO 3166-1 alpha-2. */
export function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (names().of(code) ?? code) : 'Not known';
}
