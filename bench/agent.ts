// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How many INVITEs a second does the SIP agent answer on one core, each with a verdict over 100,000 called numbers,
 * compared with an empty Node socket; and how soon does it answer 2,000 a second from the moment its port is open? Half
 * of the numbers asked for are listed, by a policy of the benchmark for which one proved call is enough. SIPp (Debian
 * package sip-tester) asks from another core, repeats what is not answered within 500 ms, and counts the repeats. RATES
 * and SECONDS can be changed.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, start, temporaryFolder, type Running } from './load/processes.ts';

const NUMBERS_COUNT = 100_000;
const PORT = 25_190;
const SIPP_PORT = 25_191;
/** Clock ticks of /proc/PID/stat in one second. */
const TICKS_PER_SECOND = 100;
const WARM_SECONDS = 3;
const AGENT_CORE = '0';
const SIPP_CORE = '1';
/** INVITEs a second to a program that has just started. */
const COLD_RATE = 2000;
const rates = (process.env['RATES'] ?? '2000,5000').split(',').map(Number);
const seconds = Number(process.env['SECONDS'] ?? '10');

/** Swedish mobile numbers, as attackers dial them. */
const dialled = (index: number): string => `004670${String(1_000_000 + index * 37).slice(-7)}`;

function makeDatabase(path: string): void {
  using store = Store.open({ logger: silentLogger, clock: systemClock }, { path });
  recordCalls(store, NUMBERS_COUNT, (index) =>
    call(`45.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, dialled(index)),
  );
}

/** A program on a separate core. */
async function startOnCore(args: readonly string[]): Promise<Running> {
  const running = await start(args, 'Stop ');
  spawnSync('taskset', ['-acp', AGENT_CORE, String(running.process.pid)]);
  return running;
}

/** CPU seconds that a process has used in all its threads. */
function cpuSeconds(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The last figure, the sum, of a line of SIPp's statistics. */
function statistic(output: string, pattern: RegExp): number {
  const line = output.split('\n').findLast((each) => pattern.test(each)) ?? '';
  return Number(line.split('|').at(-1) ?? Number.NaN);
}

/** SIPp's times from an INVITE to its answer, sorted, in milliseconds. */
function responseTimes(cwd: string): readonly number[] {
  const files = readdirSync(cwd).filter((name) => name.endsWith('_rtt.csv'));
  const lines = files.flatMap((name) => readFileSync(join(cwd, name), 'latin1').split('\n'));
  for (const name of files) rmSync(join(cwd, name));
  return lines
    .map((line) => line.split(';'))
    .filter(([, , which]) => which === '1')
    .map(([, ms]) => Number(ms))
    .toSorted((x, y) => x - y);
}

/** Asks for some seconds; returns SIPp's report, and how much of its core the program used. */
function ask(
  running: Running,
  load: { readonly rate: number; readonly seconds: number; readonly cwd: string },
): string {
  const { rate, seconds, cwd } = load;
  const scenario = join(import.meta.dirname, 'load/invites.xml');
  const before = cpuSeconds(running.process.pid);
  const calls = rate * seconds;
  const args = ['-sf', scenario, '-inf', 'numbers.csv', '-r', String(rate), '-m', String(calls)];
  const own = ['-i', '127.0.0.1', '-p', String(SIPP_PORT), '-nostdin', '-l', '20000'];
  const roomy = ['-buff_size', String(4 * 1024 * 1024)];
  const traced = ['-trace_rtt', '-rtt_freq', '1000'];
  const all = ['-c', SIPP_CORE, 'sipp', ...args, ...own, ...roomy, ...traced, `127.0.0.1:${PORT}`];
  const { stdout } = spawnSync('taskset', all, { cwd, encoding: 'latin1' });
  const used = cpuSeconds(running.process.pid) - before;
  const report = stdout.slice(stdout.lastIndexOf('Scenario Screen'));
  const answered = statistic(report, /^ {2}Successful call/);
  const repeated = Number(/INVITE -+> .*?RTD1 \d+ +(\d+)/.exec(report)?.[1]);
  const times = responseTimes(cwd);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return (
    `  ${rate}/s: ${answered} of ${calls} answered, ${repeated} repeated; ` +
    `${((100 * used) / seconds).toFixed(0)} % of the core, ${((1e6 * used) / answered).toFixed(0)} us each; ` +
    `half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, all within ${times.at(-1)} ms`
  );
}

/** Asks at each rate, after a warm-up. */
function measure(name: string, running: Running, cwd: string): void {
  ask(running, { rate: 1000, seconds: WARM_SECONDS, cwd });
  console.log(name);
  for (const rate of rates) console.log(ask(running, { rate, seconds, cwd }));
}

using folder = temporaryFolder();
const db = join(folder.path, 'agent.db');
makeDatabase(db);
const asked = Array.from({ length: 20_000 }, (_, index) =>
  // Every other one, from another range, was never called.
  index % 2 === 0 ? `+${dialled(index).slice(2)}` : `+4670${String(9_000_000 + index * 41)}`,
);
writeFileSync(
  join(folder.path, 'numbers.csv'),
  `RANDOM\n${asked.map((number) => `${number};`).join('\n')}\n`,
);
console.log(machineLine());

const empty = await startOnCore(['bench/load/empty-agent.ts', String(PORT)]);
measure('empty socket', empty, folder.path);
await empty.stop();

const listens = ['--no-sip', '--no-tls', '--sip-agent', `127.0.0.1:${PORT}`];
const sends = ['--sip-agent-destination', 'sip:{number}@192.0.2.10:5060', '--home-country', 'SE'];
const policy = ['--policy', 'networks-home=1,days-home=1'];
const args = ['dist/main.js', '-f', db, ...listens, ...sends, ...policy];
const judging = await startOnCore(args);
// Everything is judged and counted before anything is asked.
await judging.quiet();
await judging.stop();
const agent = await startOnCore(args);
console.log('SIP agent, just started');
console.log(ask(agent, { rate: COLD_RATE, seconds, cwd: folder.path }));
measure('SIP agent, warm', agent, folder.path);
await agent.stop();
