// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A host with a firewall, and behind one router an attacker and a bystander: namespaces that end with this process. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { FirewallNote } from '../../daemon/src/services/firewall/run-directory.ts';
import { DaemonProcess, PROGRAM, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { Background } from './background.ts';
import { runTool, type ToolRun } from './tool.ts';

export const HOST = '45.10.0.1';
export const ROUTER = '45.10.0.254';
export const ATTACKER = '46.1.1.2';
export const BYSTANDER = '46.1.2.2';
export const HOST6 = '2a02:10::1';
export const ROUTER6 = '2a02:10::fe';
export const ATTACKER6 = '2a02:11:1:1::2';
export const BYSTANDER6 = '2a02:11:1:2::2';
export const SIP_PORT = 5060;
const API_PORT = 8082;

/** Addresses that look public, because others are never listed. */
const WORLD = `
mount -t tmpfs tmpfs /run
ip link set lo up
for name in router attacker bystander; do ip netns add $name; ip -n $name link set lo up; done
ip link add h0 type veth peer name r0 netns router
ip addr add ${HOST}/24 dev h0; ip addr add ${HOST6}/64 dev h0 nodad; ip link set h0 up
ip -n router addr add ${ROUTER}/24 dev r0; ip -n router addr add ${ROUTER6}/64 dev r0 nodad; ip -n router link set r0 up
ip route add default via ${ROUTER}
ip route add default via ${ROUTER6}
join() {
  ip -n router link add $1 type veth peer name e0 netns $2
  ip -n router addr add $3.1/24 dev $1; ip -n router addr add $4::1/64 dev $1 nodad; ip -n router link set $1 up
  ip -n $2 addr add $3.2/24 dev e0; ip -n $2 addr add $4::2/64 dev e0 nodad; ip -n $2 link set e0 up
  ip -n $2 route add default via $3.1
  ip -n $2 route add default via $4::1
}
join a0 attacker 46.1.1 2a02:11:1:1
join b0 bystander 46.1.2 2a02:11:1:2
ip netns exec router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
echo ready
exec cat`;

/**
 * Ends with status 0 if an answer comes within 400 ms. It is long, because answers are not much longer than the
 * question.
 */
const ASK = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => process.exit(0));
socket.bind(() => socket.send(['OPTIONS sip:100@${HOST} SIP/2.0',
  'Via: SIP/2.0/UDP ' + '192.0.2.1:' + socket.address().port + ';rport;branch=z9hG4bK' + process.pid,
  'From: <sip:a@b>;tag=1', 'To: <sip:100@${HOST}>', 'Call-ID: ask-' + process.pid, 'CSeq: 1 OPTIONS',
  'Subject: ' + 'x'.repeat(400), 'Content-Length: 0', '', ''].join('\\r\\n'), ${SIP_PORT}, '${HOST}'));
