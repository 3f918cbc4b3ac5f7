// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Values of a log line in addition to its constant event name. Text from a peer may only appear here. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The program's log: a constant event name and fields. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /**
   * Reports the progress of long work. May be called often; people see a bar, or a line now and then.
   *
   * @param work What is done, a constant text for people, such as `database upgrade`.
   * @param done Part of `total`, in any unit; equal to `total` at the end.
   */
  progress?(work: string, done: number, total: number): void;
}

/** A logger that logs nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  progress: () => undefined,
};
