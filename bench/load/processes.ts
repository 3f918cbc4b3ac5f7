// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

const ROOT = join(import.meta.dirname, '..', '..');
/** Share of a core: a program that uses less is idle. */
const IDLE_SHARE = 0.2;

/** A program of ours under load. */
export interface Running {
  readonly process: ChildProcess;
  /** Milliseconds from start to the line that says it is ready. */
  readonly startedMs: number;
  /** Everything printed so far. */
  output(): string;
  /** Resident memory in MiB; 0 without /proc. */
  residentMib(): number;
  /** Processor seconds of each thread so far, by name; threads of one name together. */
  processorSeconds(): ReadonlyMap<string, number>;
  /** Resolves when it has nothing left to do, such as judging what is in its database. */
  quiet(): Promise<void>;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
}

/** Starts a program and waits until it prints `readyText`. */
export async function start(
  args: readonly string[],
  readyText: string,
  cwd = ROOT,
): Promise<Running> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const ready = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    if (text.includes(readyText)) ready.resolve();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = once(child, 'exit');
  ended
    .then(() => ready.reject(new Error(`${args.join(' ')} ended early:\n${text}`)))
    .catch(() => undefined);
  await ready.promise;
  return {
    process: child,
    startedMs: performance.now() - startMs,
    output: () => text,
    residentMib: () => residentMibOf(child.pid),
    processorSeconds: () => processorSeconds(child.pid),
    quiet: () => quiet(child.pid),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs the sender to its end and gives what it counted. */
export async function send(args: readonly string[]): Promise<{
  readonly sentCount: number;
  readonly perSecond: number;
  readonly tookSeconds: number;
}> {
  const child = spawn('python3', [join(ROOT, 'bench/load/sender.py'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(text);
}

/** A new folder for one run, removed at the end. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sentrypeer-bench-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a database says was recorded: rows, messages counted on them, and messages counted as dropped. */
export function recorded(path: string): {
  readonly rows: number;
  readonly messages: number;
  readonly dropped: number;
} {
  using database = new DatabaseSync(path, { readOnly: true });
  const row = database
    .prepare('SELECT count(*) AS rows, coalesce(sum(seen_count), 0) AS messages FROM honey')
    .get();
  const dropped = database
    .prepare(
      "SELECT coalesce(sum(value), 0) AS dropped FROM counter WHERE name = 'dropped_messages'",
    )
    .get();
  return {
    rows: Number(row?.['rows']),
    messages: Number(row?.['messages']),
    dropped: Number(dropped?.['dropped']),
  };
}

/** Datagrams that the kernel dropped for sockets on `port`, read from /proc/net/udp. */
export function kernelDrops(port: number): number {
  const portHex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  let count = 0;
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n')) {
    if (line.slice(0, 24).includes(portHex)) count += Number(line.trim().split(' ').at(-1));
  }
  return count;
}

/** The line above every table of figures. */
export function machineLine(): string {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Node ${process.version}, ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}`;
}

/** Resident memory of a process in MiB; 0 without /proc. */
export function residentMibOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

/** Clock ticks of /proc/PID/stat in one second. */
const TICKS_PER_SECOND = 100;

/** Processor seconds of each thread of a process so far, user and system; nothing without /proc. */
export function processorSeconds(pid: number | undefined): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  if (pid === undefined) return seconds;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // From the third field on.
    const ticks = Number(fields[11]) + Number(fields[12]);
    seconds.set(name, (seconds.get(name) ?? 0) + ticks / TICKS_PER_SECOND);
  }
  return seconds;
}

/** The same for all threads together. */
export function totalProcessorSeconds(pid: number): number {
  return processorSeconds(pid)
    .values()
    .reduce((sum, each) => sum + each, 0);
}

async function quiet(pid: number | undefined): Promise<void> {
  const used = (): number =>
    processorSeconds(pid)
      .values()
      .reduce((sum, each) => sum + each, 0);
  for (let share = Number.POSITIVE_INFINITY; share > IDLE_SHARE;) {
    const before = used();
    await after(1000);
    share = used() - before;
  }
}