setTimeout(() => process.exit(3), 400);
`;

/** Prints the outcome of a connection to a port, if known within 400 ms. */
const knock = (host: string, port: number): string => `
const socket = require('node:net').connect(${port}, '${host}');
socket.on('error', ({ code }) => console.log(code)).on('connect', () => { console.log('open'); process.exit(); });
setTimeout(() => process.exit(), 400).unref();
`;

type Place = 'host' | 'router' | 'attacker' | 'bystander';

/** The simulated network, and what runs in it. */
export class FirewallWorld implements AsyncDisposable {
  readonly #holder: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #folder = new TemporaryFolder();

  private constructor(holder: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#holder = holder;
  }

  static async open(unshare: string): Promise<FirewallWorld> {
    const holder = spawn(unshare, ['-rnm', 'sh', '-ec', WORLD], { stdio: 'pipe' });
    const world = new FirewallWorld(holder);
    let output = '';
    for (const stream of [holder.stdout, holder.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    try {
      await until('the world', () => output.includes('ready') || holder.exitCode !== null);
      assert.ok(output.includes('ready'), output);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Words before a command line that make it run there. */
  at(place: Place): readonly string[] {
    const pid = String(this.#holder.pid);
    const enter = ['nsenter', '-t', pid, '-U', '-m', '-n', '--preserve-credentials', '--'];
    return place === 'host' ? enter : [...enter, 'ip', 'netns', 'exec', place];
  }

  async run(place: Place, ...words: readonly string[]): Promise<ToolRun> {
    const [program = '', ...args] = [...this.at(place), ...words];
    return runTool(program, args, { folder: this.folder });
  }

  /** The output of a run that must succeed. */
  async output(place: Place, ...words: readonly string[]): Promise<string> {
    const run = await this.run(place, ...words);
    assert.equal(run.status, 0, run.output);
    return run.stdout;
  }

  /** A Node.js program that runs there meanwhile. @param where A place, or words that enter one from the host. */
  background(where: Place | readonly string[], code: string): Background {
    const enter = typeof where === 'string' ? this.at(where) : [...this.at('host'), ...where];
    const [program, ...args] = [...enter, process.execPath, '-e', code];
    return new Background(program, args, this.folder);
  }

  daemon(): Promise<DaemonProcess> {
    return DaemonProcess.start(
      [
        '-r',
        '--threads=1',
        `--sip-address=${HOST},${HOST6}`,
        `--sip-port=${SIP_PORT}`,
        `--api-port=${API_PORT}`,
        '--reply-rate=1000',
        '--persona=asterisk',
        `--firewall-run-dir=${join(this.folder, 'run')}`,
      ],
      { folder: this.folder, under: this.at('host') },
    );
  }

  /** The answer of the daemon's API. */
  async api(path: string): Promise<string> {
    return this.output('host', 'curl', '-sS', `http://127.0.0.1:${API_PORT}${path}`);
  }

  /** A command of ours on the host. */
  async sentrypeer(...words: readonly string[]): Promise<ToolRun> {
    const folder = [
      '--firewall-run-dir',
      join(this.folder, 'run'),
      '-f',
      join(this.folder, 'sentrypeer.db'),
    ];
    return this.run('host', process.execPath, PROGRAM, ...words, ...folder);
  }

  /** What the running firewall reports, as `firewall status` reads it. */
  note(): Partial<
    Pick<
      FirewallNote,
      'state' | 'entries' | 'feedFailure' | 'refusedPackets' | 'repairs' | 'leftOutCount'
    >
  > {
    try {
      return JSON.parse(readFileSync(join(this.folder, 'run/status.json'), 'utf8')) as FirewallNote;
    } catch {
      return {}; // Not written yet.
    }
  }

  firewall(...flags: readonly string[]): Promise<FirewallProcess> {
    const words = [
      ...this.at('host'),
      process.execPath,
      PROGRAM,
      'firewall',
      '--firewall-run-dir',
      join(this.folder, 'run'),
      ...flags,
    ];
    return FirewallProcess.start(words);
  }

  /** Whether the honeypot answers OPTIONS from there. */
  async isAnswered(place: Place): Promise<boolean> {
    return (await this.run(place, process.execPath, '-e', ASK)).status === 0;
  }

  /** Whether packets to a port other than SIP get through: the host answers that it is closed. */
  async isReachable(place: Place, host = HOST, port = 9): Promise<boolean> {
    const run = await this.run(place, process.execPath, '-e', knock(host, port));
    return run.stdout.includes('ECONNREFUSED');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode === null) {
      const closed = once(this.#holder, 'close');
      this.#holder.stdin.end();
      await closed;
    }
    this.#folder[Symbol.dispose]();
  }
}

/** A running `sentrypeer firewall`. */
export class FirewallProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #output = '';

  private constructor([program = '', ...args]: readonly string[]) {
    const environment = { ...process.env };
    delete environment['SSH_CONNECTION'];
    this.#child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
  }

  /** Resolves when it is in force. */
  static async start(words: readonly string[]): Promise<FirewallProcess> {
    const firewall = new FirewallProcess(words);
    try {
      await until('the firewall', () => firewall.output.includes('In force') || firewall.hasEnded);
      assert.ok(!firewall.hasEnded, firewall.output);
      return firewall;
    } catch (error) {
      await firewall[Symbol.asyncDispose]();
      throw error;
    }
  }

  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @returns Its status. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.hasEnded) {
      const closed = once(this.#child, 'close');
      this.#child.kill(signal);
      await closed;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
