// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Creates something when it is first needed: what `Intl` loads takes longer than everything else before the page is
 * drawn.
 */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
