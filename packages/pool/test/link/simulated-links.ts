// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes whose links are function calls, in simulated time. */

import assert from 'node:assert/strict';
import { silentLogger, type Clock } from '@sentrypeer/kernel';
import { Exchange } from '../../src/link/exchange.ts';
import type { LinkDistrust, Taken } from '../../src/link/exchange-parts.ts';
import type { Link } from '../../src/link/link.ts';
import type { Wire } from '../../src/link/link-parts.ts';
import type { PageSource } from '../../src/link/page-index.ts';
import { decodePage, pageHolds, type Page } from '../../src/pages/page.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';

export const OPEN = new Uint8Array(32);

interface Due {
  readonly atMs: number;
  run: (() => void) | undefined;
}

/** Runs what is due as time goes on, in order. */
export class SimulatedTime implements Clock {
  #ms = 0;
  readonly #due: Due[] = [];

  nowMs(): number {
    return this.#ms;
  }

  epochUs(): number {
    return NOW_S * 1e6 + Math.floor(this.#ms * 1000);
  }

  readonly wakeAfter = (waitMs: number, run: () => void): (() => void) => {
    const entry: Due = { atMs: this.#ms + waitMs, run };
    let at = this.#due.length;
    while (at > 0 && (this.#due[at - 1]?.atMs ?? 0) > entry.atMs) at -= 1;
    this.#due.splice(at, 0, entry);
    return () => void (entry.run = undefined);
  };

  /** Code that waits for promises settled meanwhile continues. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#ms + ms;
    for (let next = this.#due[0]; next !== undefined && next.atMs <= untilMs; next = this.#due[0]) {
      this.#due.shift();
      this.#ms = next.atMs;
      next.run?.();
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    this.#ms = untilMs;
  }
}

/** Simulated or real. */
export interface Time extends Clock {
  readonly wakeAfter: (waitMs: number, run: () => void) => () => void;
}

/** A node with its pages in memory. */
export class SimulatedNode implements PageSource {
  readonly signer: ReturnType<typeof authorOf>;
  readonly exchange: Exchange;
  readonly voterKeys = new Set<string>();
  /** How often the exchange asked for them. */
  voterReads = 0;
  readonly knownKeys = new Set<string>();
  /** The pages that prove that an author lies, by key. */
  readonly proofs = new Map<string, readonly Uint8Array[]>();
  readonly key: string;
  distrust: LinkDistrust = { covers: () => false };
  /** Octets that it sent. */
  sentOctets = 0;
  readonly #time: Time;
  readonly #pages = new Map<number, { readonly page: Page; readonly octets: Uint8Array }>();
  #changes = 0;
  #lastId = 0;
  #serial = NOW_S - 100_000;

  constructor(time: Time, name: string, networkId = 0) {
    this.#time = time;
    this.signer = authorOf(name);
    this.key = this.signer.publicKey.toHex();
    this.exchange = new Exchange(
      {
        clock: time,
        logger: silentLogger,
        random: { fill: (octets) => octets.fill(0) },
        wakeAfter: time.wakeAfter,
        pages: this,
        take: async (pages) => pages.map((octets) => this.take(octets)),
        proof: (key) => this.proofs.get(key) ?? [],
        voters: () => {
          this.voterReads += 1;
          return this.voterKeys;
        },
        known: () => this.knownKeys,
        distrust: () => this.distrust,
        onLinks: () => undefined,
      },
      { networkId, key: this.key },
    );
  }

  readonly changes = (): number => this.#changes;
  readonly pagesCount = (): number => this.#pages.size;
  readonly pageIds = (): readonly number[] => [...this.#pages.keys()];
  readonly pages: PageSource['pages'] = (after, limit) =>
    [...this.#pages]
      .filter(([id]) => id > after)
      .slice(0, limit)
      .map(([pageId, { octets }]) => ({ pageId, octets }));
  readonly page = (id: number): Uint8Array | undefined => this.#pages.get(id)?.octets;

  /** What it claims and what others claim, each once. */
  subjects(): readonly string[] {
    const all = [...this.#pages.values()].flatMap(({ page }) =>
      page.claims.map(({ subject }) => subject.value),
    );
    return [...new Set(all)].toSorted();
  }

  /** Says something. @param replaces Serial from which on its pages go. */
  say(
    subject: string,
    { isQuiet = false, replaces }: { isQuiet?: boolean; replaces?: number } = {},
  ): number {
    this.#serial += 1;
    const serial = this.#serial;
    const claims = [claimOf(subject)];
    this.take(pageOf(this.signer, { serial, replaces: replaces ?? serial, claims, isQuiet }));
    this.exchange.wake();
    return serial;
  }

  /** Removes a page, as the store does for a distrusted network. */
  withdraw(key: string, serial: number): void {
    for (const [id, { page }] of this.#pages) {
      if (page.key.toHex() === key && page.serial === serial) this.#pages.delete(id);
    }
    this.#changes += 1;
    this.exchange.wake();
  }

  take(octets: Uint8Array): Taken {
    const read = decodePage(octets);
    if (!('page' in read) || !pageHolds(octets)) return 'forged';
    const key = read.page.key.toHex();
    if (this.proofs.has(key)) return 'liar';
    for (const [id, { page, octets: other }] of this.#pages) {
      if (page.key.toHex() !== key) continue;
      if (page.serial === read.page.serial && !isEqual(octets, other)) {
        this.proofs.set(key, [new Uint8Array(octets), other]);
        for (const [each, { page: its }] of this.#pages) {
          if (its.key.toHex() === key) this.#pages.delete(each);
        }
        this.#changes += 1;
        return 'caught';
      }
      if (page.serial === read.page.serial) return 'known';
      if (page.replaces <= read.page.serial && read.page.serial < page.serial) return 'refused';
      if (read.page.replaces <= page.serial && page.serial < read.page.serial)
        this.#pages.delete(id);
    }
    this.#lastId += 1;
    this.#pages.set(this.#lastId, { page: read.page, octets: new Uint8Array(octets) });
    this.#changes += 1;
    return 'taken';
  }

  /** A link to another node. @param delayMs Delay of each octet. */
  dial(other: SimulatedNode, { delayMs = 10, isProved = true } = {}): SimulatedLink {
    return new SimulatedLink(this.#time, this, other, { delayMs, isProved });
  }

  /** Takes a connection. */
  accept(
    from: SimulatedNode,
    wire: Wire,
    isOutward: boolean,
    [proof, expected]: readonly [Uint8Array, Uint8Array],
  ): Link | undefined {
    const peer = {
      key: from.key,
      nodeId: from.signer.nodeId,
      address: '45.0.0.1',
      isOutward,
      sinceEpochUs: this.#time.epochUs(),
    };
    return this.exchange.add(peer, wire, proof, expected);
  }
}

/** A connection between two nodes, with two links over it. */
export class SimulatedLink {
  readonly ends: [Link | undefined, Link | undefined] = [undefined, undefined];
  isOpen = true;

  constructor(
    time: Time,
    a: SimulatedNode,
    b: SimulatedNode,
    { delayMs, isProved }: { readonly delayMs: number; readonly isProved: boolean },
  ) {
    const wire = (from: SimulatedNode, to: 0 | 1): Wire => ({
      unsentOctets: 0,
      send: (octets) => {
        from.sentOctets += octets.length;
        time.wakeAfter(delayMs, () => {
          if (this.isOpen) this.ends[to]?.receive(octets);
        });
      },
      close: () =>
        void time.wakeAfter(delayMs, () => {
          this.isOpen = false;
          for (const end of this.ends) end?.ended();
        }),
    });
    const toB = wire(a, 1);
    const expected = isProved ? OPEN : OPEN.map(() => 1);
    this.ends[1] = b.accept(a, wire(b, 0), false, [OPEN, expected]);
    this.ends[0] = a.accept(b, toB, true, [OPEN, OPEN]);
  }

  cut(): void {
    this.isOpen = false;
    for (const end of this.ends) end?.ended();
  }
}

export function allAgree(nodes: readonly SimulatedNode[]): void {
  const [first, ...others] = nodes;
  for (const node of others) assert.deepEqual(node.subjects(), first?.subjects());
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.toHex() === b.toHex();
}
