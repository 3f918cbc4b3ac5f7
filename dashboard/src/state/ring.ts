// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Something with an ascending id. */
interface Numbered {
  readonly id: number;
}

/**
 * Merges new and known things, newest first, each once and in its latest form; at most `countMax`.
 *
 * @param come In any order.
 * @param isAlike Whether the new form brings nothing new, so that the old one stays.
 */
export function newestFirst<T extends Numbered>(
  come: readonly T[],
  before: readonly T[],
  countMax: number,
  isAlike: (before: T, come: T) => boolean = () => false,
): readonly T[] {
  const byId = new Map<number, T>();
  for (const item of before) byId.set(item.id, item);
  for (const item of come) {
    const known = byId.get(item.id);
    if (known === undefined || !isAlike(known, item)) byId.set(item.id, item);
  }
  return [...byId.values()].toSorted((a, b) => b.id - a.id).slice(0, countMax);
}
