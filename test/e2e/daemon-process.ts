// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The daemon as a child process in a new folder, as an operator would run it. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';

export const SOURCES = join(import.meta.dirname, '../../daemon/bin/sentrypeer.js');
/** The program to start: `npm test` sets the bundle, which starts sooner; a test run alone uses the sources. */
export const PROGRAM = process.env['TESTED_PROGRAM'] ?? SOURCES;

/** Milliseconds for anything that a test waits for; far more than it takes on a busy machine. */
export const DEADLINE_MS = 60_000;

/** The flag that makes calls from this machine count against a number, like calls from the Internet. */
export const COUNTS_LOCAL = '--policy=number-local-callers=1';

/** Milliseconds between two checks of what is not reported: at first, as a share of the time waited, and at most. */
const LOOK_MS = 5;
const LOOK_SHARE = 0.1;
const LOOK_MS_MAX = 250;

/** Ports that the daemon opened; 0 for those it did not open. */
export interface DaemonPorts {
  readonly udp: number;
  readonly tcp: number;
  readonly tls: number;
  readonly api: number;
  readonly agent: { readonly udp: number; readonly tcp: number; readonly tls: number };
}

export interface DaemonOptions {
  /** A folder that another daemon used and whose owner removes it; by default a new one. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program. @default the one under test */
  readonly main?: string;
  /** The program as one executable, instead of Node.js with `main`. */
  readonly executable?: string;
  /** Stream on which it reports that it is ready. @default stdout */
  readonly bannerOn?: 'stdout' | 'stderr';
  /** Words before the command line, such as `setpriv` with its flags. */
  readonly under?: readonly string[];
  /** Milliseconds until it must be ready, if something makes it slow. @default DEADLINE_MS */
  readonly startMsMax?: number;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Polls a condition: the longer it takes, the less often, because a check may start a process. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number | undefined = DEADLINE_MS,
): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const beganAtMs = performance.now();
  while (!(await condition())) {
    assert.ok(!deadline.aborted, `not in time: ${what}`);
    const waitedMs = performance.now() - beganAtMs;
    await after(Math.min(Math.max(LOOK_MS, waitedMs * LOOK_SHARE), LOOK_MS_MAX));
  }
}

/** A folder that is removed with its owner. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sentrypeer-e2e-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * A running daemon. Unless `args` say otherwise, it listens on free ports of 127.0.0.1, has its database in `folder`,
 * serves the API, and has no TLS and two receiving threads.
 */
