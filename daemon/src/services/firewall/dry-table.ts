// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Refused, Table } from '@sentrypeer/firewall';
import { networkOf } from '@sentrypeer/listings';

type Load = Parameters<Table['load']>;
type Batch = Parameters<Table['change']>[0];
type Element = Batch['add'][number];

/** Prints what would be done, and does nothing. */
export class DryTable implements Table {
  readonly #print: (line: string) => void;
  /** Set and element of those that would exist. */
  readonly #there = new Set<string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  async load(elements: Load[0], spared: Load[1]): Promise<void> {
    this.#there.clear();
    this.#print(
      `would load a table of ${elements.length} entries, and spare ${spared.length} networks`,
    );
    for (const one of elements) this.#add(one);
  }

  async change({ add, remove }: Batch): Promise<void> {
    for (const one of add) this.#add(one);
    for (const { set, element } of remove) {
      this.#there.delete(`${element} ${set}`);
      this.#print(`would let ${networkOf({ set, element })} in again`);
    }
  }

  async spare(networks: Load[1]): Promise<void> {
    this.#print(`would spare ${networks.length} networks`);
  }

  async check(): Promise<string | undefined> {
    return undefined;
  }

  isListingDue(): boolean {
    return false;
  }

  async list(): Promise<undefined> {
    return undefined;
  }

  refused(): Refused {
    return { packets: 0, octets: 0 };
  }

  async remove(): Promise<void> {
    this.#there.clear();
  }

  #add({ set, element, timeoutSeconds }: Element): void {
    const key = `${element} ${set}`;
    const verb = this.#there.has(key) ? 'refuse longer' : 'refuse';
    this.#there.add(key);
    this.#print(`would ${verb} ${networkOf({ set, element })} for ${timeoutSeconds} s`);
  }
}
