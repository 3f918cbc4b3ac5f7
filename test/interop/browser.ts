// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Visits a page in the real Chromium. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './tool.ts';

/** Everything is nowhere, but this machine. */
const NOWHERE = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

/** Without a window, without a sandbox, which containers lack, and with no way to what is elsewhere. */
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
  /** The page as it stands after it was loaded. */
  readonly html: string;
  /** What the page was told about, such as what its policy forbids. */
  readonly console: readonly string[];
  /** What pages asked for; the browser has errands of its own. */
  readonly urls: readonly string[];
}

/** @param names Rules for names that lead somewhere, in the way of `MAP name.example 127.0.0.1`. */
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
