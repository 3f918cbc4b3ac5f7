// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { PageSource } from '../../src/link/page-index.ts';

/** The pages of a list, which only grows. The id of a page is its place in the list, 1 and above. */
export function pagesIn(pages: readonly Uint8Array[]): PageSource {
  return {
    changes: () => pages.length,
    pagesCount: () => pages.length,
    pageIds: () => pages.map((_, at) => at + 1),
    pages: (after, limit) =>
      pages.slice(after, after + limit).map((octets, at) => ({ pageId: after + at + 1, octets })),
    page: (pageId) => pages[pageId - 1],
  };
}
