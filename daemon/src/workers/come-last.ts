// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { getPriority, setPriority } from 'node:os';
import { READER_NICENESS } from '../limits.ts';

/** What {@link comeLast} needs of the system. */
interface System {
  readonly platform: NodeJS.Platform;
  getPriority(): number;
  setPriority(niceness: number): void;
}

/**
 * Gives a thread that reads at leisure a lower priority than look-ups, calls and recording. Linux lowers the priority
 * of only the calling thread; other systems would lower that of the whole process, so nothing is done there.
 *
 * @param lowest 0 to 19.
 * @param system This one; a made-up one in tests.
 */
export function comeLast(
  lowest = READER_NICENESS,
  system: System = { platform: process.platform, getPriority, setPriority },
): void {
  if (system.platform !== 'linux') return;
  try {
    if (system.getPriority() < lowest) system.setPriority(lowest);
  } catch {
    // A sandbox forbids it (systemd: SystemCallFilter without @resources): the thread works all the same, only without
    // lower priority.
  }
}
