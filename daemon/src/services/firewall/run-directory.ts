// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FirewallStatus } from '@sentrypeer/firewall';
import { OperatingError } from '@sentrypeer/kernel';
import { FIREWALL_FILE_OCTETS_MAX } from './limits.ts';

/** What a running firewall says of itself. */
export interface FirewallNote extends FirewallStatus {
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
  readonly scope: string;
}

/** What an operator tells a running firewall. */
const ORDERS = ['confirm', 'flush'] as const;
export type Order = (typeof ORDERS)[number];

const STATUS = 'status.json';

/** The directory by which the running firewall and its commands talk. Who may write there is root, or the firewall's user. */
export class RunDirectory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Makes it where it is missing. Throws `OperatingError`. */
  prepare(): void {
    try {
      mkdirSync(this.#path, { recursive: true, mode: 0o755 });
      this.#replace('probe', '');
      rmSync(this.#at('probe'));
      for (const order of ORDERS) rmSync(this.#at(order), { force: true });
    } catch (cause) {
      throw new OperatingError(
        'firewall_run_directory',
        `${this.#path} cannot be used (${cause instanceof Error ? cause.message : String(cause)}): ` +
          'this user must be able to write there; --firewall-run-dir names another directory',
        { cause },
      );
    }
  }

  /** Throws what the file system throws. */
  writeStatus(note: FirewallNote, metrics: string): void {
    this.#replace(STATUS, `${JSON.stringify(note)}\n`);
    this.#replace('metrics.prom', metrics);
  }

  /** `undefined` where no firewall has run since the machine started, or none that this user may know of. */
  readStatus(): FirewallNote | undefined {
    try {
      const text = readFileSync(this.#at(STATUS), 'utf8');
      if (text.length > FIREWALL_FILE_OCTETS_MAX) return undefined;
      const note = JSON.parse(text) as FirewallNote;
      return typeof note.runId === 'string' && typeof note.state === 'string' ? note : undefined;
    } catch {
      return undefined; // Not there, or only half of one.
    }
  }

  /** Throws `OperatingError` where this user may not. */
  order(order: Order, { runId }: FirewallNote): void {
    try {
      this.#replace(order, runId);
    } catch (cause) {
      throw new OperatingError(
        'firewall_order',
        `the firewall cannot be told (${cause instanceof Error ? cause.message : String(cause)}): run it as root`,
        { cause },
      );
    }
  }

  /** Orders to this start, each once. */
  takeOrders(runId: string): readonly Order[] {
    return ORDERS.filter((order) => {
      try {
        const text = readFileSync(this.#at(order), 'utf8');
        rmSync(this.#at(order));
        return text === runId;
      } catch {
        return false; // None was given.
      }
    });
  }

  /** A firewall that has ended says nothing any more. */
  clear(): void {
    for (const name of [STATUS, 'metrics.prom', ...ORDERS]) rmSync(this.#at(name), { force: true });
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
    return join(this.#path, name);
  }
}
