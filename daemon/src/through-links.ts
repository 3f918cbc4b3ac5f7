// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** As many links in a row as SQLite follows: `SQLITE_MAX_SYMLINK` in https://www.sqlite.org/src/file/src/os_unix.c. */
const LINKS_COUNT_MAX = 100;

/**
 * The file to which links lead, which may be missing; a path that is not a link stays as it is. Links among the
 * directories before it make no difference.
 */
export function throughLinks(path: string): string {
  let file = path;
  for (let count = 0; count < LINKS_COUNT_MAX; count += 1) {
    const next = targetOf(file);
    if (next === undefined) return file;
    file = next;
  }
  return path; // They lead nowhere: the code that opens the file reports it.
}

function targetOf(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    return resolve(realpathSync(dirname(path)), target);
  } catch {
    return undefined; // It is not a link, or is where this user may not look.
  }
}
