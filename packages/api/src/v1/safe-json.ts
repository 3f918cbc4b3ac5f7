// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { terminalSafeJson } from '@sentrypeer/kernel';
import type { Json } from './entries.ts';

/** JSON whose texts of anybody's change nothing on a terminal. */
export function safeJson(value: Json): string {
  return terminalSafeJson(JSON.stringify(value));
}
