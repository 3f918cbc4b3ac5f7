// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperatingError } from '@sentrypeer/kernel';
import { RUN_FILE_OCTETS_MAX, STATUS_MS_MAX } from './limits.ts';

/** What every process that acts on listings says of itself. */
export interface RunNote {
  readonly state: string;
  readonly processId: number;
  /** Of this start: what is told to another one is not meant for this. */
  readonly runId: string;
  /** Wall-clock milliseconds. */
  readonly writtenEpochMs: number;
  readonly startedEpochMs: number;
  readonly node: string;
  /** The newest serial of the feed that was carried out; empty before the first snapshot. */
  readonly serial: string;
  /** Why the feed is not followed at the moment; `null` while it is. */
  readonly feedFailure: string | null;
}

export interface RunDirectoryOptions<Order extends string> {
  readonly path: string;
  /** What an operator may tell the running process. */
  readonly orders: readonly Order[];
  /** The error where the directory cannot be used. */
  readonly unusable: (why: string, cause: unknown) => OperatingError;
  /** The error where this user may not tell the process anything. */
  readonly untold: (why: string, cause: unknown) => OperatingError;
}

const STATUS = 'status.json';

/** The directory by which a running process and its commands talk. Who may write there is root, or the process's user. */
export class RunDirectory<Note extends RunNote, Order extends string> {
  readonly #options: RunDirectoryOptions<Order>;

  constructor(options: RunDirectoryOptions<Order>) {
    this.#options = options;
  }

  /** Makes it where it is missing. Throws `OperatingError`. */
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

  /** `undefined` where no such process has run since the machine started, or none that this user may know of. */
  readStatus(): Note | undefined {
    try {
      const text = readFileSync(this.#at(STATUS), 'utf8');
      if (text.length > RUN_FILE_OCTETS_MAX) return undefined;
      const note = JSON.parse(text) as Note;
      return typeof note.runId === 'string' && typeof note.state === 'string' ? note : undefined;
    } catch {
      return undefined; // Not there, or only half of one.
    }
  }

  /** The process that holds this directory already and lives. */
  holder(nowEpochMs: number): number | undefined {
    const last = this.readStatus();
    if (last === undefined || Math.abs(nowEpochMs - last.writtenEpochMs) >= STATUS_MS_MAX) {
      return undefined;
    }
    return last.processId !== process.pid && isAlive(last.processId) ? last.processId : undefined;
  }

  /** Throws `OperatingError` where this user may not. */
  order(order: Order, { runId }: Note): void {
    try {
      this.#replace(order, runId);
    } catch (cause) {
      throw this.#options.untold(reasonOf(cause), cause);
    }
  }

  /** Orders to this start, each once. */
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

  /** A process that has ended says nothing any more. */
  clear(): void {
    for (const name of [STATUS, 'metrics.prom', ...this.#options.orders]) {
      rmSync(this.#at(name), { force: true });
    }
  }

  /** A new file in the place of the old one; no link that somebody left there is followed. */
  #replace(name: string, text: string): void {
    const fresh = this.#at(`${name}.new`);
    rmSync(fresh, { force: true });
    writeFileSync(fresh, text, { flag: 'wx' });
    chmodSync(fresh, 0o644); // Whatever the umask: it holds no secret, and node_exporter reads it.
    renameSync(fresh, this.#at(name));
  }

  #at(name: string): string {
    return join(this.#options.path, name);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
