// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '@sentrypeer/kernel';
import { STARTING_RETRY_SECONDS } from '../limits.ts';

/**
 * Holds the API's port while a database is migrated, which may take minutes: it says that the program lives, is not
 * ready, and how far it is. Any other request gets 503, never 404, which clients take for "clean".
 */
export class StartingApi implements AsyncDisposable {
  /** Like the given logger; the first report of long work opens the port. */
  readonly logger: Logger;
  readonly #at: { readonly host: string; readonly port: number };
  #server: Server | undefined;
  #why = '';
  #isClosed = false;

  /** Nothing is opened yet. @param at `undefined` if there is to be no API. */
  constructor(logger: Logger, at: { readonly host: string; readonly port: number } | undefined) {
    this.#at = at ?? { host: '', port: 0 };
    this.#isClosed = at === undefined;
    this.logger = {
      debug: (event, fields) => logger.debug(event, fields),
      info: (event, fields) => logger.info(event, fields),
      warn: (event, fields) => logger.warn(event, fields),
      error: (event, fields) => logger.error(event, fields),
      progress: (work, done, total) => {
        logger.progress?.(work, done, total);
        this.#progress(work, done, total);
      },
    };
  }

  /** Releases the port; resolves when it is free. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening !== true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  }

  #progress(work: string, done: number, total: number): void {
    if (this.#isClosed || done >= total) return;
    this.#why = `${work}: ${Math.floor((done / total) * 100)} %`;
    if (this.#server !== undefined) return;
    this.#server = createServer(({ url = '' }, response) => this.#answer(url, response));
    // A taken port is reported when the API itself opens.
    this.#server.on('error', () => undefined);
    this.#server.listen(this.#at);
  }

  #answer(url: string, response: ServerResponse): void {
    if (url === '/livez') return send(response, 200, { status: 'alive' });
    const reasons = [{ part: 'database', why: this.#why }];
    send(response, 503, { status: 'not ready', reasons });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    Connection: 'close', // The port changes hands soon.
    ...(status === 503 && { 'Retry-After': String(STARTING_RETRY_SECONDS) }),
  });
  response.end(JSON.stringify(body));
}
