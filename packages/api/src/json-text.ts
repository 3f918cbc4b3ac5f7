// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Pages } from './totals.ts';

/**
 * A whole answer of one level, indented by two columns as SentryPeer 4.x prints it. By hand: look-ups are asked for
 * most, and `JSON.stringify` takes its slow way to indent.
 */
export function jsonText(value: Readonly<Record<string, string | number>>): string {
  let text = '{';
  let separator = '\n';
  for (const key in value) {
    text += `${separator}  "${key}": ${JSON.stringify(value[key])}`;
    separator = ',\n';
  }
  return `${text}\n}`;
}

/**
 * `{"<name>_total": total, "<name>": [entry, …]}` in pieces, one a page, so that a list of any length takes
 * the memory of a page.
 */
export async function* jsonListText<T>(
  name: string,
  total: number,
  pages: Pages<T>,
  format: (entry: T) => Readonly<Record<string, string>>,
): AsyncGenerator<string> {
  let text = `{\n  "${name}_total": ${total},\n  "${name}": [`;
  let separator = '\n';
  for await (const page of pages) {
    for (const entry of page) {
      text += separator + entryText(format(entry));
      separator = ',\n';
    }
    yield text;
    text = '';
  }
  yield `${text}${separator === '\n' ? '' : '\n  '}]\n}`;
}

/** One object of a list, two levels deep. */
function entryText(entry: Readonly<Record<string, string>>): string {
  let text = '    {';
  let separator = '\n';
  for (const key in entry) {
    text += `${separator}      ${JSON.stringify(key)}: ${JSON.stringify(entry[key])}`;
    separator = ',\n';
  }
  return `${text}\n    }`;
}
