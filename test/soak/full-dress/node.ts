// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The daemon under soak: with every output on, killed and restarted on the same ports. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../e2e/daemon-process.ts';
import { HONEYPOT } from './world.ts';

const MAIN = join(import.meta.dirname, '../../../dist/main.js');
const START_MS_MAX = 60_000;
/** What the systemd unit sets. */
const UNIT_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

export interface NodePorts {
  readonly sip: number;
  readonly tls: number;
  readonly api: number;
  readonly agent: number;
  readonly webhook: number;
  readonly syslog: number;
  readonly dht: number;
  readonly bootstrap: number;
}

export class SoakNode implements AsyncDisposable {
  readonly dbFile: string;
  readonly jsonLogFile: string;
  readonly offsetFile: string;
  restartsCount = 0;
  readonly #folder: string;
  readonly #ports: NodePorts;
  #child: ChildProcess | undefined;

  /** @param folder Contains `data` and `logs`. */
  constructor(folder: string, ports: NodePorts) {
    this.#folder = folder;
    this.#ports = ports;
    this.dbFile = join(folder, 'data', 'sentrypeer.db');
    this.jsonLogFile = join(folder, 'logs', 'sentrypeer_json.log');
    this.offsetFile = join(folder, 'clock');
    writeFileSync(this.offsetFile, '+0\n');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Whether it ended without having been told to. */
  get hasEnded(): boolean {
    const child = this.#child;
    return child !== undefined && (child.exitCode !== null || child.signalCode !== null);
  }

  /** Resolves when its API answers. */
  async start(): Promise<void> {
    const { sip, tls, api, agent, webhook, syslog, dht, bootstrap } = this.#ports;
    const log = createWriteStream(join(this.#folder, 'daemon.log'), { flags: 'a' });
    const flags = [
      ['-f', this.dbFile, '-ra', '-j', '-l', this.jsonLogFile, '--db-size-max', '0'],
      ['--sip-address', HONEYPOT, '--sip-port', String(sip), '-z', `${HONEYPOT}:${tls}`],
      ['--api-port', String(api), '--api-rate', '0', '--db-free-min', '64MiB'],
      ['-w', `http://127.0.0.1:${webhook}/events`, '--webhook-batch', '100'],
      ['-s', '--syslog-target', `udp://127.0.0.1:${syslog}`],
      ['-p', '-b', `127.0.0.1:${bootstrap}`, '--dht-address', '127.0.0.1'],
      ['--dht-port', String(dht), '--dht-network', '4711', '--neighbours', 'off'],
      ['--sip-agent', `127.0.0.1:${agent}`],
      ['--sip-agent-destination', 'sip:{number}@192.0.2.10:5060', '--threads', '2'],
    ].flat();
    this.#child = spawn(process.execPath, [MAIN, ...flags], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...UNIT_ENVIRONMENT, HOME: this.#folder, ...this.#fakedClock() },
    });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    const child = this.#child;
    child.on('exit', (status, signal) =>
      log.write(`${new Date().toISOString()} ended: status ${status}, signal ${signal}\n`),
    );
    await until('the daemon to answer', () => this.answers(), START_MS_MAX).catch(
      (error: unknown) => {
        throw new Error(`the daemon's last lines:\n${this.lastLines()}`, { cause: error });
      },
    );
  }

  async answers(): Promise<boolean> {
    if (this.hasEnded) throw new Error(`the daemon ended:\n${this.lastLines()}`);
    try {
      return (await this.get('/livez')).ok;
    } catch {
      return false; // Not yet.
    }
  }

  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#ports.api}${path}`, {
      signal: AbortSignal.timeout(20_000),
    });
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.restartsCount += 1;
    await this.start();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.hasEnded) return;
    child.kill('SIGTERM');
    const [status] = await once(child, 'exit');
    if (status !== 0)
      throw new Error(`stopped with status ${String(status)}:\n${this.lastLines()}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Sets the daemon's wall clock this many seconds ahead of the machine's. */
  setClock(seconds: number): void {
    writeFileSync(this.offsetFile, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  /** Runs a command of the program next to the daemon. @returns What it printed; throws if it failed. */
  command(...words: readonly string[]): string {
    const run = spawnSync(process.execPath, [MAIN, ...words, '-f', this.dbFile], {
      encoding: 'utf8',
      env: { ...process.env, HOME: this.#folder, ...this.#fakedClock() },
    });
    if (run.status !== 0) throw new Error(`${words.join(' ')}: ${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  residentMib(): number {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1024;
  }

  lastLines(): string {
    return readFileSync(join(this.#folder, 'daemon.log'), 'utf8').split('\n').slice(-30).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.hasEnded) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Only its wall clock is faked; timers run normally. */
  #fakedClock(): Readonly<Record<string, string>> {
    const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
    if (library === undefined) throw new Error('libfaketime is missing: apt-get install faketime');
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.offsetFile,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    };
  }
}
