// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Remembers the newest entries: at least the given count, at most twice that. */
export class RecentSet {
  readonly #countMin: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(countMin: number) {
    this.#countMin = countMin;
  }

  has(name: string): boolean {
    return this.#newer.has(name) || this.#older.has(name);
  }

  add(name: string): void {
    if (this.#newer.size >= this.#countMin) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(name);
  }
}