export class DaemonProcess implements AsyncDisposable {
  readonly folder: string;
  readonly dbFile: string;
  readonly pid: number;
  #ports: DaemonPorts = {
    udp: 0,
    tcp: 0,
    tls: 0,
    api: 0,
    agent: { udp: 0, tcp: 0, tls: 0 },
  };
  readonly #ownFolder: TemporaryFolder | undefined;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<Ended>;
  #hasEnded = false;
  #reader: DatabaseSync | undefined;
  #stdout = '';
  #stderr = '';

  private constructor(args: readonly string[], options: DaemonOptions) {
    this.#ownFolder = options.folder === undefined ? new TemporaryFolder() : undefined;
    this.folder = options.folder ?? this.#ownFolder?.path ?? '';
    this.dbFile = join(this.folder, 'sentrypeer.db');
    const [program = '', ...words] = [
      ...(options.under ?? []),
      ...(options.executable === undefined
        ? [process.execPath, options.main ?? PROGRAM]
        : [options.executable]),
      ...defaultFlags(this.dbFile, args),
      ...args,
    ];
    this.#child = spawn(program, words, {
      cwd: this.folder,
      env: cleanEnvironment(this.folder, options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#ended = once(this.#child, 'close').then(([status, signal]) => {
      this.#hasEnded = true;
      return { status: status as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** Resolves when the daemon reports that it is ready. */
  static async start(
    args: readonly string[] = [],
    options: DaemonOptions = {},
  ): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(args, options);
    const banner = (): string => (options.bannerOn === 'stderr' ? daemon.#stderr : daemon.#stdout);
    try {
      await until(
        'the daemon to be ready',
        () => banner().includes('\n  Stop ') || daemon.#hasEnded,
        options.startMsMax,
      );
      assert.ok(!daemon.#hasEnded, `the daemon ended:\n${daemon.output()}`);
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    daemon.#ports = parsePorts(banner());
    return daemon;
  }

  /** Runs the program until it ends, for cases that do not start or only print. */
  static async run(
    args: readonly string[],
    options: DaemonOptions = {},
  ): Promise<Ended & { readonly stdout: string; readonly stderr: string }> {
    await using daemon = new DaemonProcess(args, options);
    await until('the program to end', () => daemon.#hasEnded);
    return { ...(await daemon.#ended), stdout: daemon.#stdout, stderr: daemon.#stderr };
  }

  get ports(): DaemonPorts {
    return this.#ports;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Everything that was printed: standard output, then standard error. */
  output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  signal(name: NodeJS.Signals): void {
    assert.ok(this.#child.kill(name), `${name} could not be sent`);
  }

  async ended(): Promise<Ended> {
    await until('the daemon to end', () => this.#hasEnded);
    return this.#ended;
  }

  /** Stops it and requires an orderly end; a failure shows what was printed. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const { status, signal } = await this.ended();
    assert.equal(status, 0, `ended with status ${status}, signal ${signal}:\n${this.output()}`);
  }

  /** Reads from the database, while the daemon runs or afterwards. */
  rows(sql: string): readonly Row[] {
    this.#reader ??= new DatabaseSync(this.dbFile, { readOnly: true, timeout: DEADLINE_MS });
    const rows = this.#reader.prepare(sql).all();
    return rows.map((row) => Object.assign({}, row)); // node:sqlite gives them no prototype.
  }

  /** The one number that a query answers. */
  number(sql: string): number {
    return Number(Object.values(this.rows(sql)[0] ?? {})[0]);
  }

  /** Holds the database locked, as another program would, until the lock is disposed of. */
  lockDatabase(): Disposable {
    const other = new DatabaseSync(this.dbFile, { timeout: DEADLINE_MS }); // The daemon may be writing.
    other.exec('BEGIN IMMEDIATE');
    return { [Symbol.dispose]: () => other.close() };
  }

  /** Messages that are a row, a repeat on a row, or counted as dropped. */
  accounted(): number {
    return this.number(
      `SELECT (SELECT coalesce(sum(seen_count), 0) FROM honey)
        + (SELECT value FROM counter WHERE name = 'dropped_messages')`,
    );
  }

  /** Waits until this many messages are accounted for. */
  async recorded(count: number): Promise<void> {
    try {
      await until(`${count} messages in the database`, () => this.accounted() >= count);
    } catch (error) {
      throw new Error(`${this.accounted()} of ${count} messages\n${this.output()}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    this.#reader?.close();
    this.#reader = undefined;
    this.#ownFolder?.[Symbol.dispose]();
  }
}

/** Datagrams that the kernel dropped at sockets of this port; only Linux counts them. */
export function kernelDrops(port: number): number {
  let text: string;
  try {
    text = readFileSync('/proc/net/udp', 'latin1');
  } catch {
    return 0; // Another system.
  }
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(place) === true)
    .reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}

/** The usual flags that `args` do not set. */
function defaultFlags(dbFile: string, args: readonly string[]): readonly string[] {
  const has = (...names: readonly string[]): boolean =>
    args.some((arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`)));
  const flags: string[] = [];
  if (!has('-f', '--db-file')) flags.push('-f', dbFile);
  if (!has('--sip-address')) flags.push('--sip-address', '127.0.0.1');
  if (!has('--sip-port')) flags.push('--sip-port', '0');
  if (!has('-z', '--tls-listen-address', '-t', '--cert')) flags.push('-N');
  if (!has('--threads')) flags.push('--threads', '2');
  if (!has('--api')) flags.push('--api');
  if (!has('--api=off', '--api-port')) flags.push('--api-port', '0');
  return flags;
}

/** Our environment without anything that would configure the daemon. */
function cleanEnvironment(
  folder: string,
  more: Readonly<Record<string, string>> | undefined,
): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('SENTRYPEER_') && !name.startsWith('NODE_'),
  );
  return { ...Object.fromEntries(own), HOME: folder, ...more };
}

function parsePorts(banner: string): DaemonPorts {
  const port = (pattern: RegExp): number => Number(pattern.exec(banner)?.[1] ?? 0);
  return {
    udp: port(/^ {2}UDP +\S+?:(\d+)(?:,|$)/m),
    tcp: port(/^ {2}TCP +\S+?:(\d+)(?:,|$)/m),
    tls: port(/^ {2}TLS +\S+?:(\d+)(?:,|$)/m),
    agent: {
      udp: port(/^ {2}Agent .*\bUDP \S+?:(\d+)(?:,|$)/m),
      tcp: port(/^ {2}Agent .*\bTCP \S+?:(\d+)(?:,|$)/m),
      tls: port(/^ {2}Agent .*\bTLS \S+?:(\d+)(?:,|$)/m),
    },
    api: port(/^ {2}API +http:\/\/\S+:(\d+)\/$/m),
  };
}
