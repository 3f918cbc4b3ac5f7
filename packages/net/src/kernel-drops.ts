// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { addressHex, readSocketRows } from './socket-table.ts';

/**
 * Counts datagrams that never reached us: the kernel dropped them at a socket, because they came faster than they were
 * read. Sockets of other threads that share an address are counted with it.
 */
export class KernelDrops {
  /** The last count of each socket, by inode. */
  #counted: ReadonlyMap<string, number> = new Map();

  /** The number of drops since the last call; always 0 if the system does not report them. */
  async take(locals: readonly Endpoint[]): Promise<number> {
    const addresses = new Set(locals.map(({ address }) => addressHex(address)));
    const ports = new Set(locals.map(({ port }) => port));
    const counted = new Map<string, number>();
    let newCount = 0;
    for (const port of ports) {
      const rows = await readSocketRows('UDP', port);
      if (rows === undefined) return 0; // The next look will report all of them.
      for (const row of rows) {
        if (!addresses.has(row.addressHex)) continue;
        counted.set(row.inode, row.droppedCount);
        newCount += row.droppedCount - (this.#counted.get(row.inode) ?? 0);
      }
    }
    this.#counted = counted;
    return newCount;
  }
}
