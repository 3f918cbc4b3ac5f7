// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { contains, parseIp, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { assert, type Clock, type Logger } from '@sentrypeer/kernel';
import { machineAddresses } from '@sentrypeer/net';
import { REFUSALS_LOG_MS, OWN_ADDRESSES_MS } from '../limits.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];

interface PeersPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Current addresses of this machine. */
  readonly ownAddresses?: () => readonly string[];
}

/**
 * Who may ask the SIP agent. Others get no answer; this is logged, because a PBX that gets none shows nothing but
 * timeouts.
 */
export class AgentPeers {
  readonly #ports: PeersPorts;
  readonly #coversMachine: boolean;
  #list: readonly Prefix[];
  #listedAtMs: number;
  #strangers = 0;
  #logAtMs = Number.NEGATIVE_INFINITY;

  /** @param networks Addresses, or networks with a prefix length; if there are none, only this machine. */
  constructor(ports: PeersPorts, networks: readonly string[] | undefined) {
    this.#ports = ports;
    this.#coversMachine = networks === undefined;
    this.#list = networks === undefined ? this.#machine() : networks.map(peerPrefix);
    this.#listedAtMs = ports.clock.nowMs();
  }

  /** Whether the address may ask; one that may not is counted and logged. */
  admits(address: string): boolean {
    if (this.#has(address)) return true;
    const nowMs = this.#ports.clock.nowMs();
    // The addresses of the machine may change.
    if (this.#coversMachine && nowMs - this.#listedAtMs > OWN_ADDRESSES_MS) {
      this.#list = this.#machine();
      this.#listedAtMs = nowMs;
      if (this.#has(address)) return true;
    }
    this.#strangers += 1;
    if (nowMs < this.#logAtMs) return false;
    this.#ports.logger.warn('agent_peer_not_allowed', {
      peer: address,
      unanswered: this.#strangers,
      allow_with: `--sip-agent-peer ${address}`,
    });
    this.#strangers = 0;
    this.#logAtMs = nowMs + REFUSALS_LOG_MS;
    return false;
  }

  #has(address: string): boolean {
    const ip = parseIp(address);
    return ip !== undefined && this.#list.some((peer) => contains(peer, ip));
  }

  #machine(): readonly Prefix[] {
    const own = this.#ports.ownAddresses?.() ?? machineAddresses().map(({ address }) => address);
    return [...LOOPBACK, ...own.map((address) => address.split('%')[0] ?? '')].map(peerPrefix);
  }
}

/** @param text An address or a network, as the options take it. */
function peerPrefix(text: string): Prefix {
  const peer = parsePrefix(text, { cut: true });
  assert(peer !== undefined, 'agent_peer_read');
  return peer;
}
