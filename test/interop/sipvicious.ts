// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* SIPVicious: the arguments of its programs, and the contents of their tables. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DaemonProcess } from '../e2e/daemon-process.ts';
import { runTool, type ToolRun } from './tool.ts';

/** More wrong guesses than any account requires before it can be won. */
export const WRONG_GUESSES_COUNT = 80;

/** First and second column of the table that svmap, svwar and svcrack print at the end. */
export function tableOf(run: ToolRun): ReadonlyMap<string, string> {
  const lines = run.stdout.split('\n').filter((line) => line.startsWith('|'));
  const rows = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(rows.slice(1).map(([, first = '', second = '']) => [first, second]));
}

/** Extensions that svwar finds; all of them require a password. */
export async function findExtensions(
  svwar: string,
  daemon: DaemonProcess,
  options: {
    readonly method: 'REGISTER' | 'INVITE';
    readonly range: string;
    readonly target?: '::1';
  },
): Promise<readonly string[]> {
  const { method, range, target } = options;
  const to = target === undefined ? ['127.0.0.1'] : ['-6', target];
  const args = ['-p', String(daemon.ports.udp), '-m', method, '-e', range, ...to];
  const run = await runTool(svwar, args, { folder: daemon.folder });
  const table = tableOf(run);
  assert.deepEqual(new Set(table.values()), new Set(['reqauth']), run.output);
  return [...table.keys()].toSorted();
}

/** Has svcrack try wrong passwords, and then all that are common on careless owners' PBXs. */
export async function crack(
  svcrack: string,
  daemon: DaemonProcess,
  extension: string,
): Promise<string> {
  const wrong = Array.from({ length: WRONG_GUESSES_COUNT }, (_, index) => `wrong${index}`);
  const common = [extension, extension + extension, '1234', '12345', '123456', 'password'];
  const dictionary = join(daemon.folder, `dictionary-${extension}`);
  await writeFile(dictionary, [...wrong, ...common, ''].join('\n'));
  const args = ['-p', String(daemon.ports.udp), '-u', extension, '-d', dictionary, '127.0.0.1'];
  const run = await runTool(svcrack, args, { folder: daemon.folder });
  const password = tableOf(run).get(extension);
  assert.ok(password !== undefined, run.output);
  return password;
}
