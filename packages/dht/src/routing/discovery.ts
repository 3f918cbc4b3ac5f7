// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import { FAMILIES } from '../address.ts';
import type { Admission } from '../engine/admission.ts';
import type { Core } from '../engine/core.ts';
import { infoHashOctets, infoHashOfOctets, type InfoHash } from '../info-hash.ts';
import {
  DISCOVERY_ANSWERS_PER_SECOND_MAX,
  DISCOVERY_REPEAT_MS_MAX,
  DISCOVERY_REPEAT_MS_MIN,
} from '../limits.ts';
import { asArray, asMap, asOctets, asUint } from '../msgpack/item.ts';
import { Packer } from '../msgpack/packer.ts';
import { unpack } from '../msgpack/unpack.ts';

/** Where nodes of one site find each other, PROTOCOL 17. */
export const DISCOVERY_GROUPS: Readonly<Record<Family, Endpoint>> = {
  4: { address: '239.192.0.1', port: 8888 },
  6: { address: 'ff08::101', port: 8888 },
};

const SECOND_MS = 1000;
const U32_MAX = 0xffff_ffff;
const PORT_MAX = 0xffff;

/** "Who is there?" */
export function encodeDiscoveryQuery(): Uint8Array {
  return new Packer().text('q').finish();
}

/** "A node of this network is at this port of the address this comes from." */
export interface Announcement {
  readonly id: InfoHash;
  readonly port: number;
  readonly network: number;
}

export function encodeAnnouncement({ id, port, network }: Announcement): Uint8Array {
  const packer = new Packer().map(1).text('dht').array(3);
  return packer.binary(infoHashOctets(id)).uint(port).uint(network).finish();
}

/** Other services use the same map under other names; we ignore them. */
export function decodeDiscovery(octets: Uint8Array): 'query' | Announcement | undefined {
  const unpacked = unpack(octets);
  if (!unpacked.ok) return undefined;
  if (unpacked.item === 'q') return 'query';
  const [idItem, portItem, networkItem] = asArray(asMap(unpacked.item)?.get('dht')) ?? [];
  const idOctets = asOctets(idItem);
  const id = idOctets === undefined ? undefined : infoHashOfOctets(idOctets);
  const port = asUint(portItem, PORT_MAX);
  const network = asUint(networkItem, U32_MAX);
  if (id === undefined || port === undefined || port === 0 || network === undefined)
    return undefined;
  return { id, port, network };
}

export interface DiscoveryPorts {
  readonly core: Core;
  /** A query may come from anywhere and may be forged, so what one source gets per hour is limited. */
  readonly admission: Pick<Admission, 'spend'>;
  /** This node's port in a family; `undefined` if it has none. */
  readonly portOf: (family: Family) => number | undefined;
  /** To a group, or to the node that sent a query there. */
  readonly send: (octets: Uint8Array, to: Endpoint) => void;
  readonly learn: (id: InfoHash, endpoint: Endpoint) => void;
  readonly isDisconnected: () => boolean;
}

/** Finds nodes on the local network, and is found by them (PROTOCOL 17). */
export class Discovery {
  readonly #ports: DiscoveryPorts;
  #repeatMs = DISCOVERY_REPEAT_MS_MIN;
  #secondAtMs = -Infinity;
  #answersCount = 0;

  constructor(ports: DiscoveryPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#shout();
    this.#arm();
  }

  receive(octets: Uint8Array, source: Endpoint): void {
    const { core, learn } = this.#ports;
    const heard = decodeDiscovery(octets);
    if (heard === 'query') this.#answer(source);
    else if (heard?.network === core.envelope.network && heard.id !== core.id)
      learn(heard.id, { ...source, port: heard.port });
  }

  #answer(source: Endpoint): void {
    const { core, admission, send } = this.#ports;
    const nowMs = core.clock.nowMs();
    if (nowMs - this.#secondAtMs >= SECOND_MS) {
      this.#secondAtMs = nowMs;
      this.#answersCount = 0;
    }
    if (this.#answersCount >= DISCOVERY_ANSWERS_PER_SECOND_MAX) return;
    this.#answersCount += 1;
    const announcement = this.#announcement(familyOf(source.address));
    if (announcement !== undefined && admission.spend(source, announcement.length, nowMs))
      send(announcement, source);
  }

  #shout(): void {
    for (const family of FAMILIES) {
      const announcement = this.#announcement(family);
      if (announcement === undefined) continue;
      this.#ports.send(encodeDiscoveryQuery(), DISCOVERY_GROUPS[family]);
      this.#ports.send(announcement, DISCOVERY_GROUPS[family]);
    }
  }

  #announcement(family: Family): Uint8Array | undefined {
    const { core, portOf } = this.#ports;
    const port = portOf(family);
    if (port === undefined) return undefined;
    return encodeAnnouncement({ id: core.id, port, network: core.envelope.network });
  }

  /** Repeats with growing pauses until a node answers. */
  #arm(): void {
    const { core, isDisconnected } = this.#ports;
    core.timers.arm(core.clock.nowMs() + this.#repeatMs, () => {
      if (isDisconnected()) {
        this.#repeatMs = Math.min(this.#repeatMs * 2, DISCOVERY_REPEAT_MS_MAX);
        this.#shout();
      } else this.#repeatMs = DISCOVERY_REPEAT_MS_MIN;
      this.#arm();
    });
  }
}
