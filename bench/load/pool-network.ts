// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LinkPeer } from '@sentrypeer/pool/link';
import { FrameType } from '../../packages/pool/src/link/frames.ts';
import type { Wire } from '../../packages/pool/src/link/link-parts.ts';
import type { End, Party } from './pool-liar.ts';
import { random, type SimulatedTime } from './simulated-time.ts';

/** Of IPv4, TCP with timestamps, a record of TLS 1.3, and half an ACK for each. */
const OVERHEAD_OCTETS = 20 + 32 + 22 + 26;
const FRAME_NAMES = new Map<number, string>(
  Object.entries(FrameType).map(([name, type]) => [type, name]),
);
/** Kinds of octets that are told. */
const KINDS_SHOWN = 6;

/** Connections between nodes, with a delay, and what goes over them. */
export class PoolNetwork {
  readonly #time: SimulatedTime;
  /** Octets that honest nodes were sent, by who sent them and the kind of frame. */
  readonly #kinds = new Map<string, number>();

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  /** Counts kinds of octets anew. */
  restart(): void {
    this.#kinds.clear();
  }

  /** MB that one honest node was sent, by kind, most first. @param factor By which octets are multiplied. */
  kindsText(factor: number): string {
    return [...this.#kinds]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, KINDS_SHOWN)
      .map(([kind, octets]) => `${kind} ${((octets * factor) / 1e6).toFixed(1)}`)
      .join(', ');
  }

  /** Somebody dials somebody else. */
  connect(from: Party, to: Party): void {
    const delayMs = 20 + random() * 80;
    const ends: (End | undefined)[] = [];
    let isOpen = true;
    const end = (): void => {
      if (!isOpen) return;
      isOpen = false;
      to.linksIn -= 1;
      for (const one of ends) one?.ended();
    };
    const wire = (own: Party, other: Party, at: number): Wire => ({
      unsentOctets: 0,
      send: (octets) => {
        own.octetsOut += octets.length + OVERHEAD_OCTETS;
        this.#time.wakeAfter(delayMs, () => {
          if (!isOpen) return;
          other.octetsIn += octets.length + OVERHEAD_OCTETS;
          if (!other.isLiar) this.#count(own, octets);
          ends[at]?.receive(octets);
        });
      },
      close: () => void this.#time.wakeAfter(delayMs, end),
    });
    to.linksIn += 1;
    ends[1] = to.accept(peerOf(from, false), wire(to, from, 0));
    ends[0] = ends[1] && from.accept(peerOf(to, true), wire(from, to, 1));
    if (ends[0] === undefined || ends[1] === undefined) end();
  }

  #count(from: Party, octets: Uint8Array): void {
    const name = FRAME_NAMES.get(octets[3] ?? 0) ?? 'other';
    const kind = `${name} of ${from.isLiar ? 'liars' : 'honest nodes'}`;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + octets.length + OVERHEAD_OCTETS);
  }
}

function peerOf({ key, address }: Party, isOutward: boolean): LinkPeer {
  return { key, nodeId: key, address, isOutward, sinceEpochUs: 0 };
}
