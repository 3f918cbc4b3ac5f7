// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Routes } from '@sentrypeer/blackhole';
import { formatPrefix } from '@sentrypeer/ip';

type Prefixes = Parameters<Routes['add']>[0];

/** Prints what routers would be told, and tells them nothing. */
export class DryRoutes implements Routes {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add(prefixes: Prefixes): void {
    for (const prefix of prefixes) this.#print(`would announce ${formatPrefix(prefix)}`);
  }

  remove(prefixes: Prefixes): void {
    for (const prefix of prefixes) this.#print(`would withdraw ${formatPrefix(prefix)}`);
  }

  replace(prefixes: Prefixes): void {
    this.#print(`would announce these ${prefixes.length} prefixes, and nothing else`);
    this.add(prefixes);
  }
}
