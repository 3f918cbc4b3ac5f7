// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long does it take an empty node to get everything that a pool knows, and what does that cost? Runs two daemons on
 * loopback: the first imports 600,000 claims of 1,000 authors from a file, then the second links with it.
 *
 * TESTED_PROGRAM runs a bundle instead of the sources, and FLAGS adds flags to both daemons.
 *
 *     node bench/pool-join.ts [claims]
 */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { DaemonProcess } from '../test/e2e/daemon-process.ts';
import { allPages, fileOf } from './load/pool-pages.ts';

const CLAIMS = Number(process.argv[2] ?? 600_000);
const WAIT_MS_MAX = 600_000;
const NETWORK = [
  '-r',
  '--threads=1',
  '-p',
  '--bootstrap-node=none',
  '--neighbours=off',
  ...(process.env['FLAGS'] ?? '').split(' ').filter((flag) => flag !== ''),
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resident memory now, and its maximum. */
function memory({ pid }: DaemonProcess): string {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const mib = (name: string): string =>
    (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024).toFixed(0);
  return `${mib('VmRSS')} MiB resident (${mib('RssAnon')} anonymous), ${mib('VmHWM')} at most`;
}

/** Processor seconds used since its start. */
function processorS({ pid }: DaemonProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const port = await freePort();
await using old = await DaemonProcess.start([
  ...NETWORK,
  '--dht-address=127.0.0.1',
  `--dht-port=${port}`,
]);
await using joiner = await DaemonProcess.start([
  ...NETWORK,
  '--dht-address=127.1.0.1',
  '--dht-port=0',
]);
console.log(`an empty node that accepts links: ${memory(joiner)}`);
const file = join(old.folder, 'pool.pages');
const pages = [...allPages(CLAIMS)];
writeFileSync(file, fileOf(pages));
console.log(`${pages.length} pages, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
let startedAtMs = performance.now();
const imported = await DaemonProcess.run(['-f', old.dbFile, 'pool', 'import', file], {
  folder: old.folder,
});
if (imported.status !== 0) throw new Error(imported.stderr);
const claims = old.number("SELECT value FROM counter WHERE name = 'pool_claims'");
console.log(
  `imported: ${claims} claims in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s; ${memory(old)}`,
);
const { folder } = joiner;
await joiner.stop();
startedAtMs = performance.now();
await using late = await DaemonProcess.start(
  [...NETWORK, '--dht-address=127.1.0.1', '--dht-port=0', `--pool-peer=127.0.0.1:${port}`],
  { folder },
);
const readyAtMs = performance.now();
for (let count = 0; count < claims;) {
  await after(250);
  count = late.number("SELECT value FROM counter WHERE name = 'pool_claims'");
  if (performance.now() - startedAtMs > WAIT_MS_MAX)
    throw new Error(`only ${count} claims arrived`);
}
console.log(
  `joined: all claims ${((performance.now() - readyAtMs) / 1000).toFixed(1)} s after the start, ${processorS(late).toFixed(1)} s of processor time; ${memory(late)}; database ${(statSync(late.dbFile).size / 1e6).toFixed(0)} MB`,
);
await after(30_000);
console.log(`half a minute later: the joined node ${memory(late)}, the other one ${memory(old)}`);
