// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How many requests a second are recorded during a flood: passive and responsive, folding and all distinct, and with a
 * database at its size limit; compared with an empty Node socket that only counts? Each round runs all of them, and
 * each run ends with a stop in the middle of the flood, and fails if rows, repeats and drops are not what was sent. The
 * sender shares the cores with the receiver in all cases, so the processor time for one request, by thread, says more
 * than the rate. SECONDS=5, ROUNDS=3, KIND=options (or invite, register), FULL_MIB=256 and ONLY=passive,responsive
 * (parts of the names of cases) can be changed, and DIST=dist, the bundle. Nothing is shared of this machine's own
 * addresses, so what sharing costs is seen in a network namespace with addresses that look like those of others:
 *
 *     unshare -rn sh -c 'ip link set lo up; ip addr add 45.1.0.0/16 dev lo
 *       ONLY=passive,sharing SOURCE_NETWORK=45.1 node bench/flood.ts'
 */

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { latin1Octets } from '@sentrypeer/bytes';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, recorded, send, start, temporaryFolder } from './load/processes.ts';

const seconds = process.env['SECONDS'] ?? '5';
const rounds = Number(process.env['ROUNDS'] ?? '3');
const kind = process.env['KIND'] ?? 'options';
const rate = process.env['RATE'] ?? '0';
const fullMib = Number(process.env['FULL_MIB'] ?? '256');
const sourceNetwork = process.env['SOURCE_NETWORK'] ?? '127.1';
const only = (process.env['ONLY'] ?? '').split(',');
const PORT = 25_160;
const API_PORT = 25_161;
/**
 * Slightly more events than fit into a mebibyte of the database, so that some are removed already while it is filled.
 */
const CALLS_PER_MEBIBYTE = 1300;
/** As long as the requests of the flood, so that one is removed for each that arrives. */
const MESSAGE = latin1Octets(
  `OPTIONS sip:0@198.51.100.7 SIP/2.0\r\nSubject: ${'x'.repeat(400)}\r\n\r\n`,
);
const MEBIBYTE = 1_048_576;
const DIGITS = 10;
const SOURCES = ['--source-network', sourceNetwork];
const WARM_UP = ['--seconds', '3', '--rate', '3000', '--first-number', '900000000'];

interface Case {
  readonly name: string;
  /** The case in the same round whose rate counts as 1. */
  readonly beside: string;
  readonly flags: readonly string[];
  readonly sender: readonly string[];
  /** Starts with the full database. */
  readonly isFull?: boolean;
  /** Rows are removed while it runs, and what they counted with them. */
  readonly isPruned?: boolean;
}

const FOLDING = { flags: ['--fold-window', '60'], sender: [] };
const DISTINCT = { flags: ['--fold-window', '0'], sender: ['--distinct'] };
const LIMIT = ['--db-size-max', `${fullMib}MiB`];
const ENDLESS = ['--db-size-max', '0'];

/** Each next to the case that it is compared with. */
const CASES: readonly Case[] = [
  { name: 'passive, folding', beside: 'sink', ...FOLDING },
  {
    name: 'responsive, folding',
    beside: 'passive, folding',
    flags: [...FOLDING.flags, '--responsive'],
    sender: FOLDING.sender,
  },
  { name: 'passive, distinct', beside: 'sink', ...DISTINCT },
  {
    name: 'responsive, distinct',
    beside: 'passive, distinct',
    flags: [...DISTINCT.flags, '--responsive'],
    sender: DISTINCT.sender,
  },
  {
    name: 'sharing, distinct',
    beside: 'passive, distinct',
    flags: [
      ...DISTINCT.flags,
      '-p',
      '--bootstrap-node=none',
      '--neighbours=off',
      '--dht-address=127.0.0.1',
      '--dht-port=0',
    ],
    sender: DISTINCT.sender,
  },
  {
    name: 'grown, distinct',
    beside: 'passive, distinct',
    flags: [...DISTINCT.flags, ...ENDLESS],
    sender: [...DISTINCT.sender, '--first-number', '500000000'],
    isFull: true,
  },
  {
    name: 'full, distinct',
    beside: 'grown, distinct',
    flags: [...DISTINCT.flags, ...LIMIT],
    sender: [...DISTINCT.sender, '--first-number', '500000000'],
    isFull: true,
    isPruned: true,
  },
].filter(({ name }) => only.some((part) => name.includes(part)));

