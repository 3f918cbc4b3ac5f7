// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { settlesWithin } from '@sentrypeer/follow';
import { SYSLOG_WRITE_MS_MAX } from './limits.ts';

/** One way to a syslog daemon, from its opening to its receipt. */
export interface SyslogChannel {
  /** Resolves when the next hop took the lines; rejects if the channel is broken. */
  write(events: readonly RecordedEvent[]): Promise<void>;
  /** Closes; resolves when all lines were taken, as far as this transport can tell. */
  finish(): Promise<void>;
  /** Releases everything at once. */
  destroy(): void;
}

export function syslogError(message: string, cause?: unknown): OperatingError {
  return new OperatingError('syslog_failed', message, cause === undefined ? {} : { cause });
}

/** Runs one write, within the deadline of all channels. The callback reports that the octets were taken. */
export async function taken(
  write: (done: (error?: Error | null) => void) => void,
  what: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  write((error) => {
    if (error === undefined || error === null) resolve();
    else reject(syslogError(`${what}: ${error.message}`, error));
  });
  if (!(await settlesWithin(promise, SYSLOG_WRITE_MS_MAX))) {
    throw syslogError(`${what} took no line for ${SYSLOG_WRITE_MS_MAX / 1000} seconds`);
  }
}
