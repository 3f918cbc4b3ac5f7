// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { lookup } from 'node:dns/promises';
import { addressOfHost, sparedTexts, type Machine, type SparedNetwork } from '@sentrypeer/firewall';
import { isLoopback } from '@sentrypeer/ip';
import { Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import type { Config } from '../../config/config.ts';
import { FIREWALL_ALLOWLIST_MS, FIREWALL_ANSWER_MS_MAX } from './limits.ts';

/** What an operator of this machine named, without whom it cannot do, and the node with its allowlist. */
export class Sparing {
  readonly #clock: Clock;
  readonly #machine: Machine;
  readonly #outage: Outage;
  readonly #node: URL;
  readonly #key: string | undefined;
  readonly #named: readonly SparedNetwork[];
  #ofNode: readonly SparedNetwork[] = [];
  #allowed: readonly SparedNetwork[] = [];
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    ports: { readonly clock: Clock; readonly logger: Logger; readonly machine: Machine },
    config: Pick<Config, 'ownAddresses' | 'firewallSpare' | 'firewallKey'>,
    node: URL,
  ) {
    this.#clock = ports.clock;
    this.#machine = ports.machine;
    this.#node = node;
    this.#key = config.firewallKey;
    this.#named = [
      ...sparedTexts(config.ownAddresses ?? [], 'it is an --own-address'),
      ...sparedTexts(config.firewallSpare ?? [], 'it is named by --firewall-spare'),
    ];
    this.#outage = new Outage(ports.logger, 'warn', {
      failed: 'firewall_allowlist_unknown',
      over: 'firewall_allowlist_known',
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

  /** Asks the node now and then, and keeps what it knew while the node does not answer. */
  async refresh(): Promise<void> {
    if (this.#clock.nowMs() - this.#askedAtMs < FIREWALL_ALLOWLIST_MS) return;
    this.#askedAtMs = this.#clock.nowMs();
    try {
      this.#ofNode = sparedTexts(await this.#addresses(), 'the node answers there');
      this.#allowed = sparedTexts(await this.#allowlist(), 'it is on the allowlist');
      this.#outage.over();
    } catch (error) {
      const { cause } = error as { readonly cause?: unknown };
      this.#outage.failed({ node: this.#node.host, why: String(cause ?? error) });
    }
  }

  async #addresses(): Promise<readonly string[]> {
    const literal = addressOfHost(this.#node.hostname);
    if (literal !== undefined) return isLoopback(literal) ? [] : [literal];
    const found = await lookup(this.#node.hostname, { all: true });
    return found.map(({ address }) => address);
  }

  async #allowlist(): Promise<readonly string[]> {
    const response = await fetch(new URL('/v1/allowlist', this.#node), {
      headers: this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(FIREWALL_ANSWER_MS_MAX),
    });
    if (!response.ok) throw new Error(`the node answers ${response.status}`);
    const { items = [] } = (await response.json()) as {
      readonly items?: readonly { readonly value?: unknown }[];
    };
    return items.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  }
}
