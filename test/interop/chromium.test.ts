// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pages of the API in a real browser: what they show, and that they fetch nothing from elsewhere. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder } from '../e2e/daemon-process.ts';
import { sipRequest } from '../e2e/sip-peers.ts';
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

test('a page whose name leads to this machine reads nothing of the API in Chromium', async (t) => {
  const chromium = peer('chromium', t);
  if (chromium === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1', '--no-sip']);
  const rules = ['MAP rebind.example 127.0.0.1'];
  const url = `http://rebind.example:${daemon.ports.api}/v1/events`;
  const page = await visit(chromium, daemon.folder, url, rules);
  assert.match(page.html, /"status":421,"detail":"this server is not known by the name in Host/);
  assert.doesNotMatch(page.html, /"events"/);
});

test('a page in Chromium speaks SIP in a WebSocket with the honeypot', async (t) => {
  const chromium = peer('chromium', t);
  if (chromium === undefined) return;
  await using daemon = await DaemonProcess.start(['-r', '--threads=1']);
  const told = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    if (request.url === '/') {
      response.setHeader('Content-Type', 'text/html');
      response.end(pageOf(`ws://127.0.0.1:${daemon.ports.tcp}/`, sipRequest()));
      return;
    }
    if (request.url?.startsWith('/told?') === true)
      told.resolve(decodeURIComponent(request.url.slice(6)));
    // The page counts as loaded when it has received something.
    void told.promise.then(() => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await visit(chromium, daemon.folder, `http://127.0.0.1:${port}/`);
  server.closeAllConnections();
  server.close();
  assert.match(await told.promise, /^sip SIP\/2\.0 \d{3} /);
  await daemon.recorded(2);
});

function pageOf(url: string, request: string): string {
  return `<!doctype html><img src="/wait"><script>
    const socket = new WebSocket(${JSON.stringify(url)}, 'sip');
    const tell = (text) => fetch('/told?' + encodeURIComponent(text));
    socket.onopen = () => socket.send(${JSON.stringify(request)});
    socket.onmessage = async ({ data }) =>
      tell(socket.protocol + ' ' + (typeof data === 'string' ? data : await data.text()));
    socket.onerror = () => tell('failed');
  </script>`;
}