async function sink(): Promise<number> {
  const running = await start(['bench/load/sink.ts', String(PORT)], 'listening');
  const sent = await send(['--port', String(PORT), '--seconds', seconds, '--rate', rate]);
  await running.stop();
  const { count } = JSON.parse(running.output().slice('listening'.length));
  return count / sent.tookSeconds;
}

/** A database that had a size limit from the start, because a limit does not remove what was there before it. */
function makeFull(path: string): void {
  using store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path, databaseOctetsMax: fullMib * MEBIBYTE },
  );
  recordCalls(store, fullMib * CALLS_PER_MEBIBYTE, (index) => ({
    ...call(`127.1.${index & 3}.${index % 250}`, `00${String(index).padStart(DIGITS, '0')}`),
    grade: 'seen',
    sipMethod: 'OPTIONS',
    sipMessage: MESSAGE,
  }));
  while (store.maintain()) continue;
}

async function repliesSent(): Promise<{ readonly sent: number; readonly withheld: number }> {
  const text = await (await fetch(`http://127.0.0.1:${API_PORT}/metrics`)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^sentrypeer_sip_${name}_total (\\d+)`, 'm').exec(text)?.[1]);
  return { sent: value('replies'), withheld: value('replies_withheld') };
}

async function honeypot(
  { name, flags, sender, isFull, isPruned }: Case,
  full: string,
): Promise<number> {
  using folder = temporaryFolder();
  const db = join(folder.path, 'flood.db');
  if (isFull === true) copyFileSync(full, db);
  const before = isFull === true ? recorded(db) : { rows: 0, messages: 0, dropped: 0 };
  const address = ['--no-tls', '--sip-address', '127.0.0.1', '--sip-port', String(PORT)];
  const api = ['--api', '--api-port', String(API_PORT)];
  const running = await start(
    [`${process.env['DIST'] ?? 'dist'}/main.js`, '-f', db, ...address, ...api, ...flags],
    'Stop ',
  );
  const kinds = ['--kind', kind, ...SOURCES, ...sender];
  // A daemon runs for months, so the cost of the first requests, before V8 has compiled the code, does not count.
  const warm = await send(['--port', String(PORT), ...WARM_UP, ...kinds]);
  const repliesBefore = await repliesSent();
  const processorBefore = running.processorSeconds();
  const sent = await send(['--port', String(PORT), '--seconds', seconds, '--rate', rate, ...kinds]);
  const processor = running.processorSeconds();
  const replies = await repliesSent();
  await running.stop();
  const { rows, messages, dropped } = recorded(db);
  // A full database lost rows with their counts, so only the drops say what was not recorded.
  const sentCount = warm.sentCount + sent.sentCount;
  const droppedCount = dropped - before.dropped;
  // Sent over loopback, so each was received: anything neither recorded nor counted was lost silently.
  if (!isPruned)
    assert.equal(messages - before.messages + droppedCount, sentCount, 'all is counted');
  const got = sent.sentCount - droppedCount;
  const costs = [...processor]
    .map(([thread, used]) => [thread, used - (processorBefore.get(thread) ?? 0)] as const)
    .filter(([, used]) => used >= 0.1)
    .map(([thread, used]) => `${thread} ${((used * 1_000_000) / got).toFixed(1)}`);
  console.log(
    `  ${name}: sent ${sent.perSecond}/s, recorded ${Math.round(got / sent.tookSeconds)}/s in ${rows} rows, ` +
      `dropped and counted ${droppedCount}, replies ${replies.sent - repliesBefore.sent}, withheld ${replies.withheld - repliesBefore.withheld}; ` +
      `processor us each: ${costs.join(', ')}`,
  );
  return got / sent.tookSeconds;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

console.log(machineLine());
using kept = temporaryFolder();
const full = join(kept.path, 'full.db');
if (CASES.some(({ isFull }) => isFull === true)) makeFull(full);
const ratios = new Map<string, number[]>();
for (let round = 0; round < rounds; round += 1) {
  const rates = new Map([['sink', await sink()]]);
  console.log(`round ${round + 1}: sink ${Math.round(rates.get('sink') ?? 0)}/s`);
  for (const each of CASES) {
    rates.set(each.name, await honeypot(each, full));
    const ratio = (rates.get(each.name) ?? 0) / (rates.get(each.beside) ?? Number.NaN);
    ratios.set(each.name, [...(ratios.get(each.name) ?? []), ratio]);
  }
}
for (const { name, beside } of CASES) {
  const all = ratios.get(name) ?? [];
  console.log(
    `${name}: ${median(all).toFixed(2)} of ${beside} (${all.map((each) => each.toFixed(2)).join(', ')})`,
  );
}
