// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import type { SparedNetwork } from '@sentrypeer/listings';
import type { Table } from './table.ts';

export interface FirewallPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: Table;
  /** Who is never refused, the most important first; asked every few seconds. */
  readonly spared: () => readonly SparedNetwork[];
  /** There is room again for what was left out: the feed begins anew. */
  readonly restartFeed: () => void;
}

export interface FirewallOptions {
  readonly entriesMax: number;
  /** Entries that are put in within a minute. */
  readonly additionsPerMinuteMax: number;
  /** Milliseconds after which everything is taken out again unless an operator confirms; `undefined` needs none. */
  readonly confirmWithinMs: number | undefined;
  /** Whether the table stays at an orderly stop. */
  readonly keepsEntries: boolean;
}
