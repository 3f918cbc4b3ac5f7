// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Dashboard, DashboardFile } from '@sentrypeer/api';
import type { Logger } from '@sentrypeer/kernel';
import { embeddedFolder } from '../embedded.ts';

/** The files that come with the program, as tools/bundle.ts names them. */
const FOLDER = 'dashboard/';
const BUNDLED = new URL(FOLDER, import.meta.url);
/** Builds them from their sources. A development tool, so it is imported in a way that bundlers do not follow. */
const BUILDER = '../../../tools/build-dashboard.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

const pack = promisify(gzip);

/**
 * The files of the dashboard, read or built when a browser first asks, and kept in memory. A checkout of the sources
 * builds them then, so that it needs no build step and may be read-only.
 */
export class DashboardFiles implements Dashboard {
  readonly #logger: Logger;
  #files: Promise<ReadonlyMap<string, DashboardFile> | undefined> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  files(): Promise<ReadonlyMap<string, DashboardFile> | undefined> {
    this.#files ??= load().catch((error: unknown) => {
      this.#logger.warn('dashboard_unavailable', {
        why: error instanceof Error ? error.message : String(error),
        do: 'run npm ci without --omit=dev, and start again',
      });
      return undefined;
    });
    return this.#files;
  }
}

async function load(): Promise<ReadonlyMap<string, DashboardFile>> {
  const octets =
    embeddedFolder(FOLDER) ?? (existsSync(BUNDLED) ? await readBundled() : await build());
  return new Map(
    await Promise.all(
      [...octets].map(async ([name, text]): Promise<[string, DashboardFile]> => [
        name,
        {
          mediaType: MEDIA_TYPES[extname(name)] ?? 'application/octet-stream',
          octets: text,
          gzipped: await pack(text, { level: 9 }),
        },
      ]),
    ),
  );
}

async function readBundled(): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = await readdir(BUNDLED);
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, Uint8Array]> => [
        name,
        await readFile(new URL(name, BUNDLED)),
      ]),
    ),
  );
}

async function build(): Promise<ReadonlyMap<string, Uint8Array>> {
  const builder = (await import(new URL(BUILDER, import.meta.url).href)) as {
    readonly buildDashboard: () => Promise<{ readonly files: ReadonlyMap<string, Uint8Array> }>;
  };
  return (await builder.buildDashboard()).files;
}
