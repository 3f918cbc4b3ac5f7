// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { realpathSync, statSync, type BigIntStats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { quoted, refusal } from './config/refusal.ts';

/**
 * One text for all names of a file, links of both kinds included. The file may be missing, or be where this user may
 * not look. Throws a refusal where the working directory was removed.
 */
export function realPath(path: string): string {
  const file = statsOf(path);
  if (file !== undefined && file.nlink > 1n) return `file ${file.dev}:${file.ino}`;
  const [directory, name] = [dirname(absolute(path)), basename(path)];
  for (const [known, rest] of [
    [path, ''],
    [directory, name],
  ] as const) {
    try {
      return join(realpathSync(known), rest);
    } catch {
      continue; // The code that opens the file reports what is wrong with it.
    }
  }
  return join(directory, name);
}

function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (cause) {
    const text = `${quoted(path)} starts at the working directory, which was removed: change to another`;
    throw refusal(text, { cause });
  }
}

function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // It is where this user may not look.
  }
}
