// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Readable } from 'node:stream';
import { systemClock, type Clock } from '@sentrypeer/kernel';
import { ANSWER_TENURE_MS } from './limits.ts';

/** Who asks for an answer that takes long. */
export interface RoomClient {
  /** An IPv4 address or an IPv6 /64. */
  readonly source: string;
  /** It has a key of ours, or is this machine. */
  readonly isKnown: boolean;
}

interface Entry extends RoomClient {
  readonly answer: Readable;
  readonly sinceMs: number;
}

/**
 * Room for a number of answers that take long. If it is full, strangers make room for known clients. Among strangers,
 * and among known clients, the client with the most of them loses its oldest to one that has fewer; if none has more,
 * the oldest of all ends once it had its time. So neither a single client nor a hundred that each take one can keep
 * others out.
 */
export class FairRoom {
  readonly #countMax: number;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** Oldest first. */
  readonly #entries = new Set<Entry>();

  /** @param countMax Answers at a time, 1 and above. */
  constructor(countMax: number, clock: Pick<Clock, 'nowMs'> = systemClock) {
    this.#countMax = countMax;
    this.#clock = clock;
  }

  /** Makes room for one more answer to this client if there is none; `false` if the client has its share. */
  makeFor(client: RoomClient): boolean {
    if (this.#entries.size < this.#countMax) return true;
    const goes = this.#goesFor(client);
    if (goes === undefined) return false;
    this.#entries.delete(goes);
    goes.answer.destroy();
    return true;
  }

  /** Counts an answer until it is closed. */
  add(client: RoomClient, answer: Readable): void {
    const entry = { ...client, answer, sinceMs: this.#clock.nowMs() };
    this.#entries.add(entry);
    answer.once('close', () => this.#entries.delete(entry));
  }

  #goesFor({ source, isKnown }: RoomClient): Entry | undefined {
    const strangers = [...this.#entries].filter((entry) => !entry.isKnown);
    const isBefore = isKnown && strangers.length > 0;
    const peers = isKnown && !isBefore ? [...this.#entries] : strangers;
    const counts = new Map<string, number>();
    for (const entry of peers) counts.set(entry.source, (counts.get(entry.source) ?? 0) + 1);
    const most = Math.max(0, ...counts.values());
    const own = counts.get(source) ?? 0;
    const goes = peers.find((entry) => counts.get(entry.source) === most);
    if (goes === undefined || isBefore || most > own + 1) return goes;
    const hadItsTime = this.#clock.nowMs() - goes.sinceMs >= ANSWER_TENURE_MS;
    return most === own + 1 && hadItsTime ? goes : undefined;
  }
}
