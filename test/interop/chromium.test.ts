// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pages of the API in a real browser: what they show, and that they fetch nothing from elsewhere. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder } from '../e2e/daemon-process.ts';
import { visit } from './browser.ts';
import { peer } from './peer.ts';

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
