// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { RecordedEvent } from '@sentrypeer/event';
import { settlesWithin } from '@sentrypeer/follow';
import { errorCode } from '@sentrypeer/kernel';
import {
  COMPLAINT_CHARACTERS_MAX,
  SYSLOG_CONNECT_MS_MAX,
  SYSLOG_RECEIPT_MS_MAX,
} from './limits.ts';
import { syslogError, taken, type SyslogChannel } from './syslog-channel.ts';
import { formatSyslogText, SYSLOG_TAG } from './syslog-message.ts';

export interface LoggerOptions {
  /** The program, by name or path. */
  readonly command: string;
  /** The socket of the syslog daemon; `undefined` for the system's own. */
  readonly socketPath: string | undefined;
  readonly pid: number;
}

type LoggerChild = ChildProcessByStdio<Writable, null, Readable>;

/**
 * A `logger` child that is fed one line per event. Node has no UNIX datagram sockets, so this is the way to the local
 * syslog daemon without native code. Its exit status after the end of its input is the receipt.
 */
export class LoggerChannel implements SyslogChannel {
  readonly #child: LoggerChild;
  readonly #exited: Promise<void>;
  #complaint = '';
  #status: string | undefined;

  private constructor(child: LoggerChild) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child = child;
    this.#exited = promise;
    child.on('error', () => undefined); // A failed `kill`; the exit tells everything that matters.
    child.on('close', (code, signal) => {
      this.#status = code === null ? `signal ${signal}` : `status ${code}`;
      resolve();
    });
    child.stdin.on('error', () => undefined); // The callback of the write reports it.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, COMPLAINT_CHARACTERS_MAX);
    });
  }

  static async open(options: LoggerOptions): Promise<LoggerChannel> {
    const args = ['-t', `${SYSLOG_TAG}[${options.pid}]`, '-p', 'user.notice'];
    // Without this option, util-linux `logger` does not report a missing daemon; other versions do not have it.
    if (await isUtilLinux(options.command)) args.push('--socket-errors=on');
    if (options.socketPath !== undefined) args.push('-u', options.socketPath);
    // A separate process group: the terminal's interrupt must not end it before its input is read.
    const child = spawn(options.command, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    await once(child, 'spawn');
    return new LoggerChannel(child);
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    this.#refuseBroken();
    let lines = '';
    for (const event of events) lines += `${formatSyslogText(event)}\n`;
    await taken((done) => this.#child.stdin.write(lines, done), 'logger');
  }

  async finish(): Promise<void> {
    this.#refuseBroken();
    this.#child.stdin.end();
    if (!(await settlesWithin(this.#exited, SYSLOG_RECEIPT_MS_MAX))) {
      throw syslogError('logger did not end: the syslog daemon accepts nothing');
    }
    if (this.#status !== 'status 0' || this.#complaint !== '') throw this.#broken();
  }

  destroy(): void {
    this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
    this.#child.stderr.destroy();
  }

  #refuseBroken(): void {
    if (this.#complaint !== '' || this.#status !== undefined) throw this.#broken();
  }

  #broken(): Error {
    const why = this.#complaint.trim();
    return syslogError(why === '' ? `logger ended with ${this.#status}` : why);
  }
}

/** Whether the program is there and of the util-linux kind. */
async function isUtilLinux(command: string): Promise<boolean> {
  try {
    const timeout = SYSLOG_CONNECT_MS_MAX;
    const asked = promisify(execFile)(command, ['--version'], { timeout });
    asked.child.stdin?.end(); // One that does not know the option may read its input instead.
    const { stdout } = await asked;
    return stdout.includes('util-linux');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EACCES') return false;
    throw syslogError(
      `the program ${command}, which passes lines to the local syslog, is missing: install bsdutils, or name a syslog server`,
      error,
    );
  }
}
