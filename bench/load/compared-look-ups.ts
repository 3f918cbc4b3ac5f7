// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Look-ups at two nodes in turn, by Debian's wrk: what does whatever one of them does besides cost them? */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { DaemonProcess } from '../../test/e2e/daemon-process.ts';
import { totalProcessorSeconds } from './processes.ts';

const CONNECTIONS = '8';
const SCRIPT = join(import.meta.dirname, 'paths.lua');
/** Milliseconds between two looks at what a node takes, and the share of a processor below which it is quiet. */
const QUIET_MS = 3000;
const QUIET_SHARE = 0.1;
const QUIET_MS_MAX = 180_000;

interface Cost {
  readonly perSecond: number;
  /** Microseconds of processor time for each look-up. */
  readonly us: number;
}

/** Paths that begin in the same way, and end in one of many numbers or addresses. */
export interface Question {
  readonly what: string;
  readonly begin: string;
  /** Whether they end in seven digits, or in the last three octets of an address. */
  readonly end: 'digits' | 'octets';
  readonly count: number;
}

async function ask(
  { pid, ports }: DaemonProcess,
  { begin, end, count }: Question,
  seconds: number,
): Promise<Cost> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', SCRIPT];
  const url = `http://127.0.0.1:${ports.api}`;
  const before = totalProcessorSeconds(pid);
  const child = spawn('wrk', [...options, url, '--', begin, end, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const answers = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  if (answers === 0 || (begin.startsWith('/v1/') && text.includes('Non-2xx')))
    throw new Error(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    us: ((totalProcessorSeconds(pid) - before) / answers) * 1e6,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Asks both in turn, once more than `rounds`, and prints the medians of what one takes compared with the other: their
 * rates, and their processor time for each look-up, in which all their threads count.
 */
export async function compareLookUps(
  nodes: readonly [DaemonProcess, DaemonProcess],
  question: Question,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<void> {
  const costs: (readonly [Cost, Cost])[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // Each begins every other time, so that a machine that becomes slower favours neither.
    const [first, second] = round % 2 === 0 ? nodes : nodes.toReversed();
    const pair = [
      await ask(first ?? nodes[0], question, seconds),
      await ask(second ?? nodes[1], question, seconds),
    ];
    const [one, other] = round % 2 === 0 ? pair : pair.toReversed();
    // The first round is for compilers.
    if (round > 0 && one !== undefined && other !== undefined) costs.push([one, other]);
  }
  const of = (at: 0 | 1, name: keyof Cost): number => median(costs.map((pair) => pair[at][name]));
  const rates = median(costs.map(([one, other]) => one.perSecond / other.perSecond));
  const times = median(costs.map(([one, other]) => other.us / one.us));
  console.log(
    `${question.what}: ${Math.round(of(0, 'perSecond'))} and ${Math.round(of(1, 'perSecond'))} a second, ${rates.toFixed(3)}; ${of(0, 'us').toFixed(1)} and ${of(1, 'us').toFixed(1)} us of the processor, ${times.toFixed(3)} (medians of ${costs.length} rounds)`,
  );
}

/**
 * Waits until a node does no work of its own: after a start it looks once at everything it has, which used to be counted
 * as the cost of look-ups.
 *
 * @returns The share of a processor that it takes at rest.
 */
export async function untilQuiet({ pid }: DaemonProcess): Promise<number> {
  const startMs = performance.now();
  for (let share = 1; ;) {
    const before = totalProcessorSeconds(pid);
    await after(QUIET_MS);
    const [last, now] = [share, (totalProcessorSeconds(pid) - before) / (QUIET_MS / 1000)];
    if (now < QUIET_SHARE && last < QUIET_SHARE) return now;
    if (performance.now() - startMs > QUIET_MS_MAX) throw new Error('a node does not come to rest');
    share = now;
  }
}
