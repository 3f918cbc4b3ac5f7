// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { endpointKey } from '../address.ts';
import type { Core } from '../engine/core.ts';
import type { InfoHash } from '../info-hash.ts';
import {
  BOOTSTRAP_ENDPOINTS_MAX,
  BOOTSTRAP_REPEAT_MS_MAX,
  BOOTSTRAP_REPEAT_MS_MIN,
} from '../limits.ts';
import { RemoteNode, type Request } from './remote-node.ts';
import type { Requests } from './requests.ts';
import type { Timer } from '../engine/timers.ts';
import type { ErrorMessage, ReplyMessage } from '../wire/message.ts';

export interface BootstrapPorts {
  readonly isConnected: () => boolean;
  /** A node answered; its id is known from now on. */
  readonly onPong: (id: InfoHash, source: Endpoint) => void;
  /** A node has answered, or none will. */
  readonly onSettled: () => void;
  /** The pings are repeated; names may have other addresses by now. */
  readonly onDue: () => void;
}

/** Pings addresses whose node ids are not known, repeatedly while no node answers (PROTOCOL 14.1). */
export class Bootstrap {
  readonly #core: Core;
  readonly #requests: Requests;
  readonly #ports: BootstrapPorts;
  readonly #endpoints = new Map<string, Endpoint>();
  /** Pings in flight, by transaction id, the only thing that identifies their answers. */
  readonly #pings = new Map<number, Request>();
  /** Look-ups in progress. */
  #expectedCount = 0;
  #repeatMs = BOOTSTRAP_REPEAT_MS_MIN;
  #timer: Timer | undefined;

  constructor(core: Core, requests: Requests, ports: BootstrapPorts) {
    this.#core = core;
    this.#requests = requests;
    this.#ports = ports;
  }

  get isPending(): boolean {
    return this.#pings.size > 0 || this.#expectedCount > 0;
  }

  /** Addresses are being looked up. Call the returned function when they have been added, or when there are none. */
  expect(): () => void {
    this.#expectedCount += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#expectedCount -= 1;
      if (!this.isPending) this.#ports.onSettled();
    };
  }

  /** Adds addresses and pings them now. */
  add(endpoints: readonly Endpoint[]): void {
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint);
      if (this.#endpoints.size >= BOOTSTRAP_ENDPOINTS_MAX && !this.#endpoints.has(key)) continue;
      this.#endpoints.set(key, endpoint);
      this.#ping(endpoint);
    }
    this.#arm();
  }

  /** Starts again with short pauses if no node is known. */
  restart(): void {
    this.#repeatMs = BOOTSTRAP_REPEAT_MS_MIN;
    if (this.#ports.isConnected()) return;
    for (const endpoint of this.#endpoints.values()) this.#ping(endpoint);
    this.#arm();
  }

  connected(): void {
    this.#repeatMs = BOOTSTRAP_REPEAT_MS_MIN;
  }

  /** `true` if the message answers one of these pings. */
  answer(message: ReplyMessage | ErrorMessage, source: Endpoint): boolean {
    const request = this.#pings.get(message.tid);
    if (request === undefined || message.kind === 'error') return false;
    return this.#requests.answer(request.node, message, source);
  }

  #ping(endpoint: Endpoint): void {
    const out = [...this.#pings.values()].some(
      (request) => endpointKey(request.endpoint) === endpointKey(endpoint),
    );
    if (out) return;
    // A separate node for each address: its id is a placeholder that is never sent.
    const node = new RemoteNode(this.#core.chance.infoHash(), endpoint, () => this.#freeTid());
    const over = (): void => {
      this.#pings.delete(request.tid);
      if (!this.isPending) this.#ports.onSettled();
    };
    const request: Request = this.#requests.send(
      node,
      { name: 'ping', args: {} },
      {
        onReply: ({ args }) => {
          this.#pings.delete(request.tid);
          this.#ports.onPong(args.id, endpoint);
          this.#ports.onSettled();
        },
        onExpired: over,
      },
    );
    this.#pings.set(request.tid, request);
  }

  #freeTid(): number {
    for (;;) {
      const tid = this.#core.chance.u32();
      if (!this.#pings.has(tid)) return tid;
    }
  }

  #arm(): void {
    const { clock, timers } = this.#core;
    timers.cancel(this.#timer);
    if (this.#endpoints.size === 0) return;
    this.#timer = timers.arm(clock.nowMs() + this.#repeatMs, () => {
      if (this.#ports.isConnected()) this.#repeatMs = BOOTSTRAP_REPEAT_MS_MIN;
      else {
        this.#repeatMs = Math.min(this.#repeatMs * 2, BOOTSTRAP_REPEAT_MS_MAX);
        this.#ports.onDue();
        for (const endpoint of this.#endpoints.values()) this.#ping(endpoint);
      }
      this.#arm();
    });
  }
}
