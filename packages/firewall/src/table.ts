// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Prefix } from '@sentrypeer/ip';
import type { HeldElement } from '@sentrypeer/listings';
import type { Batch, TimedElement } from './ruleset.ts';

/** What the table refused since it was made. */
export interface Refused {
  readonly packets: number;
  readonly octets: number;
}

/** What the kernel has. */
export interface Listing {
  /** Elements by set. */
  readonly entries: ReadonlyMap<string, ReadonlySet<string>>;
  /** What else is not as it was left. */
  readonly difference: string | undefined;
}

/** Where what is refused is kept: the kernel's table, or the screen of somebody who tries it out. Each call throws `OperatingError`. */
export interface Table {
  /** The whole table instead of what was there. */
  load(elements: readonly TimedElement[], spared: readonly Prefix[]): Promise<void>;
  change(batch: Batch): Promise<void>;
  spare(networks: readonly Prefix[]): Promise<void>;
  /** How the table differs from what was put there, as far as can be seen at once; `undefined` where it does not. */
  check(held: readonly HeldElement[], nowEpochMs: number): Promise<string | undefined>;
  /** Whether it is time to list the whole table. */
  isListingDue(): boolean;
  /** The whole table, which may take seconds; `undefined` where it was made anew meanwhile, or is gone. */
  list(): Promise<Listing | undefined>;
  /** As it was listed last. */
  refused(): Refused;
  remove(): Promise<void>;
}
