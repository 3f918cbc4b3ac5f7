// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pages of the API in a real browser: what they show, and that they fetch nothing from elsewhere. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

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
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
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

async function visit(chromium: string, folder: string, url: string): Promise<Visit> {
  const netLog = join(folder, 'net-log.json');
  const own = [`--user-data-dir=${join(folder, 'profile')}`, `--log-net-log=${netLog}`];
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

test('what a page fetches from elsewhere is seen', async (t) => {
  const chromium = peer('chromium', t);
  if (chromium === undefined) return;
  using folder = new TemporaryFolder();
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><img src="http://elsewhere.example/x.png">');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await visit(chromium, folder.path, `http://127.0.0.1:${port}/`);
  server.close();
  assert.ok(page.urls.includes('http://elsewhere.example/x.png'), page.urls.join(' '));
});

test('/docs shows every operation in Chromium, and fetches nothing from elsewhere', async (t) => {
  const chromium = peer('chromium', t);
  if (chromium === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1', '--no-sip']);
  const origin = `http://127.0.0.1:${daemon.ports.api}`;
  const page = await visit(chromium, daemon.folder, `${origin}/docs`);
  const document = (await (await fetch(`${origin}/openapi.json`)).json()) as { paths: object };
  for (const path of Object.keys(document.paths)) assert.ok(page.html.includes(` ${path}<`), path);
  assert.deepEqual(page.console, []);
  assert.deepEqual(
    page.urls.filter((url) => !url.startsWith(`${origin}/`)),
    [],
  );
});
