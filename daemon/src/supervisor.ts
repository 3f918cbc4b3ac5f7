// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from '@sentrypeer/kernel';
import { SUPERVISOR_EXTEND_MS, SUPERVISOR_TEXT_CHARACTERS_MAX } from './limits.ts';

/** Part of systemd. */
const NOTIFY_PROGRAM = 'systemd-notify';

/** What {@link Supervisor} needs of the world. */
export interface SupervisorPorts {
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly monotonicUs: () => bigint;
  /** Sends the lines to the supervisor; `true` if it took them. @default by the program `systemd-notify` */
  readonly send?: (lines: readonly string[]) => Promise<boolean>;
}

/**
 * Tells systemd, or whatever speaks its protocol (sd_notify(3)), the state of the program. Node has no UNIX datagram
 * sockets, so each message is sent by the program `systemd-notify`, in order, one at a time; of what is to be said
 * meanwhile, the newest of each name is kept. Without NOTIFY_SOCKET it does nothing.
 */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #isThere: boolean;
  readonly #waiting = new Map<string, string>();
  #sending: Promise<void> | undefined;
  #hasFailed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: SupervisorPorts) {
    this.#ports = ports;
    this.#isThere = (ports.env['NOTIFY_SOCKET'] ?? '') !== '';
  }

  /**
   * Milliseconds between two signs of life, a third of systemd's timeout; `undefined` if it expects none, or not from
   * this process.
   */
  get watchdogMs(): number | undefined {
    const { env, pid } = this.#ports;
    const waitUs = Number(env['WATCHDOG_USEC'] ?? 0);
    const isOurs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
    return this.#isThere && isOurs && waitUs > 0 ? waitUs / 3000 : undefined;
  }

  /**
   * The start continues, however long it takes, until `ready`. The time is extended repeatedly, so that a start that
   * hangs is noticed.
   */
  starting(): void {
    this.#tell('STATUS=starting', extension());
    this.#every(SUPERVISOR_EXTEND_MS, () => this.#tell(extension()));
  }

  /** Reports long work for a person, and that it continues. */
  progress(text: string): void {
    this.#tell(`STATUS=${oneLine(text)}`, extension());
  }

  /**
   * Every port is open. @param look Called for each sign of life: returns the text, or `undefined` if something hangs.
   */
  ready(look: () => string | undefined): void {
    clearInterval(this.#timer);
    const status = look();
    this.#tell('READY=1', ...(status === undefined ? [] : [`STATUS=${oneLine(status)}`]));
    const { watchdogMs } = this;
    if (watchdogMs === undefined) return;
    this.#every(watchdogMs, () => {
      const text = look();
      if (text !== undefined) this.#tell('WATCHDOG=1', `STATUS=${oneLine(text)}`);
    });
  }

  /** Logs are being reopened; `done` when they are. */
  async reloading(done: Promise<void>): Promise<void> {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${this.#ports.monotonicUs()}`);
    await this.#sending;
    await done;
    this.#tell('READY=1');
  }

  /** The stop has begun. */
  stopping(): void {
    clearInterval(this.#timer);
    this.#waiting.delete('WATCHDOG');
    this.#tell('STOPPING=1', 'STATUS=stopping');
  }

  /** Resolves when everything has been sent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
  }

  #every(ms: number, run: () => void): void {
    clearInterval(this.#timer);
    if (!this.#isThere) return;
    this.#timer = setInterval(run, ms);
    this.#timer.unref();
  }

  #tell(...lines: readonly string[]): void {
    if (!this.#isThere) return;
    for (const line of lines) {
      const name = line.slice(0, line.indexOf('='));
      this.#waiting.delete(name); // A renewed message moves to the end.
      this.#waiting.set(name, line);
    }
    if (this.#sending !== undefined) return;
    // At once, not in a later turn: with one thread, the work being reported may delay every later turn.
    this.#sending = this.#send().finally(() => (this.#sending = undefined));
  }

  async #send(): Promise<void> {
    const { env, logger, send = (lines) => notify(lines, env) } = this.#ports;
    while (this.#waiting.size > 0) {
      const lines = [...this.#waiting.values()];
      this.#waiting.clear();
      const wasTaken = await send(lines);
      if (!wasTaken && !this.#hasFailed) {
        this.#hasFailed = true;
        logger.warn('supervisor_unreachable', {
          why: 'the program systemd-notify could not tell systemd how the daemon is; install it, or use Type=exec without WatchdogSec',
        });
      }
    }
  }
}

/** EXTEND_TIMEOUT_USEC: at least this long from now until the next message. */
function extension(): string {
  return `EXTEND_TIMEOUT_USEC=${SUPERVISOR_EXTEND_MS * 3 * 1000}`;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').slice(0, SUPERVISOR_TEXT_CHARACTERS_MAX);
}

/** systemd-notify(1) ends when systemd has read the message, so that its sender is still known. */
function notify(
  lines: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let child: ChildProcess;
  try {
    child = spawn(NOTIFY_PROGRAM, lines, { stdio: 'ignore', env: { ...env } });
  } catch {
    return Promise.resolve(false); // No more processes: the next message may get one.
  }
  child.on('error', () => resolve(false));
  child.on('exit', (status) => resolve(status === 0));
  return promise;
}
