// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatPrefix, type Prefix } from '@sentrypeer/ip';
import type { HeldElement } from '@sentrypeer/listings';
import type { Batch, TimedElement } from '../src/ruleset.ts';
import type { Listing, Refused, Table } from '../src/table.ts';

/** A table that remembers what it was told. */
export class MemoryTable implements Table {
  /** Seconds by element. */
  readonly entries = new Map<string, number>();
  spared: readonly string[] = [];
  loads = 0;
  removals = 0;
  /** Entries put in since the last load. */
  additions = 0;
  packets = 0;
  difference: string | undefined;
  /** What the kernel lists when it is asked next. */
  listing: Promise<Listing['entries']> | undefined;
  /** Runs before a change is accepted; if it throws, the change fails. */
  before: () => void | Promise<void> = () => undefined;

  async load(elements: readonly TimedElement[], spared: readonly Prefix[]): Promise<void> {
    await this.before();
    this.loads += 1;
    this.entries.clear();
    for (const { element, timeoutSeconds } of elements) this.entries.set(element, timeoutSeconds);
    await this.spare(spared);
    this.difference = undefined;
    this.packets = 0;
  }

  async change({ add, remove }: Batch): Promise<void> {
    await this.before();
    for (const { element } of remove) this.entries.delete(element);
    for (const { element, timeoutSeconds } of add) this.entries.set(element, timeoutSeconds);
    this.additions += add.length;
  }

  async spare(networks: readonly Prefix[]): Promise<void> {
    this.spared = networks.map(formatPrefix);
  }

  async check(_held: readonly HeldElement[]): Promise<string | undefined> {
    return this.difference;
  }

  isListingDue(): boolean {
    return this.listing !== undefined;
  }

  async list(): Promise<Listing | undefined> {
    const entries = await this.listing;
    this.listing = undefined;
    return entries && { entries, difference: undefined };
  }

  refused(): Refused {
    return { packets: this.packets, octets: this.packets * 100 };
  }

  async remove(): Promise<void> {
    await this.before();
    this.removals += 1;
    this.entries.clear();
  }
}
