// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey } from '@sentrypeer/ip';
import { assert } from '@sentrypeer/kernel';
import { STREAMS_WAITING_OCTETS_MAX } from './limits.ts';

/** The limit that a connection exceeded: that for all together, or that for one source. */
export type ConnectionLimit = 'connections_all' | 'connections_source';

/** The place of one open connection. */
export interface Place {
  /** A message came: the place is the last one to be given to another connection. */
  keep(): void;
  /** The connection is gone; once for each place, also for one that was given away. */
  release(): void;
}

interface Held {
  readonly key: string;
  readonly giveUp: () => void;
}

/**
 * Counts open connections, in all and for each source (an IPv6 /64 is one source), and the octets of begun messages that
 * wait on all of them. If there are too many in all, the one that has brought no message for the longest time gives its
 * place to the newcomer: otherwise somebody who opens them all from many addresses, and says nothing, would keep
 * everybody else out.
 */
export class ConnectionQuota {
  readonly #max: number;
  readonly #perSourceMax: number;
  readonly #bySource = new Map<string, number>();
  /** Longest without a message first. */
  readonly #held = new Set<Held>();
  readonly #waitingOctetsMax: number;
  readonly #onExceeded: (limit: ConnectionLimit, address: string) => void;
  readonly #exceeded = { connections_all: 0, connections_source: 0 };
  #waitingOctets = 0;

  /**
   * @param options.max 1 and above.
   * @param options.waitingOctetsMax Defaults to `STREAMS_WAITING_OCTETS_MAX`.
   * @param options.onExceeded Called with the address of each connection that was one too many.
   */
  constructor(options: {
    readonly max: number;
    readonly perSourceMax: number;
    readonly waitingOctetsMax?: number;
    readonly onExceeded?: (limit: ConnectionLimit, address: string) => void;
  }) {
    assert(options.max >= 1, 'no_connections');
    this.#max = options.max;
    this.#perSourceMax = options.perSourceMax;
    this.#waitingOctetsMax = options.waitingOctetsMax ?? STREAMS_WAITING_OCTETS_MAX;
    this.#onExceeded = options.onExceeded ?? (() => undefined);
  }

  /** Octets of begun messages, on all connections. */
  get waitingOctets(): number {
    return this.#waitingOctets;
  }

  /**
   * Adds to the octets that connections keep; a negative number subtracts. @returns Whether the sum is within the
   * limit.
   */
  keep(octets: number): boolean {
    this.#waitingOctets += octets;
    return this.#waitingOctets <= this.#waitingOctetsMax;
  }

  /** Connections that have a place. */
  get count(): number {
    return this.#held.size;
  }

  /** How often each limit was exceeded. */
  get exceeded(): Readonly<Record<ConnectionLimit, number>> {
    return { ...this.#exceeded };
  }

  /**
   * Gives one more connection a place, or `undefined` if its source has too many.
   *
   * @param giveUp Closes the connection, whose place another one has got.
   */
  admit(address: string, giveUp: () => void): Place | undefined {
    const key = sourceKey(address);
    const count = this.#bySource.get(key) ?? 0;
    if (count >= this.#perSourceMax) {
      this.#exceed('connections_source', address);
      return undefined;
    }
    const [stalest] = this.#held;
    if (stalest !== undefined && this.#held.size >= this.#max) {
      this.#exceed('connections_all', address);
      this.#remove(stalest);
      stalest.giveUp();
    }
    const held = { key, giveUp };
    this.#held.add(held);
    this.#bySource.set(key, (this.#bySource.get(key) ?? 0) + 1);
    let isReleased = false;
    return {
      keep: () => {
        if (this.#held.delete(held)) this.#held.add(held);
      },
      release: () => {
        assert(!isReleased, 'connection_released_twice');
        isReleased = true;
        this.#remove(held);
      },
    };
  }

  #exceed(limit: ConnectionLimit, address: string): void {
    this.#exceeded[limit] += 1;
    this.#onExceeded(limit, address);
  }

  #remove(held: Held): void {
    if (!this.#held.delete(held)) return;
    const count = this.#bySource.get(held.key) ?? 0;
    if (count <= 1) this.#bySource.delete(held.key);
    else this.#bySource.set(held.key, count - 1);
  }
}
