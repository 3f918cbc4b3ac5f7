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

/** Shows the main thread that this thread's event loop turns. */
export function sayAlive(say: (message: AliveMessage) => void): void {
  setInterval(() => say({ kind: 'alive' }), REPORT_MS).unref();
}

/** An operating error in a worker, as a message. Any other error is rethrown. */
export function failedMessage(error: unknown): FailedMessage {
  if (!(error instanceof OperatingError)) throw error;
  return { kind: 'failed', code: error.code, message: error.message };
}

/** The operating error in a piece of work; `undefined` if it was done. */
export function failureOf(work: () => void): FailedMessage | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return failedMessage(error);
  }
}
