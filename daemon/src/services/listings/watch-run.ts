// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setTimeout as wait } from 'node:timers/promises';
import { Outage, type OperatingError } from '@sentrypeer/kernel';
import type { Spared } from '@sentrypeer/listings';
import { ANSWER_MS_MAX, CONTROL_MS } from './limits.ts';
import type { RunDirectory } from './run-directory.ts';
import type { RunNote } from './run-note.ts';
import type { RunPorts } from './run-ports.ts';
import { SparedFile } from './spared-file.ts';
import type { Sparing } from './sparing.ts';

/** A running process that acts on listings, as its operator sees it. */
export interface WatchedRun<Note extends RunNote, Order extends string> {
  /** First word of its event names in the log. */
  readonly logName: 'bgp' | 'firewall';
  /** `undefined` in a dry run. */
  readonly directory: RunDirectory<Note, Order> | undefined;
  readonly sparing: Sparing;
  /** Ends when listings are in force for the first time. */
  readonly isOnce: boolean;
  /** The error if the node did not say in time what it lists. */
  readonly nodeSilent: (why: string) => OperatingError;
  note(): Note;
  obey(order: Order): void;
  /** Tells the person who started it what has changed since the last call. */
  show(note: Note): void;
  /** The metrics of a note, in Prometheus' text format. */
  metrics(note: Note): string;
  spared(): Spared;
  /** Writes further files into the run directory. Throws what the file system throws. */
  readonly writeFiles?: () => void;
}

/**
 * Takes orders and reports the state until the signal is aborted. Throws `OperatingError` if it was to end after the
 * first look and the node did not say what it lists.
 */
export async function watchRun<Note extends RunNote, Order extends string>(
  { clock, logger }: Pick<RunPorts, 'clock' | 'logger'>,
  run: WatchedRun<Note, Order>,
  signal: AbortSignal,
): Promise<void> {
  const { logName, directory, sparing, isOnce } = run;
  const unwritten = new Outage(logger, 'warn', {
    failed: `${logName}_status_unwritten`,
    over: `${logName}_status_written`,
  });
  const spared = new SparedFile(directory);
  const beganAtMs = clock.nowMs();
  while (!signal.aborted) {
    for (const order of directory?.takeOrders(run.note().runId) ?? []) run.obey(order);
    const note = run.note();
    run.show(note);
    try {
      directory?.writeStatus(note, run.metrics(note));
      spared.write(run.spared());
      run.writeFiles?.();
      unwritten.over();
    } catch (error) {
      unwritten.failed({ why: String(error) });
    }
    if (isOnce && note.isInForce) return;
    if (isOnce && clock.nowMs() - beganAtMs > ANSWER_MS_MAX) {
      throw run.nodeSilent(`${note.node} does not say what it lists: ${note.feedFailure}`);
    }
    void sparing.refresh();
    await wait(CONTROL_MS, undefined, { signal }).catch(() => undefined);
  }
}
