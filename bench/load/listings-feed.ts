// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long each entry lasts, according to the feed. */
const LASTS_MS = 86_400_000;

/**
 * A stand-in for a node: its feed of listings (docs/api.md) with as many addresses as wanted, and an empty allowlist.
 */
export class ListingsFeed implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request.url, response));
  readonly #listed = new Set<string>();
  readonly #followers = new Set<ServerResponse>();
  #serial = 1;

  static async open(addresses: Iterable<string>): Promise<ListingsFeed> {
    const feed = new ListingsFeed();
    for (const address of addresses) feed.#listed.add(address);
    feed.#server.listen(0, '127.0.0.1');
    await once(feed.#server, 'listening');
    return feed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds or ends listings, and tells its followers. */
  change(addresses: readonly string[], change: 'listed' | 'unlisted'): void {
    let text = '';
    for (const address of addresses) {
      if (change === 'listed') this.#listed.add(address);
      else this.#listed.delete(address);
      this.#serial += 1;
      text += message('change', { ...entry(address), change }, this.#serial);
    }
    for (const follower of this.#followers) follower.write(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(url: string | undefined, response: ServerResponse): void {
    if (url?.startsWith('/v1/listings/stream') !== true) {
      response.setHeader('content-type', 'application/json');
      response.end('{"items":[],"next":null}');
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    void this.#tell(response);
  }

  async #tell(response: ServerResponse): Promise<void> {
    response.write(message('begin', {}));
    let text = '';
    for (const address of this.#listed) {
      text += message('entry', entry(address));
      if (text.length < 262_144) continue;
      if (!response.write(text)) await once(response, 'drain');
      text = '';
    }
    response.write(text + message('end', { serial: this.#serial }, this.#serial));
    this.#followers.add(response);
    const beat = setInterval(() => response.write(': alive\n\n'), 5000);
    response.on('close', () => {
      clearInterval(beat);
      this.#followers.delete(response);
    });
  }
}

/** As a node sends it, with reasons of a usual length. */
function entry(value: string): object {
  return {
    kind: 'address',
    value,
    level: 'listed',
    score: 70,
    grade: 'returned',
    reasons: ['the address came to the honeypot once and proved to be there (returned)'],
    since: new Date().toISOString(),
    until: new Date(Date.now() + LASTS_MS).toISOString(),
  };
}

function message(event: string, data: object, serial?: number): string {
  const id = serial === undefined ? '' : `id: ${serial}\n`;
  return `event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`;
}
