// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The archive of packages/client as a user gets it: packed and installed by the real npm into an empty folder, imported
 * by Debian's Node.js and by Chromium, and read by the type checker.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, after, test, type TestContext } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { visit } from './browser.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'packages/client');
const EXAMPLES = [
  ...readFileSync(join(CLIENT, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs),
].map((match) => match[1] ?? '');

const folder = new TemporaryFolder();
before(async (context) => {
  const npm = peer('npm', context as TestContext);
  if (npm === undefined) return;
  const packed = await runTool(npm, ['pack', '--pack-destination', folder.path, CLIENT], {
    folder: folder.path,
  });
  assert.equal(packed.status, 0, packed.output);
  const [archive = ''] = globSync(join(folder.path, '*.tgz'));
  const args = ['install', '--offline', '--no-audit', '--no-fund', archive];
  const installed = await runTool(npm, args, { folder: folder.path });
  assert.equal(installed.status, 0, installed.output);
});
after(() => folder[Symbol.dispose]());

const isInstalled = (): boolean => existsSync(join(folder.path, 'node_modules/@sentrypeer/client'));

/** A node at which two numbers were called. */
async function startNode(args: readonly string[] = []): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(['--threads=1', COUNTS_LOCAL, ...args]);
  using caller = await StreamPeer.open(daemon.ports.tcp);
  await caller.send(sipRequest({ method: 'INVITE', user: '900449012345678' }));
  await caller.send(sipRequest({ user: '0046123', callId: '2', branch: 'z9hG4bK-2' }));
  await daemon.recorded(2);
  await until('the number to be listed', async () => {
    const url = `http://127.0.0.1:${daemon.ports.api}/v1/check?number=900449012345678`;
    return ((await (await fetch(url)).json()) as { readonly verdict: string }).verdict === 'listed';
  });
  return daemon;
}

test('the examples of the README do what it says, with the Node.js of Debian', async (t) => {
  const nodejs = peer('nodejs', t);
  if (nodejs === undefined || !isInstalled()) return;
  await using daemon = await startNode();
  const printed: string[] = [];
  for (const example of EXAMPLES) {
    const code = example.replace('127.0.0.1:8082', `127.0.0.1:${daemon.ports.api}`);
    const run = await runTool(nodejs, ['--input-type=module', '--eval', code], {
      folder: folder.path,
    });
    assert.equal(run.status, 0, run.output);
    printed.push(run.stdout);
  }
  assert.deepEqual(printed, [
    'refused: the number was called once at the honeypot, once by callers that proved to be there (handshake): one address\n',
    '127.0.0.1 2\n',
    '127.0.0.1 900449012345678\n127.0.0.1 0046123\n',
  ]);
});

test('a call goes on two seconds after the question, as the README says, if a node never answers', async (t) => {
  const nodejs = peer('nodejs', t);
  if (nodejs === undefined || !isInstalled()) return;
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const code = `const began = performance.now();
${EXAMPLES[0]?.replace('127.0.0.1:8082', `127.0.0.1:${port}`)}
console.log(Math.round((performance.now() - began) / 1000));`;
  const run = await runTool(nodejs, ['--input-type=module', '--eval', code], {
    folder: folder.path,
  });
  silent.close();
  silent.closeAllConnections();
  assert.deepEqual([run.status, run.stdout], [0, 'go on\n2\n'], run.output);
});

/**
 * Calls of each kind; their results, or errors, become the title. The picture, and with it the page, is complete when
 * they have come.
 */
const PAGE = `<!doctype html><title>waits</title><img src="/hold"><script type="module">
import { SentryPeerClient } from '/client/index.js';
const node = new SentryPeerClient({ baseUrl: 'NODE' });
try {
  const { verdict } = await node.check({ number: '900449012345678' });
  const called = [];
  for await (const { called_number } of node.events()) called.push(called_number);
  for await (const { id } of node.stream({ after: 0 })) { called.push(id); if (id === 2) break; }
  document.title = [verdict, ...called].join(' ');
} catch (error) { document.title = String(error); }
await fetch('/done');
</script>`;

test('the client asks a node from a page in Chromium', async (t) => {
  const chromium = peer('chromium', t);
  if (chromium === undefined || !isInstalled()) return;
  let page = '';
  let release = (): void => undefined;
  const server = createServer(({ url = '' }, response) => {
    if (url === '/hold') {
      release = () => response.end();
      return;
    }
    if (url === '/done') release();
    const isScript = url.startsWith('/client/');
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    const path = join(folder.path, 'node_modules/@sentrypeer/client/dist', url.slice(8));
    response.end(isScript && existsSync(path) ? readFileSync(path) : page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await using daemon = await startNode([`--api-cors-origin=${origin}`]);
    page = PAGE.replace('NODE', `http://127.0.0.1:${daemon.ports.api}`);
    const seen = await visit(chromium, folder.path, `${origin}/`);
    assert.match(seen.html, /<title>listed 0046123 900449012345678 1 2<\/title>/);
  } finally {
    server.close();
  }
});

test('the types of the archive are read by a project without ours', async () => {
  if (!isInstalled()) return;
  const use = join(folder.path, 'use.mts');
  writeFileSync(
    use,
    `import { SentryPeerClient, type Check } from '@sentrypeer/client';
const check: Check = await new SentryPeerClient({ baseUrl: 'x' }).check({ number: '1' });
export const verdict: 'listed' | 'watch' | 'unproved' | 'unknown' = check.verdict;
// @ts-expect-error There is no such member.
check.nosuch;
`,
  );
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom'];
    const how = ['--module', module ?? '', '--moduleResolution', resolution ?? ''];
    const run = await runTool(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...how, use], {
      folder: folder.path,
    });
    assert.equal(run.status, 0, run.output);
  }
});
