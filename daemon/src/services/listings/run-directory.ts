// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperatingError } from '@sentrypeer/kernel';
import { isProcessAlive } from '../../process-alive.ts';
import { isSilent, readRunNote, STATUS, type RunNote } from './run-note.ts';

export interface RunDirectoryOptions<Order extends string> {
  readonly path: string;
  /** What an operator may order the running process to do. */
  readonly orders: readonly Order[];
  /** Files that it writes in addition to its status. @default none */
  readonly files?: readonly string[];
  /** The error if the directory cannot be used. */
  readonly unusable: (why: string, cause: unknown) => OperatingError;
  /** The error if this user may not give orders to the process. */
  readonly untold: (why: string, cause: unknown) => OperatingError;
}

/**
 * The directory through which a running process and its commands communicate. Only root and the process's user may
 * write there.
 */
export class RunDirectory<Note extends RunNote, Order extends string> {
  readonly #options: RunDirectoryOptions<Order>;

  constructor(options: RunDirectoryOptions<Order>) {
    this.#options = options;
  }

  /** Creates it if it is missing. Throws `OperatingError`. */
  prepare(): void {
    const { path, orders, unusable } = this.#options;
    try {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      this.#replace('probe', '');
      rmSync(this.#at('probe'));
      for (const order of orders) rmSync(this.#at(order), { force: true });
    } catch (cause) {
      throw unusable(reasonOf(cause), cause);
    }
  }

  /** Throws what the file system throws. */
  writeStatus(note: Note, metrics: string): void {
    this.#replace(STATUS, `${JSON.stringify(note)}\n`);
    this.#replace('metrics.prom', metrics);
  }

  /** Replaces one of `files`. Throws what the file system throws. */
  write(name: string, text: string): void {
    this.#replace(name, text);
  }

  /** One of `files`; `undefined` if it does not exist, or this user may not read it. */
  read(name: string): string | undefined {
    try {
      return readFileSync(this.#at(name), 'utf8');
    } catch {
      return undefined; // The caller reports that it is missing.
    }
  }

  /** See `readRunNote()`. */
  readStatus(): Note | undefined {
    return readRunNote(this.#options.path) as Note | undefined;
  }

  /** The living process that already uses this directory. */
  holder(nowEpochMs: number): number | undefined {
    const last = this.readStatus();
    if (last === undefined || isSilent(last, nowEpochMs)) return undefined;
    return last.processId !== process.pid && isProcessAlive(last.processId)
      ? last.processId
      : undefined;
  }

  /** Throws `OperatingError` if this user may not. */
  order(order: Order, { runId }: Note): void {
    try {
      this.#replace(order, runId);
    } catch (cause) {
      throw this.#options.untold(reasonOf(cause), cause);
    }
  }

  /** Orders for this start, each once. */
  takeOrders(runId: string): readonly Order[] {
    return this.#options.orders.filter((order) => {
      try {
        const text = readFileSync(this.#at(order), 'utf8');
        rmSync(this.#at(order));
        return text === runId;
      } catch {
        return false; // None was given.
      }
    });
  }

  /** A process that has ended reports nothing any more. */
  clear(): void {
    const { orders, files = [] } = this.#options;
    for (const name of [STATUS, 'metrics.prom', ...orders, ...files]) {
      rmSync(this.#at(name), { force: true });
    }
  }

  /** Replaces the old file by a new one; a link that somebody left there is not followed. */
  #replace(name: string, text: string): void {
    const fresh = this.#at(`${name}.new`);
    rmSync(fresh, { force: true });
    writeFileSync(fresh, text, { flag: 'wx' });
    chmodSync(fresh, 0o644); // Regardless of the umask: it contains no secret, and node_exporter reads it.
    renameSync(fresh, this.#at(name));
  }

  #at(name: string): string {
    return join(this.#options.path, name);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
