// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Real OpenDHT nodes as processes. Only for use in a network namespace, because dhtnode binds all addresses. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3'; // Debian's own Python, because another one on the path does not see its module.
const WAIT_MS_MAX = 30_000;
const POLL_MS = 20;

/** Waits for a condition under a deadline, and prints that: the last line of a scenario that hangs tells where. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = WAIT_MS_MAX,
): Promise<void> {
  console.log(`${Math.round(performance.now())} ms: until ${what}`);
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A program with its output. */
class Program implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  output = '';

  constructor(path: string, args: readonly string[]) {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    this.child = spawn(path, args, { env, detached: true });
    this.child.stdin.on('error', () => undefined); // It may have been killed.
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Kills it with everything that it started: faketime would leave its program running, which holds our pipes. */
  async kill(): Promise<void> {
    const { pid } = this.child;
    if (pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    process.kill(-pid, 'SIGKILL');
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

export interface DhtnodeOptions {
  readonly network?: number;
  /** Port of a node on 127.0.0.1. */
  readonly bootstrap?: number;
  readonly identity?: boolean;
  readonly discovery?: boolean;
  /** How many times faster time passes for it. */
  readonly timesFaster?: number;
}

/** Debian's `dhtnode`, driven by its console. */
export class Dhtnode implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;
  #poking: NodeJS.Timeout | undefined;
  readonly #poker = createSocket('udp4');

  private constructor(port: number, program: Program) {
    this.port = port;
    this.#program = program;
  }

  static async start(port: number, options: DhtnodeOptions = {}): Promise<Dhtnode> {
    const { network, bootstrap, identity = false, discovery = false, timesFaster } = options;
    const args = ['-p', String(port)];
    if (network !== undefined) args.push('-n', String(network));
    if (bootstrap !== undefined) args.push('-b', `127.0.0.1:${bootstrap}`);
    if (identity) args.push('-i');
    if (discovery) args.push('-D');
    const program =
      timesFaster === undefined
        ? new Program('dhtnode', args)
        : new Program('faketime', ['-f', `+0 x${timesFaster}`, 'dhtnode', ...args]);
    const node = new Dhtnode(port, program);
    await until('dhtnode runs', () => node.output.includes("type 'h' or 'help'"));
    if (timesFaster !== undefined) node.#poke();
    return node;
  }

  get output(): string {
    return this.#program.output;
  }

  command(line: string): void {
    this.#program.child.stdin.write(`${line}\n`);
  }

  /** Gives a command and waits for a word in the output from then on. */
  async ask(line: string, word: string): Promise<string> {
    const from = this.output.length;
    this.command(line);
    await until(`${line}: ${word}`, () => this.output.slice(from).includes(word));
    return this.output.slice(from);
  }

  async kill(): Promise<void> {
    clearInterval(this.#poking);
    await this.#program.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#poker.close();
  }

  /** faketime does not shorten its waits, but every datagram ends them; this one has no meaning to it. */
  #poke(): void {
    this.#poking = setInterval(() => this.#poker.send('\xc0', this.port, '127.0.0.1'), POLL_MS);
  }
}

interface PythonValue {
  readonly id: string;
  readonly user_type: string;
  readonly size: number;
  readonly data: string;
  /** All of it, if it has at most 1,000 octets. */
  readonly text: string | null;
}

interface PythonEvent extends Partial<PythonValue> {
  readonly event: string;
  readonly ok?: boolean;
  readonly values?: readonly PythonValue[];
}

/** A node of Debian's `python3-opendht` on 127.0.0.1. */
export class PythonNode implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;

  private constructor(port: number, program: Program) {
    this.port = port;
    this.#program = program;
  }

  static async start(
    port: number,
    options: { network?: number; bootstrap?: number } = {},
  ): Promise<PythonNode> {
    const script = join(import.meta.dirname, 'python-node.py');
    const args = [script, '127.0.0.1', String(port), String(options.network ?? 0)];
    const node = new PythonNode(port, new Program(PYTHON, args));
    await until('the Python node runs', () => node.events('node').length > 0);
    if (options.bootstrap !== undefined) node.#do({ do: 'bootstrap', port: options.bootstrap });
    return node;
  }

  events(name: string): readonly PythonEvent[] {
    return this.#program.output
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as PythonEvent)
      .filter(({ event }) => event === name);
  }

  async listen(key: string): Promise<void> {
    await this.#doAndWait({ do: 'listen', key }, 'listening');
  }

  /** Waits until it is announced. */
  async put(key: string, data: string): Promise<void> {
    const { ok } = await this.#doAndWait({ do: 'put', key, data }, 'put');
    assert.equal(ok, true, 'the Python node says that its put was announced');
  }

  async get(key: string): Promise<readonly PythonValue[]> {
    const { values } = await this.#doAndWait({ do: 'get', key }, 'got');
    return values ?? [];
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #do(command: object): void {
    this.#program.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  async #doAndWait(command: object, event: string): Promise<PythonEvent> {
    const count = this.events(event).length;
    this.#do(command);
    await until(
      `${JSON.stringify(command)} of the Python node: ${this.#program.output.slice(-500)}`,
      () => this.events(event).length > count,
    );
    const last = this.events(event).at(-1);
    assert.ok(last !== undefined);
    return last;
  }
}
