// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Ten daemons on loopback, each in a separate network, that are given one DHT node and find each other there: how soon
 * does each know what all others met, including the half that was killed meanwhile? TESTED_PROGRAM names a bundle,
 * FLAGS further flags for each.
 *
 *     node bench/pool-daemons.ts [daemons]
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';
import { DaemonProcess } from '../test/e2e/daemon-process.ts';

const DAEMONS = Number(process.argv[2] ?? 10);
const WAIT_MS_MAX = 300_000;
const FLAGS = [
  '-r',
  '--threads=1',
  '-p',
  '--neighbours=off',
  '--share-delay=0',
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

/** Adds evidence against an address, as the judge sums it up. */
function meet({ dbFile }: DaemonProcess, address: string): void {
  using database = new DatabaseSync(dbFile);
  database.exec('PRAGMA busy_timeout = 5000');
  database
    .prepare(`
      INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
        credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
      VALUES (?, 2, ?2, ?2, 1, 9, 0, 9, 2, 1, NULL, 0, 9, 1)`)
    .run(address, Date.now() * 1000);
}

/** Seconds until all of them have this many claims. */
async function known(daemons: readonly DaemonProcess[], count: number): Promise<string> {
  const startedAtMs = performance.now();
  const sql = 'SELECT count(DISTINCT subject) FROM pool_claim';
  for (let isAll = false; !isAll;) {
    await after(200);
    const counts = daemons.map((daemon) => daemon.number(sql));
    isAll = counts.every((one) => one === count);
    if (performance.now() - startedAtMs > WAIT_MS_MAX) throw new Error(`only ${counts.join(', ')}`);
  }
  return ((performance.now() - startedAtMs) / 1000).toFixed(1);
}

const port = await freePort();
const flagsOf = (index: number): readonly string[] => [
  ...FLAGS,
  `--dht-address=127.${index + 1}.0.1`,
  `--dht-port=${port}`,
  `--bootstrap-node=${index === 0 ? 'none' : `127.1.0.1:${port}`}`,
];
await using scope = new AsyncDisposableStack();
const daemons: DaemonProcess[] = [];
for (let index = 0; index < DAEMONS; index += 1) {
  daemons.push(scope.use(await DaemonProcess.start(flagsOf(index))));
}
for (const [index, daemon] of daemons.entries()) meet(daemon, `45.1.0.${index + 1}`);
console.log(
  `${DAEMONS} daemons know ${DAEMONS} claims: ${await known(daemons, DAEMONS)} s after the last of them started`,
);
const [first] = daemons;
if (first === undefined) throw new Error('too few daemons');
meet(first, '45.1.1.1');
console.log(`one more claim, by links that are there: ${await known(daemons, DAEMONS + 1)} s`);
const half = Math.ceil(DAEMONS / 2);
const [others, killed] = [daemons.slice(0, half), daemons.slice(half)];
for (const daemon of killed) daemon.signal('SIGKILL');
await Promise.all(killed.map((daemon) => daemon.ended()));
for (const [index, daemon] of others.entries()) meet(daemon, `45.1.2.${index + 1}`);
const count = DAEMONS + 1 + others.length;
console.log(
  `${others.length} claims while ${killed.length} are killed: ${await known(others, count)} s`,
);
const back = await Promise.all(
  killed.map(({ folder }, index) => DaemonProcess.start(flagsOf(half + index), { folder })),
);
for (const daemon of back) scope.use(daemon);
const all = [...others, ...back];
console.log(`those that were killed, started again, know them: ${await known(all, count)} s`);
const resident = all.map(({ pid }) => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
});
console.log(
  `resident: ${Math.min(...resident).toFixed(0)} to ${Math.max(...resident).toFixed(0)} MiB`,
);
