// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BgpPorts, Connection, ConnectionHandler, Listening } from '@sentrypeer/bgp';
import { endpointOf, type Endpoint } from '@sentrypeer/ip';
import type { Logger, LogFields } from '@sentrypeer/kernel';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** One end of a connection in memory. */
class End implements Connection {
  readonly remote: Endpoint;
  handler: ConnectionHandler | undefined;
  other: End | undefined;
  /** Whether this end reads what the other one writes. */
  isReading = true;
  isOpen = true;
  readonly #world: World;
  #waiting: Uint8Array[] = [];
  #ending: (() => void) | undefined;

  constructor(world: World, remote: Endpoint) {
    this.#world = world;
    this.remote = remote;
  }

  get unsentOctets(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  write(octets: Uint8Array): void {
    if (!this.isOpen) return;
    this.#waiting.push(octets);
    this.#world.wakeAfter(1, () => this.flush());
  }

  flush(): void {
    const { other } = this;
    if (other?.isReading !== true || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const octets of waiting) other.handler?.onOctets(octets);
    this.handler?.onDrain();
    this.#ending?.();
  }

  pause(): void {
    this.isReading = false;
  }

  resume(): void {
    this.isReading = true;
    this.other?.flush();
  }

  async end(): Promise<void> {
    this.handler = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ending = () => {
      this.destroy();
      resolve();
    };
    this.#world.wakeAfter(2000, this.#ending);
    if (this.#waiting.length === 0) this.#world.wakeAfter(1, this.#ending);
    await promise;
  }

  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.handler = undefined;
    const { other } = this;
    this.#world.wakeAfter(1, () => other?.closed(undefined));
  }

  closed(error: string | undefined): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { handler } = this;
    this.handler = undefined;
    handler?.onClose(error);
  }
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** Time, timers and a network in memory. */
export class World {
  nowMs = 0;
  readonly log: LogLine[] = [];
  readonly #listeners = new Map<string, (one: Connection) => ConnectionHandler | undefined>();
  /** In the order of creation: of those for the same time, the earliest comes first. */
  readonly #timers = new Set<Timer>();

  wakeAfter(waitMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + waitMs, run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#nextBefore(endMs);
      if (next === undefined) {
        await nextTurn(); // Code that waits for a promise may still set a timer.
        if (this.#nextBefore(endMs) === undefined) break;
        continue;
      }
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await Promise.resolve();
    }
    this.nowMs = endMs;
    await nextTurn();
  }

  #nextBefore(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
    return next;
  }

  /** The ports of a speaker on the machine with this address. */
  ports(address: string): BgpPorts {
    const say =
      (level: string) =>
      (event: string, fields: LogFields = {}): void => {
        this.log.push({ level, event, fields });
      };
    const logger: Logger = {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
    };
    return {
      clock: { nowMs: () => this.nowMs, epochUs: () => 1_000_000_000_000 + this.nowMs * 1000 },
      random: { fill: (octets) => octets.fill(335 - Number(address.at(-1)) * 80) },
      logger,
      wakeAfter: (waitMs, run) => this.wakeAfter(waitMs, run),
      connect: (target, handler) =>
        this.dial(target.localAddress ?? address, `${target.address}:${target.port}`, handler),
      listen: (place, onConnection): Promise<Listening> => {
        const key = `${place.host}:${place.port}`;
        this.#listeners.set(key, onConnection);
        const close = (): Promise<void> => {
          this.#listeners.delete(key);
          return Promise.resolve();
        };
        return Promise.resolve({ local: endpointOf(place.host, place.port), close });
      },
    };
  }

  /** Connects; the handler is called a millisecond later. */
  dial(from: string, to: string, handler: ConnectionHandler): End {
    const at = to.lastIndexOf(':');
    const near = new End(this, endpointOf(to.slice(0, at), Number(to.slice(at + 1))));
    near.handler = handler;
    this.wakeAfter(1, () => {
      if (!near.isOpen) return;
      const accept = this.#listeners.get(to);
      const far = new End(this, endpointOf(from, 40_000));
      near.other = far;
      far.other = near;
      const farHandler = accept?.(far);
      if (farHandler === undefined) {
        near.closed(accept === undefined ? 'ECONNREFUSED' : 'ECONNRESET');
        return;
      }
      far.handler = farHandler;
      near.handler?.onConnect();
    });
    return near;
  }

  events(event: string): readonly LogFields[] {
    return this.log.filter((line) => line.event === event).map(({ fields }) => fields);
  }
}
