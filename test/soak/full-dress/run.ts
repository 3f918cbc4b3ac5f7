// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The soak itself, within its simulated machine, which test/soak/full-dress.ts makes and describes. */

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
import { machineLine } from '../../../bench/load/processes.ts';
import { freePort } from '../../interop/tool.ts';
import { Chance } from './chance.ts';
import {
  checkJsonLog,
  checkMetrics,
  checkVerdicts,
  checkWebhook,
  readDatabase,
  type Findings,
} from './checks.ts';
import { CHORES, faultsWithout, openBootstrap, type World } from './faults.ts';
import { Load, scan } from './load.ts';
import { Memory } from './memory.ts';
import { SoakNode, type NodePorts } from './node.ts';
import { openFail2ban, openPrometheus, openRsyslogd, Receiver, StreamClient } from './outputs.ts';

const PER_SECOND = 100;
const FAULT_EVERY_MS = 90_000;
const CHORE_EVERY_MS = 45_000;
const SCAN_EVERY_MS = 30_000;
const SETTLE_MS_MAX = 180_000;
const SLOW_READER_MS = 500;
/** Share of the time, at its end, in which the process is not ended, so that its memory can be seen to stay flat. */
const LIVES_ON_SHARE = 1 / 3;
const ENDING = ['kill', 'restart'];
/** Cursors of those that get everything; sharing with other nodes has a daily budget. */
const OWED = "name IN ('judge', 'json-log', 'syslog') OR name LIKE 'webhook%'";

const [seedText = '1', secondsText = '7200', folder = '', withoutText = ''] = process.argv.slice(2);
const seconds = Number(secondsText);
const without = withoutText === '' ? [] : withoutText.split(',');
const faults = faultsWithout(without);
/** Each has a separate sequence, so that one that takes longer does not change what the others draw. */
const chanceOf = (which: number): Chance => new Chance(Number(seedText) * 16 + which);

const say = (text: string): void =>
  console.log(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}`);

/** Does something repeatedly until the time is over; the first failure ends the soak. */
async function repeat(everyMs: number, untilMs: number, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const nextMs = performance.now() + everyMs;
    if (nextMs > untilMs) return;
    await after(everyMs);
    await work();
  }
}

function deck(chance: Chance, all: Readonly<Record<string, (world: World) => Promise<void>>>) {
  let cards: string[] = [];
  return async (world: World): Promise<void> => {
    if (cards.length === 0) {
      cards = Object.keys(all).toSorted(() => chance.next() - 0.5);
    }
    const name = cards.pop();
    if (name === undefined) return;
    say(name);
    await all[name]?.(world);
  };
}

const ports: NodePorts = {
  sip: await freePort(),
  tls: await freePort(),
  api: await freePort(),
  agent: await freePort(),
  webhook: await freePort(),
  syslog: await freePort(),
  dht: await freePort(),
  bootstrap: await freePort(),
};
console.log(machineLine());
console.log(
  `seed ${seedText}, ${seconds} s, ${PER_SECOND} requests a second; faults: ${Object.keys(faults).join(', ') || 'none'}`,
);

await using receiver = await Receiver.open(ports.webhook);
await using node = new SoakNode(folder, ports);
const world: World = {
  folder,
  node,
  ports,
  chance: chanceOf(1),
  rsyslogd: await openRsyslogd(folder, ports.syslog),
  dht: await openBootstrap(ports),
};
await using _world = {
  [Symbol.asyncDispose]: async () => {
    await world.rsyslogd[Symbol.asyncDispose]();
    await world.dht.close();
  },
};
await using _fail2ban = await openFail2ban(folder);
await node.start();
await using _prometheus = openPrometheus(folder, ports);
await using quick = new StreamClient(node, ports.api, 0);
await using slow = new StreamClient(node, ports.api, SLOW_READER_MS);

const memory = new Memory(node);
const findings: Findings = [];
const endMs = performance.now() + seconds * 1000;
const load = new Load(chanceOf(2), ports, PER_SECOND);
const scans = chanceOf(3);
const watching = setInterval(() => memory.look(say), 1000);
try {
  const fault = deck(chanceOf(4), faults);
  const lasting = deck(chanceOf(6), faultsWithout([...without, ...ENDING]));
  const livesOnFromMs = endMs - seconds * 1000 * LIVES_ON_SHARE;
  const chore = deck(chanceOf(5), CHORES);
  await Promise.all([
    repeat(FAULT_EVERY_MS, endMs, () =>
      performance.now() < livesOnFromMs ? fault(world) : lasting(world),
    ),
    repeat(CHORE_EVERY_MS, endMs, async () => {
      // A command may rightly fail while the daemon is restarting or its disk is full.
      try {
        await chore(world);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!/disk|full|ECONNREFUSED|fetch failed/i.test(why)) findings.push(why);
      }
    }),
    repeat(SCAN_EVERY_MS, endMs, async () => say(await scan(scans, ports, folder))),
    after(Math.max(0, endMs - performance.now())),
  ]);
} finally {
  clearInterval(watching);
  load[Symbol.dispose]();
}

say('the load has ended');
const settledBy = performance.now() + SETTLE_MS_MAX;
const { number } = readDatabase(node);
for (;;) {
  await after(2_000);
  const newest = number('SELECT max(honey_id) FROM honey');
  const behind = number(`SELECT min(honey_id) FROM cursor WHERE ${OWED}`);
  const pending = number('SELECT count(*) FROM pending_repeat');
  if (behind >= newest && pending === 0) break;
  if (performance.now() > settledBy) {
    findings.push(`a consumer is at ${behind} of ${newest} after ${SETTLE_MS_MAX / 1000} s`);
    break;
  }
}
const { own } = readDatabase(node);
const said = [
  `${load.sentCount} requests and what scanners sent: ${own.uuids.size} events and ${own.removedCount} removed for the full disk, ${node.restartsCount} kills`,
  `the streams carried ${quick.eventsCount} and ${slow.eventsCount} events`,
  checkWebhook(receiver, own, findings),
  await checkJsonLog(node, own, findings),
  await checkVerdicts(node, findings),
];
await checkMetrics(node, findings);
said.push(memory.report(findings));
await node.stop();
for (const line of said) console.log(line);
for (const finding of findings) console.log(`FAILED ${finding}`);
console.log(findings.length === 0 ? 'nothing was lost' : `${findings.length} findings`);
console.log(`logs: ${join(folder, 'daemon.log')}`);
process.exitCode = findings.length === 0 ? 0 : 1;
