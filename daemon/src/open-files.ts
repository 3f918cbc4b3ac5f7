// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Logger } from '@sentrypeer/kernel';
import { OPEN_FILES_OWN } from './limits.ts';
import { processLimit, type ReadText } from './process-limits.ts';

/**
 * Warns if this process may not open as many files as connections are promised: what comes beyond that is closed by the
 * runtime, and nothing else would say so. Node.js has raised its own limit as far as it may.
 *
 * @param limits The text of `/proc/self/limits`; throws where there is none.
 */
export function warnOfFewOpenFiles(
  connectionsMax: number,
  logger: Logger,
  limits?: ReadText,
): void {
  const limit = processLimit('Max open files', limits);
  const wanted = connectionsMax + OPEN_FILES_OWN;
  if (limit === undefined || limit >= wanted) return;
  logger.warn('open_files_few', {
    limit,
    wanted,
    why: 'TCP and TLS connections beyond the limit are closed without an answer; raise it (ulimit -n, LimitNOFILE= of systemd) or lower --max-connections',
  });
}
