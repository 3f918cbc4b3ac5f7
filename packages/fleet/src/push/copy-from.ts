// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Writable } from 'node:stream';
import type { Submittable } from 'pg';
import { from } from 'pg-copy-streams';

/**
 * A `COPY … FROM STDIN` as a stream that takes its rows. Other statements may stand before and after it in the same
 * text, so that one question takes them all.
 *
 * @param onRow Called with the texts of each row that one of them returns.
 */
export function copyFrom(
  sql: string,
  onRow: (fields: readonly (string | null)[]) => void,
): Writable & Submittable {
  return Object.assign(from(sql), {
    handleRowDescription: () => undefined,
    handleDataRow: ({ fields }: { readonly fields: readonly (string | null)[] }) => onRow(fields),
  });
}
