// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Our node in tests with real ones. */

import {
  infoHash,
  type DhtNode,
  type EventQueue,
  type ListenEvent,
  type Value,
} from '@sentrypeer/dht';
import { openDht, type OpenDhtOptions } from '@sentrypeer/dht/udp';

/** On 127.0.0.1 unless the options say otherwise. */
export function ourNode(
  options: OpenDhtOptions & { readonly via?: number } = {},
): Promise<DhtNode> {
  const { via, ...others } = options;
  const bootstrap = via === undefined ? [] : [`127.0.0.1:${via}`];
  return openDht({ port: 0, addresses: ['127.0.0.1'], bootstrap, ...others });
}

export function text(content: string): { readonly data: Uint8Array; readonly userType: string } {
  return { data: new TextEncoder().encode(content), userType: 'text/plain' };
}

export function textOf(value: Value): string {
  return new TextDecoder().decode(value.data);
}

export async function textsAt(node: DhtNode, key: string): Promise<readonly string[]> {
  return (await node.get(infoHash(key))).map(textOf).toSorted();
}

/** What a listen of ours has received so far, as `+text` and `-id`. */
export class Heard {
  readonly lines: string[] = [];
  readonly #queue: EventQueue<ListenEvent>;
  readonly #reading: Promise<void>;

  constructor(node: DhtNode, key: string) {
    this.#queue = node.listen(infoHash(key));
    this.#reading = this.#read();
  }

  has(content: string): boolean {
    return this.lines.includes(`+${content}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#queue.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const event of this.#queue)
      this.lines.push(event.kind === 'value' ? `+${textOf(event.value)}` : `-${event.id}`);
  }
}
