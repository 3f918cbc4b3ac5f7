// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';

/** What a process that enforces listings is given. */
export interface RunPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Prints a line for the person who started it. */
  readonly print: (line: string) => void;
}
