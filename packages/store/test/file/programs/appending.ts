// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Appends batches of distinct events to the database named by the argument through a recorder, as fast as it
 * can, and tells its parent: `committed` with the newest id, `stalled` with the code, `resumed`. On the
 * message `stop` it flushes, closes and tells `closed` with what was offered and dropped.
 */

import { systemClock, type Logger } from '@sentrypeer/kernel';
import { Recorder } from '../../../src/log/recorder.ts';
import { Store } from '../../../src/store.ts';
import { distinctBatch } from '../../fixtures.ts';

const EVENTS_PER_BATCH = 200;

export type AppendingMessage =
  | { readonly kind: 'committed'; readonly lastHoneyId: number }
  | { readonly kind: 'stalled'; readonly code: string }
  | { readonly kind: 'resumed'; readonly waited: number }
  | { readonly kind: 'closed'; readonly offered: number; readonly flushed: boolean };

const tell = (message: AppendingMessage): void => {
  process.send?.(message);
};

const quiet = (): void => undefined;
const logger: Logger = {
  debug: quiet,
  warn: quiet,
  info: quiet,
  error: (event, fields) => {
    if (event === 'recording_stalled') tell({ kind: 'stalled', code: String(fields?.['code']) });
    if (event === 'recording_resumed') {
      tell({ kind: 'resumed', waited: Number(fields?.['waited_messages']) });
    }
  },
};

/** The events are of a fixed day in the past. */
const RETENTION_DAYS = 36_500;
const store = Store.open(
  { logger, clock: systemClock },
  { path: process.argv[2] ?? '', retentionDays: RETENTION_DAYS },
);
const recorder = new Recorder({
  store,
  logger,
  listener: {
    onCommitted: (lastHoneyId) => tell({ kind: 'committed', lastHoneyId }),
    onReleased: quiet,
  },
});

let offered = 0;
let stopping = false;

function work(): void {
  if (stopping) {
    const flushed = recorder.flush(systemClock.nowMs());
    store.close();
    tell({ kind: 'closed', offered, flushed });
    process.disconnect?.();
    return;
  }
  // While nothing is recorded a few batches are enough to have something that waits.
  if ((recorder.stall?.waitingMessages ?? 0) < 5000) {
    recorder.offer(distinctBatch(offered + 1, EVENTS_PER_BATCH));
    offered += EVENTS_PER_BATCH;
  }
  recorder.step(systemClock.nowMs());
  setImmediate(work);
}

process.on('message', (message) => {
  if (message === 'stop') stopping = true;
});
work();
