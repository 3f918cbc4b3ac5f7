// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Visits a page in the real Chromium. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './tool.ts';

/** No name or address resolves, except this machine. */
const NOWHERE = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

/** Without a window, without a sandbox, which containers lack, and with no way to other machines. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-logging=stderr',
];

interface NetLog {
  readonly events: readonly {
    readonly params?: { readonly url?: string; readonly initiator?: string };
  }[];
}

interface Visit {
  /** The page after it was loaded. */
  readonly html: string;
  /** Messages on the page's console, such as what its policy forbids. */
  readonly console: readonly string[];
  /** URLs that pages requested; the browser also makes requests of its own. */
  readonly urls: readonly string[];
}

/** @param names Rules for names that lead somewhere, such as `MAP name.example 127.0.0.1`. */
export async function visit(
  chromium: string,
  folder: string,
  url: string,
  names: readonly string[] = [],
): Promise<Visit> {
  const netLog = join(folder, 'net-log.json');
  const rules = `--host-resolver-rules=${[...names, NOWHERE].join(', ')}`;
  const own = [rules, `--user-data-dir=${join(folder, 'profile')}`, `--log-net-log=${netLog}`];
  const run = await runTool(chromium, [...FLAGS, ...own, '--dump-dom', url], { folder });
  assert.equal(run.status, 0, run.output);
  const { events } = JSON.parse(readFileSync(netLog, 'latin1')) as NetLog;
  const asked = events.flatMap(({ params }) =>
    params?.url !== undefined && params.initiator?.startsWith('http') === true ? [params.url] : [],
  );
  return {
    html: run.stdout,
    console: run.stderr.split('\n').filter((line) => line.includes('CONSOLE')),
    urls: [...new Set(asked)],
  };
}
