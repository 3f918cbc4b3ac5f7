// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NEAREST_NAME_CHARACTERS_MAX } from '../limits.ts';

/** The name that was probably meant; `undefined` if none is similar. */
export function nearestName(text: string, names: Iterable<string>): string | undefined {
  if (text.length > NEAREST_NAME_CHARACTERS_MAX) return undefined;
  let nearest: string | undefined;
  // Chosen: with one wrong character in three, a name is still recognisable.
  let distance = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const name of names) {
    const found = editDistance(text, name);
    if (found >= distance || found >= name.length) continue;
    distance = found;
    nearest = name;
  }
  return nearest;
}

/** `did you mean X?` as the end of a message, or nothing. */
export function suggestion(text: string, names: Iterable<string>): string {
  const nearest = nearestName(text, names);
  return nearest === undefined ? '' : `, did you mean ${nearest}?`;
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = from.charCodeAt(row - 1) === to.charCodeAt(column - 1) ? 0 : 1;
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + replaced,
        ),
      );
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
