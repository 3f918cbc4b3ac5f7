// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { REPORT_MS } from '../limits.ts';
import type { AliveMessage, FailedMessage, LogMessage, ProgressMessage } from './messages.ts';

/** A logger whose lines the main thread prints. */
export function forwardingLogger(say: (message: LogMessage | ProgressMessage) => void): Logger {
  const at =
    (level: LogMessage['level']): Logger['info'] =>
    (event, fields) =>
      say({ kind: 'log', level, event, fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    progress: (work, done, total) => say({ kind: 'progress', work, done, total }),
  };
}

/** Has the main thread see that this one's event loop turns. */
export function sayAlive(say: (message: AliveMessage) => void): void {
  setInterval(() => say({ kind: 'alive' }), REPORT_MS).unref();
}

/** What the world did to a worker, as a message. What is our own fault is thrown on. */
export function failedMessage(error: unknown): FailedMessage {
  if (!(error instanceof OperatingError)) throw error;
  return { kind: 'failed', code: error.code, message: error.message };
}

/** What the world did to a piece of work, or `undefined` where it was done. */
export function failureOf(work: () => void): FailedMessage | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return failedMessage(error);
  }
}
