// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Writable } from 'node:stream';
import type { Submittable } from 'pg';
import { from } from 'pg-copy-streams';

/** A statement `COPY … FROM STDIN` as a stream that takes its rows. */
export function copyFrom(sql: string): Writable & Submittable {
  return from(sql);
}
