// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage of this thread at once and gives its pages back to the system: what a start leaves behind
 * (sources parsed, tables built) is as much as what stays, and an idle thread would not collect it for hours.
 */
export function releaseMemory(): void {
  // Only contexts made after the flag is set have the function. All threads share the flag, so it stays as it is.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
