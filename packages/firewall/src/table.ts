// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Prefix } from '@sentrypeer/ip';
import type { HeldElement } from '@sentrypeer/listings';
import type { Batch, TimedElement } from './ruleset.ts';

/** What the table has refused since it was created. */
export interface Refused {
  readonly packets: number;
  readonly octets: number;
}

/** What the kernel has. */
export interface Listing {
  /** Elements by set. */
  readonly entries: ReadonlyMap<string, ReadonlySet<string>>;
  /** Any other difference from how it was left. */
  readonly difference: string | undefined;
}

/** Where refusals are kept: the kernel's table, or the screen during a trial run. Each call throws `OperatingError`. */
export interface Table {
  /** Replaces the whole table. */
  load(elements: readonly TimedElement[], spared: readonly Prefix[]): Promise<void>;
  change(batch: Batch): Promise<void>;
  spare(networks: readonly Prefix[]): Promise<void>;
  /** How the table differs from what was put there, as far as a quick check shows; `undefined` if it does not. */
  check(held: readonly HeldElement[], nowEpochMs: number): Promise<string | undefined>;
  /** Whether it is time to list the whole table. */
  isListingDue(): boolean;
  /** The whole table, which may take seconds; `undefined` if it was replaced meanwhile, or is gone. */
  list(): Promise<Listing | undefined>;
  /** The counts at the last listing. */
  refused(): Refused;
  remove(): Promise<void>;
}
