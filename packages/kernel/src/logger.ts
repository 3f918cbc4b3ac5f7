// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Values beside a log line's constant event name. A peer's text may only stand here. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the program says what it does: a constant event name and fields. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /**
   * How far long work is, as often as one likes; who watches sees a bar or a line now and then.
   *
   * @param work What is done, a constant for a person, such as `database upgrade`.
   * @param done Of `total`, in any unit; as many as `total` is the end of it.
   */
  progress?(work: string, done: number, total: number): void;
}

/** A logger that keeps silent. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  progress: () => undefined,
};
