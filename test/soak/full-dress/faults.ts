// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Faults in a soak, and the operator's chores: drawn from the seed, one after the other. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { openDht } from '@sentrypeer/dht/udp';
import type { Background } from '../../interop/background.ts';
import type { Chance } from './chance.ts';
import { idleConnections } from './load.ts';
import type { NodePorts, SoakNode } from './node.ts';
import { openRsyslogd } from './outputs.ts';
import { fillDisk } from './world.ts';

const DISK_FULL_MS = 20_000;
const OUTAGE_MS = 20_000;
const STOPPED_MS = 5_000;
const IDLE_COUNT = 600;
const HOUR_SECONDS = 3600;

export interface World {
  readonly folder: string;
  readonly node: SoakNode;
  readonly ports: NodePorts;
  readonly chance: Chance;
  rsyslogd: Background;
  dht: Awaited<ReturnType<typeof openDht>>;
}

/** The node of the DHT that the daemon knows. */
export function openBootstrap(ports: NodePorts): World['dht'] | Promise<World['dht']> {
  return openDht({ port: ports.bootstrap, addresses: ['127.0.0.1'], network: 4711 });
}

type Fault = (world: World) => Promise<void>;

/** Each leaves the world as it was. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9': async ({ node }) => node.kill(),
  'rsyslogd is down': async (world) => {
    await world.rsyslogd[Symbol.asyncDispose]();
    rmSync(join(world.folder, 'rsyslogd.pid'), { force: true });
    await after(OUTAGE_MS);
    world.rsyslogd = await openRsyslogd(world.folder, world.ports.syslog);
  },
  'the disk of the log is full': async ({ folder }) => {
    using _filler = fillDisk(join(folder, 'logs'));
    await after(DISK_FULL_MS);
  },
  'the disk of the database is full': async ({ folder }) => {
    using _filler = fillDisk(join(folder, 'data'));
    await after(DISK_FULL_MS);
  },
  'the DHT is cut off': async (world) => {
    await world.dht.close();
    await after(OUTAGE_MS);
    world.dht = await openBootstrap(world.ports);
  },
  'idle connections': async ({ ports }) => {
    using _idle = idleConnections(IDLE_COUNT, ports);
    await after(OUTAGE_MS);
  },
  'it is stopped and goes on': async ({ node }) => {
    node.signal('SIGSTOP');
    await after(STOPPED_MS);
    node.signal('SIGCONT');
  },
  'the clock jumps ahead and back': async ({ node }) => {
    node.setClock(HOUR_SECONDS);
    await after(OUTAGE_MS);
    node.setClock(0);
  },
  'an orderly restart': async ({ node }) => {
    await node.stop();
    await node.start();
  },
};

/** @param words Leaves out the faults with one of these words in their name; `all` leaves out every fault. */
export function faultsWithout(words: readonly string[]): Readonly<Record<string, Fault>> {
  for (const word of words) {
    const isKnown = word === 'all' || Object.keys(FAULTS).some((name) => name.includes(word));
    if (!isKnown) throw new Error(`no fault has "${word}" in its name`);
  }
  return Object.fromEntries(
    Object.entries(FAULTS).filter(
      ([name]) => !words.some((word) => word === 'all' || name.includes(word)),
    ),
  );
}

/** What an operator does in a day. */
export const CHORES: Readonly<Record<string, Fault>> = {
  logrotate: async ({ folder, node }) => {
    const file = join(folder, 'logrotate.conf');
    writeFileSync(
      file,
      `${node.jsonLogFile} {\n  rotate 100000\n  nocompress\n  missingok\n  su root root\n  postrotate\n    kill -HUP ${node.pid}\n  endscript\n}\n`,
    );
    const run = spawnSync('/usr/sbin/logrotate', [
      '-f',
      '-s',
      join(folder, 'logrotate.state'),
      file,
    ]);
    assert.equal(run.status, 0, `logrotate: ${run.stderr.toString()}`);
  },
  keys: async ({ node, chance }) => {
    const name = `soak-${chance.below(0x7fff_ffff)}`;
    node.command('keys', 'add', name, 'read');
    assert.ok(node.command('keys', 'list').includes(name));
    node.command('keys', 'revoke', name);
  },
  allow: async ({ node, chance }) => {
    const address = `45.83.64.${1 + chance.below(200)}`;
    node.command('allow', 'add', address, 'always', 'soak');
    await after(3_000);
    const { listed } = await node.json<{ listed: boolean }>(`/v1/check?address=${address}`);
    assert.ok(!listed, `${address} is allowed and listed`);
    node.command('allow', 'remove', address);
  },
  backup: async ({ folder, node }) => {
    const copy = join(folder, 'backup.db');
    rmSync(copy, { force: true });
    node.command('backup', copy);
    const run = spawnSync('sqlite3', [copy, 'PRAGMA integrity_check'], { encoding: 'utf8' });
    assert.equal(run.stdout.trim(), 'ok', `the backup: ${run.stdout}${run.stderr}`);
  },
  'sqlite3 reads the live file': async ({ node }) => {
    const sql = 'SELECT count(*) FROM honey';
    const run = spawnSync('sqlite3', [node.dbFile, sql], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
  },
};
