// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Delisting } from './evidence.ts';

/** Why nothing is known of something that was delisted. */
export function delistedReasons(delisting: Delisting | undefined): readonly string[] {
  if (delisting === undefined) return [];
  const { comment } = delisting;
  return [`it was delisted${comment === '' ? '' : ` (${comment})`} and nothing came since`];
}
