// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { statfsSync } from 'node:fs';

/** How full the disk of a directory is. */
export interface DiskSpace {
  /** Octets that an ordinary user may still write, and octets of the whole disk. */
  read(directory: string): { readonly freeOctets: number; readonly totalOctets: number };
}

/** The machine's disks. */
export const systemDiskSpace: DiskSpace = {
  read: (directory) => {
    const { bavail, blocks, bsize } = statfsSync(directory);
    return { freeOctets: bavail * bsize, totalOctets: blocks * bsize };
  },
};
