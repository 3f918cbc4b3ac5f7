// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '@sentrypeer/ip';
import { Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import {
  addressOfHost,
  Machine,
  sparedTexts,
  systemMachine,
  type PortRange,
  type SparedNetwork,
} from '@sentrypeer/listings';
import type { Config } from '../../config/config.ts';
import { ALLOWLIST_MS, ANSWER_MS_MAX } from './limits.ts';
import { openApiPort, type FollowedNode } from './node.ts';

export interface SparingOptions {
  readonly node: FollowedNode;
  /** Networks that the operator configured, the most important first. */
  readonly named: readonly SparedNetwork[];
  readonly sshPorts: readonly PortRange[];
  /** First word of the event names in the log, such as `firewall`. */
  readonly logName: string;
}

/** What is spared: networks that the operator named, what this machine needs, and the node with its allowlist. */
export class Sparing {
  readonly #clock: Clock;
  readonly #machine: Machine;
  readonly #outage: Outage;
  readonly #node: FollowedNode;
  readonly #named: readonly SparedNetwork[];
  #ofNode: readonly SparedNetwork[] = [];
  #allowed: readonly SparedNetwork[] = [];
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    ports: { readonly clock: Clock; readonly logger: Logger },
    config: Pick<Config, 'ownAddresses' | 'apiAddress' | 'apiPort'>,
    { node, named, sshPorts, logName }: SparingOptions,
  ) {
    this.#clock = ports.clock;
    const here = Object.values(networkInterfaces()).flatMap((each = []) => each);
    this.#machine = new Machine(systemMachine, {
      sshConnection: process.env['SSH_CONNECTION'] ?? '',
      sshPorts,
      apiPort: openApiPort(
        node.url,
        config,
        here.map(({ address }) => address),
      ),
    });
    this.#node = node;
    this.#named = [...sparedTexts(config.ownAddresses ?? [], 'it is an --own-address'), ...named];
    this.#outage = new Outage(ports.logger, 'warn', {
      failed: `${logName}_allowlist_unknown`,
      over: `${logName}_allowlist_known`,
    });
  }

  /** The most important first. */
  networks(): readonly SparedNetwork[] {
    return [
      ...this.#named,
      ...this.#machine.spared(this.#clock.nowMs()),
      ...this.#ofNode,
      ...this.#allowed,
    ];
  }

  /** Asks the node now and then, and keeps the last answer while the node does not answer. */
  async refresh(): Promise<void> {
    if (this.#clock.nowMs() - this.#askedAtMs < ALLOWLIST_MS) return;
    this.#askedAtMs = this.#clock.nowMs();
    try {
      this.#ofNode = sparedTexts(await this.#addresses(), 'the node answers there');
      this.#allowed = sparedTexts(await this.#allowlist(), 'it is on the allowlist');
      this.#outage.over();
    } catch (error) {
      const { cause } = error as { readonly cause?: unknown };
      this.#outage.failed({ node: this.#node.url.host, why: String(cause ?? error) });
    }
  }

  async #addresses(): Promise<readonly string[]> {
    const literal = addressOfHost(this.#node.url.hostname);
    if (literal !== undefined) return isLoopback(literal) ? [] : [literal];
    const found = await lookup(this.#node.url.hostname, { all: true });
    return found.map(({ address }) => address);
  }

  async #allowlist(): Promise<readonly string[]> {
    const { url, key } = this.#node;
    const response = await fetch(new URL('/v1/allowlist', url), {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    if (!response.ok) throw new Error(`the node answers ${response.status}`);
    const { items = [] } = (await response.json()) as {
      readonly items?: readonly { readonly value?: unknown }[];
    };
    return items.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  }
}
