// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Runs third-party programs against the daemon. */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Milliseconds for one run of a tool; the slowest waits six seconds for a banner on a quiet machine, and some machines
 * are busy.
 */
const RUN_MS_MAX = 120_000;

/** Loopback is one source, and tools do not wait: without these flags the reply budget would run out. */
export const MANY_REPLIES: readonly string[] = [
  '--reply-rate',
  '100000',
  '--reply-burst',
  '100000',
];

export interface ToolOptions {
  /** Working folder and home, for what the tool leaves behind. */
  readonly folder: string;
  /** Written to its standard input, which stays open while `untilPrinted` is awaited. */
  readonly input?: string;
  /** The tool does not end on its own: it is stopped once it has printed this. */
  readonly untilPrinted?: string;
}

export interface ToolRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Everything that was printed, in the order in which it came. */
  readonly output: string;
}

/** Resolves when the tool has ended; if it takes too long, kills it and rejects. */
export async function runTool(
  path: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolRun> {
  const { folder, input, untilPrinted } = options;
  const child = spawn(path, args, {
    cwd: folder,
    env: { ...process.env, HOME: folder, LC_ALL: 'C' },
  });
  const printed = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('latin1').on('data', (text: string) => {
      printed[name] += text;
      printed.output += text;
      if (untilPrinted !== undefined && printed.output.includes(untilPrinted)) child.kill();
    });
  }
  child.stdin.on('error', () => undefined); // It may end without reading everything.
  if (input !== undefined) child.stdin.write(input);
  if (untilPrinted === undefined) child.stdin.end();
  try {
    const [status] = await once(child, 'close', { signal: AbortSignal.timeout(RUN_MS_MAX) });
    return { status: status as number | null, ...printed };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`${path} ${args.join(' ')} did not end:\n${printed.output}`, { cause });
  }
}

/** Below the range from which Linux assigns ports, 32,768 and above, so that none of them is assigned meanwhile. */
const PORT_MIN = 20_000;
const PORTS_COUNT = 12_000;
const ports = new Set<number>();

/** A free UDP port, for a program that must be told one. Each is given once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * PORTS_COUNT);
    if (ports.has(port)) continue;
    ports.add(port);
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    try {
      await once(socket, 'listening');
      return port;
    } catch {
      // It is taken.
    } finally {
      socket.close();
    }
  }
}
