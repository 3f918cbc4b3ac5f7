// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import type { SparedNetwork } from '@sentrypeer/listings';
import type { Table } from './table.ts';

export interface FirewallPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: Table;
  /** Networks that are never refused, the most important first; read every few seconds. */
  readonly spared: () => readonly SparedNetwork[];
  /** There is room again for what was left out: start the feed again. */
  readonly restartFeed: () => void;
}

export interface FirewallOptions {
  readonly entriesMax: number;
  /** The most entries that are put in within a minute. */
  readonly additionsPerMinuteMax: number;
  /**
   * Milliseconds after which everything is taken out again unless an operator confirms; `undefined` if no confirmation
   * is needed.
   */
  readonly confirmWithinMs: number | undefined;
  /** Whether the table stays after an orderly stop. */
  readonly keepsEntries: boolean;
}
