// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { errorCode } from '@sentrypeer/kernel';

/** What Linux tells of itself in files; a system of another kind has none of them. */
export interface ProcFiles {
  exists(path: string): boolean;
  /** What the file says, empty if there is none. Rejects if it can't be read, as when no more files can be opened. */
  text(path: string): Promise<string>;
  /** The names in a folder; none if it can't be read, such as that of another user's process. */
  names(path: string): Promise<readonly string[]>;
  /** Where a link leads, empty if that can't be read. */
  link(path: string): Promise<string>;
}

export const procFiles: ProcFiles = {
  exists: existsSync,
  async text(path) {
    try {
      return await readFile(path, 'latin1');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  },
  names: (path) => readdir(path).catch(() => []),
  link: (path) => readlink(path).catch(() => ''),
};
