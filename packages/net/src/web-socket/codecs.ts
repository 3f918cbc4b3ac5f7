// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WebSocketCodec } from './web-socket-codec.ts';

/**
 * Makes codecs for WebSockets. Their code is loaded on first use: `ws` and the parts of Node that it needs take about
 * 14 MiB and 100 ms, and most honeypots never see a WebSocket.
 */
export class WebSocketCodecs {
  #loaded: typeof WebSocketCodec | undefined;
  #loading: Promise<void> | undefined;

  /** A new one, or `undefined` until `load()` has resolved. */
  make(): WebSocketCodec | undefined {
    return this.#loaded === undefined ? undefined : new this.#loaded();
  }

  load(): Promise<void> {
    this.#loading ??= import('./web-socket-codec.ts').then((module) => {
      this.#loaded = module.WebSocketCodec;
    });
    return this.#loading;
  }
}
