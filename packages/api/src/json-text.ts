// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import { terminalSafeJson } from '@sentrypeer/kernel';
import type { Pages } from './totals.ts';

/**
 * A whole answer of one level, indented by two columns as SentryPeer 4.x prints it. Written by hand: look-ups are the
 * most frequent requests, and `JSON.stringify` takes its slow path to indent.
 */
export function jsonText(value: Readonly<Record<string, string | number>>): string {
  let text = '{';
  let separator = '\n';
  for (const key in value) {
    text += `${separator}  "${key}": ${safe(value[key])}`;
    separator = ',\n';
  }
  return `${text}\n}`;
}

/**
 * `{"<name>_total": total, "<name>": [entry, …]}` in pieces, one per page, so that a list of any length takes the
 * memory of one page. The total comes first, as in SentryPeer 4.x, if one page holds everything; for a longer list it
 * is known only at the end. No text at all without entries.
 */
export async function* jsonListText<T>(
  name: string,
  pages: Pages<T>,
  format: (entry: T) => Readonly<Record<string, string>>,
): AsyncGenerator<string> {
  let text = '';
  let total = 0;
  let isBegun = false;
  for await (const page of pages) {
    if (text !== '' && page.length > 0) {
      yield isBegun ? text : `{\n  "${name}": [${text}`;
      isBegun = true;
      text = '';
    }
    for (const entry of page) {
      text += `${total === 0 ? '' : ','}\n${entryText(format(entry))}`;
      total += 1;
    }
    await nextTurn(); // Look-ups can run in between.
  }
  if (total === 0) return;
  const count = `"${name}_total": ${total}`;
  yield isBegun ? `${text}\n  ],\n  ${count}\n}` : `{\n  ${count},\n  "${name}": [${text}\n  ]\n}`;
}

/** A value whose text, which may come from anybody, is safe on a terminal. */
function safe(value: string | number | undefined): string {
  return terminalSafeJson(JSON.stringify(value));
}

/** One object of a list, two levels deep. */
function entryText(entry: Readonly<Record<string, string>>): string {
  let text = '    {';
  let separator = '\n';
  for (const key in entry) {
    text += `${separator}      ${JSON.stringify(key)}: ${safe(entry[key])}`;
    separator = ',\n';
  }
  return `${text}\n    }`;
}
