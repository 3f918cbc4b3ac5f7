// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* `sentrypeer bgp` and real routers as processes of a test, on loopback. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DaemonProcess, PROGRAM, until } from '../e2e/daemon-process.ts';
import { Background } from './background.ts';
import { findPeer, type PEERS } from './peer.ts';
import { runTool, type ToolRun } from './tool.ts';

/** A running `sentrypeer bgp` that follows a daemon. */
export class BgpProcess implements AsyncDisposable {
  readonly #process: Background;
  readonly #folder: string;
  readonly #words: readonly string[];

  /** @param table The `[bgp]` table. @param under Words before the command line. */
  constructor(folder: string, node: string, table: string, under: readonly string[] = []) {
    const file = join(folder, 'bgp.toml');
    writeFileSync(file, table);
    this.#folder = folder;
    this.#words = [...under, process.execPath, PROGRAM, '-g', file];
    this.#process = started([...this.#words, 'bgp', ...this.#flags, '--bgp-node', node], folder);
  }

  get output(): string {
    return this.#process.output;
  }

  get #flags(): readonly string[] {
    return ['--bgp-run-dir', join(this.#folder, 'run-bgp')];
  }

  /** The output of `sentrypeer bgp WORDS`. */
  async says(...words: readonly string[]): Promise<string> {
    return (await asked([...this.#words, 'bgp', ...words, ...this.#flags], this.#folder)).output;
  }

  /** Waits until the status shows this as a neighbour's last error: its name, then which side sent it. */
  async reports(error: string): Promise<void> {
    const [name = ''] = error.split(',');
    const file = join(this.#folder, 'run-bgp/status.json');
    try {
      await until(name, () => existsSync(file) && readFileSync(file, 'utf8').includes(name));
    } catch (cause) {
      throw new Error(`${await this.says('status')}\n${this.output}`, { cause });
    }
    const status = await this.says('status');
    assert.ok(status.includes(error), status);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /** Waits until it has ended, for whatever reason. */
  async ended(): Promise<void> {
    await until('its end', () => this.#process.status !== undefined);
  }

  /** An orderly stop. */
  async stop(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    assert.equal(this.#process.status, 0, this.output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.signal('SIGCONT');
    await this.#process[Symbol.asyncDispose]();
  }
}

/** A router as a process, and the tool that queries it. */
export class Router implements AsyncDisposable {
  readonly #folder: string;
  readonly #ask: readonly string[];
  readonly #start: readonly string[];
  #process: Background;

  private constructor(folder: string, start: readonly string[], ask: readonly string[]) {
    this.#folder = folder;
    this.#ask = ask;
    this.#start = start;
    this.#process = started(this.#start, this.#folder);
  }

  /** BIRD with this configuration. */
  static bird(folder: string, config: string, under: readonly string[] = []): Router {
    const file = join(folder, 'bird.conf');
    const socket = join(folder, 'bird.ctl');
    writeFileSync(file, `log stderr all;\n${config}`);
    const places = ['-c', file, '-s', socket, '-P', join(folder, 'bird.pid')];
    return new Router(
      folder,
      [...under, program('bird'), '-f', ...places],
      [...under, program('birdc'), '-s', socket],
    );
  }

  /** GoBGP with this configuration and its own API on the port. */
  static gobgp(folder: string, config: string, apiPort: number): Router {
    const file = join(folder, 'gobgpd.toml');
    writeFileSync(file, config);
    return new Router(
      folder,
      [program('gobgpd'), '-f', file, '--api-hosts', `127.0.0.1:${apiPort}`, '--log-plain'],
      [program('gobgp'), '-u', '127.0.0.1', '-p', String(apiPort)],
    );
  }

  /** FRR's bgpd alone, without the part that writes routes into the kernel. */
  static frr(
    folder: string,
    config: string,
    addresses: readonly string[],
    port: number,
    under: readonly string[] = [],
  ): Router {
    const file = join(folder, 'frr.conf');
    writeFileSync(file, config);
    const listen = addresses.flatMap((address) => ['-l', address]);
    const files = ['-f', file, '-i', join(folder, 'bgpd.pid'), '--vty_socket', folder];
    return new Router(
      folder,
      [
        ...under,
        program('bgpd'),
        ...files,
        '-p',
        String(port),
        ...listen,
        ...'-n -Z -S -P 0 --log stdout'.split(' '),
      ],
      [program('vtysh'), '--vty_socket', folder, '-d', 'bgpd', '-c'],
    );
  }

  /** ExaBGP with this configuration; it is not queried, but writes down what it receives. */
  static exabgp(
    folder: string,
    config: string,
    addresses: readonly string[],
    port: number,
  ): Router {
    const file = join(folder, 'exabgp.conf');
    writeFileSync(file, config);
    const settings = [
      `daemon.user=${userInfo().username}`,
      `tcp.bind=${addresses.join(' ')}`,
      `tcp.port=${port}`,
      'api.cli=false',
      'log.destination=stderr',
    ].map((one) => `exabgp.${one}`);
    return new Router(folder, ['env', ...settings, program('exabgp'), file], []);
  }

  get output(): string {
    return this.#process.output;
  }

  /** Ends it, and starts it again with the same configuration. */
  async restart(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    this.#process = started(this.#start, this.#folder);
  }

  /** Stops it with its connections open, or lets it continue. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.signal(name);
  }

  async ask(...words: readonly string[]): Promise<ToolRun> {
    return asked([...this.#ask, ...words], this.#folder);
  }

  /** Waits until the router gives the expected answer to a question. @returns The answer. */
  async until(
    what: string,
    question: readonly string[],
    isFit: (answer: string) => boolean,
  ): Promise<string> {
    let answer = '';
    try {
      await until(what, async () => {
        answer = (await this.ask(...question)).output;
        return isFit(answer);
      });
    } catch (cause) {
      throw new Error(`${what}:\n${answer}\n${this.output}`, { cause });
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.signal('SIGCONT');
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Blocks or allows with the operator's command. */
export async function order(daemon: DaemonProcess, ...words: readonly string[]): Promise<void> {
  const run = await DaemonProcess.run(['-f', daemon.dbFile, ...words], { folder: daemon.folder });
  assert.equal(run.status, 0, run.stderr);
}

function started([path = '', ...args]: readonly string[], folder: string): Background {
  return new Background(path, args, folder);
}

function asked([path = '', ...args]: readonly string[], folder: string): Promise<ToolRun> {
  return runTool(path, args, { folder });
}

function program(name: keyof typeof PEERS): string {
  return findPeer(name) ?? name;
}
