// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { BOOTSTRAP_RESOLVE_MS_MAX, BOOTSTRAP_RESOLVE_MS_MIN } from '../limits.ts';
import type { DhtPorts } from '../ports.ts';

const DEFAULT_PORT = 4222;
const PORT_MAX = 0xffff;

/** A name that was not found, and when it is looked up again. */
interface Unresolved {
  readonly waitMs: number;
  readonly cancel: () => void;
}

/**
 * The bootstrap nodes by name. A name that cannot be found, for example at boot before the network is up, is looked up
 * again.
 */
export class BootstrapHosts {
  readonly #ports: Pick<DhtPorts, 'resolve' | 'wakeAfter' | 'logger'>;
  readonly #onDue: (host: string) => void;
  readonly #hosts = new Set<string>();
  readonly #unresolved = new Map<string, Unresolved>();
  #isClosed = false;

  /** @param onDue Called when a name is to be looked up again. */
  constructor(
    ports: Pick<DhtPorts, 'resolve' | 'wakeAfter' | 'logger'>,
    onDue: (host: string) => void,
  ) {
    this.#ports = ports;
    this.#onDue = onDue;
  }

  /** `host`, `host:port` or `[IPv6]:port`. */
  add(host: string): void {
    this.#hosts.add(host);
  }

  /** Names, whose addresses may change. */
  names(): readonly string[] {
    return [...this.#hosts].filter(isName);
  }

  /** The name's current addresses; none if it is not found, which is logged once and tried again. */
  async resolve(text: string): Promise<readonly Endpoint[]> {
    const { host, port } = splitHost(text);
    try {
      const addresses = await this.#ports.resolve(host);
      this.#found(text, host);
      return addresses.map((address) => ({ address, port }));
    } catch (error) {
      this.#missing(text, host, error);
      return [];
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#unresolved.values()) cancel();
    this.#unresolved.clear();
  }

  #found(text: string, host: string): void {
    const before = this.#unresolved.get(text);
    if (before === undefined) return;
    before.cancel();
    this.#unresolved.delete(text);
    this.#ports.logger.warn('dht_bootstrap_resolved', { host });
  }

  #missing(text: string, host: string, error: unknown): void {
    if (this.#isClosed) return;
    const before = this.#unresolved.get(text);
    before?.cancel();
    if (before === undefined)
      this.#ports.logger.warn('dht_bootstrap_unresolved', {
        host,
        error: String(error),
        what: 'the look-up is repeated until the name is found',
      });
    const waitMs = Math.min(
      before === undefined ? BOOTSTRAP_RESOLVE_MS_MIN : before.waitMs * 2,
      BOOTSTRAP_RESOLVE_MS_MAX,
    );
    const cancel = this.#ports.wakeAfter(waitMs, () => this.#onDue(text));
    this.#unresolved.set(text, { waitMs, cancel });
  }
}

/** An address is returned as it is. */
function isName(host: string): boolean {
  return !host.startsWith('[') && host.toLowerCase() !== host.toUpperCase();
}

function splitHost(text: string): { readonly host: string; readonly port: number } {
  const bracket = text.lastIndexOf(']');
  const colon = text.lastIndexOf(':');
  const hasPort = bracket === -1 ? colon !== -1 && text.indexOf(':') === colon : colon > bracket;
  const port = hasPort ? Number(text.slice(colon + 1)) : DEFAULT_PORT;
  const host = hasPort ? text.slice(0, colon) : text;
  const bare = bracket === -1 ? host : host.slice(1, bracket);
  return {
    host: bare,
    port: Number.isInteger(port) && port > 0 && port <= PORT_MAX ? port : DEFAULT_PORT,
  };
}
