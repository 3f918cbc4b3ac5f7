// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import type { LinkPeer } from '@sentrypeer/pool/link';
import {
  encodeFrame,
  Framer,
  FrameType,
  idFrames,
  pageFrames,
  readPages,
} from '../../packages/pool/src/link/frames.ts';
import type { Wire } from '../../packages/pool/src/link/link-parts.ts';
import { pageId } from '../../packages/pool/src/link/page-index.ts';
import { random } from './simulated-time.ts';

/** Octets of a simulated page. */
export const PAGE_SIZE = 126;
/** The proof of an open pool. */
export const OPEN = new Uint8Array(32);

/** One node's end of a link. */
export interface End {
  receive(octets: Uint8Array): void;
  ended(): void;
}

export interface Party {
  readonly key: string;
  readonly isLiar: boolean;
  readonly address: string;
  linksIn: number;
  octetsIn: number;
  octetsOut: number;
  accept(peer: LinkPeer, wire: Wire): End | undefined;
}

/** Accepts everything, promises it to all others, delivers nothing. */
export class Liar implements Party {
  readonly isLiar = true;
  readonly key: string;
  /** All are at one hoster, with one IPv4 address each, and some links use IPv6. */
  get address(): string {
    return random() < 0.5 ? '30.66.1.1' : '2a01:4f0::1';
  }
  linksIn = 0;
  octetsIn = 0;
  octetsOut = 0;
  readonly #wires = new Set<Wire>();

  constructor(index: number) {
    this.key = createHash('sha256').update(`key ${index}`).digest('hex');
  }

  accept(_peer: LinkPeer, wire: Wire): End {
    const framer = new Framer();
    this.#wires.add(wire);
    wire.send(encodeFrame(FrameType.hello, new Uint8Array([1, 0, 0, 0, 0]), OPEN));
    return {
      receive: (octets) => {
        for (const { type, body } of framer.push(octets) ?? []) {
          if (type !== FrameType.pages) continue;
          const ids = (readPages(body) ?? []).map(pageId);
          for (const other of this.#wires) {
            if (other !== wire)
              for (const frame of idFrames(FrameType.have, ids)) other.send(frame);
          }
        }
      },
      ended: () => void this.#wires.delete(wire),
    };
  }

  /** Sends everybody a page under an unknown key. */
  flood(nowS: number): void {
    const page = new Uint8Array(PAGE_SIZE);
    const view = new DataView(page.buffer);
    view.setUint32(5, Math.floor(random() * 2 ** 32));
    view.setUint32(45, nowS);
    for (const wire of this.#wires) for (const frame of pageFrames([page])) wire.send(frame);
  }
}
