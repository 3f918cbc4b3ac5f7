// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ValueType } from './value-types.ts';
import { parseUrl } from './webhook-types.ts';

/** Where a node has its API. A key is sent there, so the URL has no user, and no path, which would be lost. */
export const nodeType: ValueType<URL> = {
  placeholder: 'URL',
  wanted: 'where a node has its API, such as https://sentrypeer.example.org:8082, without a path',
  toml: ['string'],
  repeatable: false,
  parse: (text) => {
    const url = parseUrl(text);
    return url?.href === `${url?.origin}/` ? url : undefined;
  },
  format: (value) => value.origin,
};
