// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Prefix } from '@sentrypeer/ip';
import type { Batch, TimedElement } from './ruleset.ts';

/** What the table refused since it was made. */
export interface Refused {
  readonly packets: number;
  readonly octets: number;
}

/** An element and when it ends, in wall-clock milliseconds. */
export interface HeldElement {
  readonly set: string;
  readonly element: string;
  readonly endEpochMs: number;
}

/** Where what is refused is kept: the kernel's table, or the screen of somebody who tries it out. Each call throws `OperatingError`. */
export interface Table {
  /** The whole table instead of what was there. */
  load(elements: readonly TimedElement[], spared: readonly Prefix[]): Promise<void>;
  change(batch: Batch): Promise<void>;
  spare(networks: readonly Prefix[]): Promise<void>;
  /** How the table differs from what was put there; `undefined` where it does not. */
  check(held: readonly HeldElement[], nowEpochMs: number): Promise<string | undefined>;
  refused(): Promise<Refused>;
  remove(): Promise<void>;
}
