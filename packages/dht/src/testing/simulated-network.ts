// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { assert, silentLogger, type Clock, type Random } from '@sentrypeer/kernel';
import { endpointKey } from '../address.ts';
import type { DatagramPort, DhtPorts, OnDatagram } from '../ports.ts';
import { Timers, type Timer } from '../engine/timers.ts';

const MINUTE_MS = 60_000;

/** What is reachable at an address. */
export interface Host {
  /** When it wants to be advanced, in milliseconds of the network's clock. */
  readonly nextAtMs: number | undefined;
  receive(octets: Uint8Array, source: Endpoint): void;
  advance(): void;
}

export interface SimulatedNetworkOptions {
  /** The same seed gives the same run. @default 1 */
  readonly seed?: number;
  /** One-way delay in milliseconds: from, to. @default 10 to 50 */
  readonly latencyMs?: readonly [number, number];
  /** Probability that a datagram is lost, 0 to 1. @default 0 */
  readonly lossRate?: number;
}

/** Carries datagrams; tests may look at them, change the loss, or cut a host off. */
export class SimulatedNetwork {
  readonly clock: Clock;
  readonly random: Random;
  lossRate: number;
  sentCount = 0;
  sentOctets = 0;
  /** Called for each datagram; `false` loses it. */
  onDatagram: (octets: Uint8Array, from: Endpoint, to: Endpoint) => boolean = () => true;
  readonly #latencyMs: readonly [number, number];
  readonly #timers = new Timers();
  readonly #hosts = new Map<string, { readonly host: Host; wake: Timer | undefined }>();
  readonly #chance: () => number;
  #nowMs = 0;

  constructor(options: SimulatedNetworkOptions = {}) {
    this.#chance = generator(options.seed ?? 1);
    this.#latencyMs = options.latencyMs ?? [10, 50];
    this.lossRate = options.lossRate ?? 0;
    this.clock = {
      nowMs: () => this.#nowMs,
      epochUs: () => 1_700_000_000_000_000 + this.#nowMs * 1000,
    };
    this.random = {
      fill: (octets) => {
        for (let index = 0; index < octets.length; index += 1) octets[index] = this.#chance() * 256;
        return octets;
      },
    };
  }

  /** 0 up to 1. */
  chance(): number {
    return this.#chance();
  }

  attach(at: Endpoint, host: Host): void {
    this.#hosts.set(endpointKey(at), { host, wake: undefined });
    this.#rearm(endpointKey(at));
  }

  /** The host is gone at once, as if killed. */
  detach(at: Endpoint): void {
    this.#timers.cancel(this.#hosts.get(endpointKey(at))?.wake);
    this.#hosts.delete(endpointKey(at));
  }

  send(octets: Uint8Array, from: Endpoint, to: Endpoint): void {
    this.sentCount += 1;
    this.sentOctets += octets.length;
    if (!this.onDatagram(octets, from, to) || this.#chance() < this.lossRate) return;
    const [least, most] = this.#latencyMs;
    const copy = new Uint8Array(octets);
    this.#timers.arm(this.#nowMs + least + this.#chance() * (most - least), () => {
      const key = endpointKey(to);
      this.#hosts.get(key)?.host.receive(copy, from);
      this.#rearm(key);
    });
  }

  /** Must be called after a host was used from outside, so that its timers are known. */
  touch(at: Endpoint): void {
    this.#rearm(endpointKey(at));
  }

  /** Calls the test's `run` after `waitMs` milliseconds of simulated time. Returns a function that cancels it. */
  later(waitMs: number, run: () => void): () => void {
    const timer = this.#timers.arm(this.#nowMs + waitMs, run);
    return () => this.#timers.cancel(timer);
  }

  /** What `DhtNode.open` needs in order to run here, at this address and port. */
  portsAt(at: Endpoint): DhtPorts {
    const open = (onDatagram: OnDatagram): Promise<DatagramPort> => {
      this.attach(at, { nextAtMs: undefined, receive: onDatagram, advance: () => undefined });
      return Promise.resolve({
        locals: [at],
        send: (octets, to) => this.send(octets, at, to),
        close: () => Promise.resolve(this.detach(at)),
      });
    };
    return {
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      wakeAfter: (waitMs, run) => this.later(waitMs, run),
      openDatagrams: open,
      openDiscovery: () =>
        Promise.resolve({ locals: [], send: () => undefined, close: () => Promise.resolve() }),
      resolve: (host) => Promise.resolve([host]),
    };
  }

  /** Lets simulated time pass. */
  run(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    while (this.#runNext(endMs));
    this.#nowMs = endMs;
  }

  /** Lets time pass until the condition holds; asserts that it does within `limitMs`. */
  runUntil(condition: () => boolean, limitMs = 10 * MINUTE_MS): void {
    const endMs = this.#nowMs + limitMs;
    while (!condition()) assert(this.#runNext(endMs), 'simulation_condition');
  }

  /** Runs what comes next; `false` if nothing is due in time. */
  #runNext(endMs: number): boolean {
    const atMs = this.#timers.nextAtMs;
    if (atMs === undefined || atMs > endMs) return false;
    this.#nowMs = Math.max(this.#nowMs, atMs);
    this.#timers.runDue(this.#nowMs);
    return true;
  }

  #rearm(key: string): void {
    const entry = this.#hosts.get(key);
    if (entry === undefined) return;
    const atMs = entry.host.nextAtMs;
    if (entry.wake?.run !== undefined && entry.wake.atMs === atMs) return;
    this.#timers.cancel(entry.wake);
    if (atMs === undefined || atMs === Infinity) return;
    entry.wake = this.#timers.arm(Math.max(atMs, this.#nowMs), () => {
      entry.host.advance();
      this.#rearm(key);
    });
  }
}

/** Marsaglia's xorshift with 32 bits: good enough to shuffle, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
