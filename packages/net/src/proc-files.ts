// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { errorCode } from '@sentrypeer/kernel';

/** Files in which Linux describes itself; other systems have none of them. */
export interface ProcFiles {
  exists(path: string): boolean;
  /**
   * The text of the file, empty if there is no such file. Rejects if it cannot be read, for example because no more
   * files can be opened.
   */
  text(path: string): Promise<string>;
  /** The names in a folder; none if it cannot be read, like that of another user's process. */
  names(path: string): Promise<readonly string[]>;
  /** The target of a link; empty if it cannot be read. */
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
