// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Waits until a file is on the disk. It must not be a database in use: closing its descriptor drops all locks of this
 * process on it.
 */
export function syncFile(path: string): void {
  sync(path, 'r+'); // Windows only syncs what may be written.
}

/**
 * Waits until the names in a directory are on the disk, if the system can report it. A new file that is only synced
 * itself may be without a name after a power failure.
 */
export function syncDirectory(path: string, platform = process.platform): void {
  if (platform !== 'win32') sync(path, 'r'); // There a directory cannot be opened.
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
