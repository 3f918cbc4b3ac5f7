// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { OPEN_FILES_OWN } from './limits.ts';
import { processLimit, type ReadText } from './process-limits.ts';

/**
 * Files and sockets below which a start fails, or leaves no room for connections. Measured (Node 26.10, November 2026):
 * one thread starts with 30 to 34, two with some 50; what fails first with fewer is chance, and not always ours to
 * report.
 */
const OPEN_FILES_COUNT_MIN = 40;

/** Throws `OperatingError` if this process may open too few files to work. */
export function assertSomeOpenFiles(limits?: ReadText): void {
  const limit = processLimit('Max open files', limits);
  if (limit === undefined || limit >= OPEN_FILES_COUNT_MIN) return;
  throw new OperatingError(
    'open_files_few',
    `this process may open ${limit} files and sockets only, which is too few to work: raise the limit (ulimit -n, LimitNOFILE= of systemd) to ${OPEN_FILES_OWN} at least, and one more for each TCP or TLS connection`,
  );
}

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
