// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, LogFields, Logger } from '@sentrypeer/kernel';
import { LOG_LINES_PER_WINDOW_MAX, LOG_VALUE_CHARACTERS_MAX, LOG_WINDOW_MS } from '../limits.ts';
import { escapeText } from './escape-text.ts';
import { ProgressPrinter } from './progress-printer.ts';

/** From the most talkative to the quietest; a level prints itself and those after it. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** How often one event name was logged in its latest window. */
interface Window {
  startedAtMs: number;
  linesCount: number;
  suppressedCount: number;
}

/** The level that `-v` and `-d` ask for. */
export function logLevel(options: {
  readonly verbose: boolean;
  readonly debug: boolean;
}): LogLevel {
  if (options.debug) return 'debug';
  return options.verbose ? 'info' : 'warn';
}

/** Writes `level event key=value ...`, one line each. Repeats within a window are counted, not written. */
export class ConsoleLogger implements Logger {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #levelIndex: number;
  readonly #progress: ProgressPrinter;
  /** One entry for each event name; the names are constants in the source, so their number is bounded. */
  readonly #windows = new Map<string, Window>();

  constructor(
    ports: {
      readonly clock: Clock;
      readonly write: (line: string) => void;
      /** Whether a person is watching a terminal. @default false */
      readonly isTerminal?: boolean;
      readonly onProgress?: (text: string) => void;
    },
    options: { readonly level: LogLevel },
  ) {
    this.#clock = ports.clock;
    this.#write = ports.write;
    this.#progress = new ProgressPrinter({ isTerminal: false, ...ports });
    this.#levelIndex = LEVELS.indexOf(options.level);
  }

  debug(event: string, fields?: LogFields): void {
    this.#log('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#log('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#log('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#log('error', event, fields);
  }

  progress(work: string, done: number, total: number): void {
    this.#progress.show(work, done, total);
  }

  /** Writes the counts of suppressed lines; the owner calls it before it stops. */
  flush(): void {
    for (const [event, window] of this.#windows) {
      if (window.suppressedCount === 0) continue;
      this.#write(formatLine('warn', 'log_suppressed', { event, count: window.suppressedCount }));
      window.suppressedCount = 0;
    }
  }

  #log(level: LogLevel, event: string, fields: LogFields | undefined): void {
    if (LEVELS.indexOf(level) < this.#levelIndex) return;
    const nowMs = this.#clock.nowMs();
    let window = this.#windows.get(event);
    if (window === undefined) {
      window = { startedAtMs: nowMs, linesCount: 0, suppressedCount: 0 };
      this.#windows.set(event, window);
    }
    let suppressed: number | undefined;
    if (nowMs - window.startedAtMs >= LOG_WINDOW_MS) {
      if (window.suppressedCount > 0) suppressed = window.suppressedCount;
      window.startedAtMs = nowMs;
      window.linesCount = 0;
      window.suppressedCount = 0;
    }
    if (window.linesCount >= LOG_LINES_PER_WINDOW_MAX) {
      window.suppressedCount += 1;
      return;
    }
    window.linesCount += 1;
    this.#write(formatLine(level, event, { ...fields, suppressed }));
  }
}

function formatLine(level: LogLevel, event: string, fields: LogFields): string {
  let line = `${level} ${event}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
  }
  return `${line}\n`;
}

/** Quoted if a reader could not tell where the value ends. */
function formatValue(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const text = escapeText(value, LOG_VALUE_CHARACTERS_MAX);
  const plain = text !== '' && !text.includes(' ') && !text.includes('"') && !text.includes('=');
  return plain ? text : `"${text.replaceAll('"', '\\"')}"`;
}
