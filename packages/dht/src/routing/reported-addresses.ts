// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { addressText } from '../address.ts';
import { REPORTED_ADDRESSES_MAX } from '../limits.ts';

/** The addresses at which others say they see us, each with its votes (PROTOCOL 3.6). For information only. */
export class ReportedAddresses {
  readonly #votes = new Map<string, number>();

  add(octets: Uint8Array): void {
    const address = addressText(octets);
    if (address === undefined) return;
    const votes = this.#votes.get(address) ?? 0;
    if (votes === 0 && this.#votes.size >= REPORTED_ADDRESSES_MAX) return;
    this.#votes.set(address, votes + 1);
  }

  /** Most votes first. */
  list(): readonly { readonly address: string; readonly votes: number }[] {
    return [...this.#votes]
      .map(([address, votes]) => ({ address, votes }))
      .sort((a, b) => b.votes - a.votes);
  }

  clear(): void {
    this.#votes.clear();
  }
}
