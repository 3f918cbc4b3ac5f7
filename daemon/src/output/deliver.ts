// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { fstatSync, fsyncSync, statSync, writeFileSync, type Stats } from 'node:fs';
import { devNull } from 'node:os';
import { OperatingError } from '@sentrypeer/kernel';

/**
 * Writes a text that can be read nowhere else. Rejects with the reason if it was not taken, or if the file descriptor
 * leads nowhere. A closed one does, too: Node.js opens the null device in its place.
 *
 * @param write Writes to a terminal, a pipe or a socket, and rejects with the system's error.
 */
export async function deliver(
  text: string,
  descriptor: number,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const stats = statsOf(() => fstatSync(descriptor));
  if (stats === undefined || isNullDevice(stats)) {
    throw new OperatingError('output_failed', 'it is closed, or leads nowhere');
  }
  if (!stats.isFile()) {
    await write(text);
    return;
  }
  // All of it, durably: a disk may be found full only when the file is synced.
  writeFileSync(descriptor, text);
  fsyncSync(descriptor);
}

function isNullDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statsOf(() => statSync(devNull))?.rdev;
}

function statsOf(read: () => Stats): Stats | undefined {
  try {
    return read();
  } catch {
    return undefined; // Not open, or a system without such a device.
  }
}
