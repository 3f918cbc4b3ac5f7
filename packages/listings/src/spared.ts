// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatPrefix, specialPurpose, widen, type Ip, type Prefix } from '@sentrypeer/ip';
import { SPARED_COUNT_MAX } from './limits.ts';

/** A network that is never acted on: never refused, never announced to a router. */
export interface SparedNetwork {
  readonly prefix: Prefix;
  /** Completes "it is spared: …". */
  readonly why: string;
}

/**
 * Knows what is never acted on, whatever the feed says. Networks are grouped by length, so that a check costs the same
 * however many there are.
 */
export class Spared {
  readonly networks: readonly SparedNetwork[];
  /** Number of networks beyond the limit. */
  readonly omittedCount: number;
  /** Equal if the same networks are spared. */
  readonly signature: string;
  readonly #byLength = new Map<number, Map<string, string>>();
  /** For spared networks inside networks of a length: the latter. */
  readonly #around = new Map<number, Map<string, string>>();

  /** @param networks The most important first. */
  constructor(networks: readonly SparedNetwork[]) {
    const byText = new Map<string, SparedNetwork>();
    for (const one of networks) {
      const text = formatPrefix(one.prefix);
      if (!byText.has(text)) byText.set(text, one);
    }
    this.networks = [...byText.values()].slice(0, SPARED_COUNT_MAX);
    this.omittedCount = byText.size - this.networks.length;
    this.signature = [...byText.keys()].toSorted().join(' ');
    for (const { prefix, why } of this.networks) {
      const same = this.#byLength.get(prefix.length) ?? new Map<string, string>();
      same.set(textOf(prefix.base), why);
      this.#byLength.set(prefix.length, same);
    }
  }

  /** Why the network is not acted on: it is spared, it is inside a spared network, or it contains one. */
  reason(prefix: Prefix): string | undefined {
    const special = specialPurpose(prefix.base);
    if (special !== undefined) return `it is ${special}`;
    for (const [length, networks] of this.#byLength) {
      if (length > prefix.length) continue;
      const why = networks.get(textOf(widen(prefix.base, length).base));
      if (why !== undefined) return why;
    }
    const inside = this.#aroundOf(prefix.length).get(textOf(prefix.base));
    return inside === undefined ? undefined : `in it lies something that is spared: ${inside}`;
  }

  #aroundOf(length: number): ReadonlyMap<string, string> {
    const known = this.#around.get(length);
    if (known !== undefined) return known;
    const around = new Map<string, string>();
    for (const { prefix, why } of this.networks) {
      if (prefix.length > length) around.set(textOf(widen(prefix.base, length).base), why);
    }
    this.#around.set(length, around);
    return around;
  }
}

function textOf(ip: Ip): string {
  return String.fromCharCode(...ip);
}
