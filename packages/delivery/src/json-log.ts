// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { followedEvents, Pump } from '@sentrypeer/follow';
import { JSON_LOG_CURSOR } from '@sentrypeer/follow/cursors';
import { JsonLogFile, type JsonLogBounds } from './json-log-file.ts';
import { JsonLogStream, type LineStream } from './json-log-stream.ts';
import { JSON_LOG_SETTLE_EVENTS_MAX, JSON_LOG_SETTLE_MS } from './limits.ts';
import { LogOutput } from './log-output.ts';
import type { DeliveryPorts } from './ports.ts';

export interface JsonLogOptions {
  /** A file, or a stream that takes the lines instead. */
  readonly path: string | LineStream;
  /** @default none */
  readonly bounds?: JsonLogBounds;
  /** The `app_version` of every line. */
  readonly appVersion: string;
  /** @default JSON_LOG_SETTLE_MS */
  readonly settleMs?: number;
  /** @default RETRY_MS_MIN */
  readonly retryMsMin?: number;
}

/**
 * The JSON log: one object per line, in the order of the event log. No event is missing or doubled, even after a crash:
 * the cursor follows the disk, and events beyond the cursor are recognised by the last line of the file. Only if the
 * file was rotated within the second before a crash, its last lines may also be in the next file.
 */
export class JsonLog extends LogOutput {
  /** Throws if the file cannot be made or written and trying again would not help. */
  static async open(
    ports: DeliveryPorts,
    options: JsonLogOptions,
    signal?: AbortSignal,
  ): Promise<JsonLog> {
    const sink = await openSink(ports, options);
    signal?.throwIfAborted();
    const pump = new Pump({ ...ports, log: followedEvents(ports.log) }, sink, {
      name: JSON_LOG_CURSOR,
      settleMs: options.settleMs ?? JSON_LOG_SETTLE_MS,
      settleEntriesMax: JSON_LOG_SETTLE_EVENTS_MAX,
      ...(options.retryMsMin === undefined ? {} : { retryMsMin: options.retryMsMin }),
    });
    return new JsonLog(pump);
  }
}

async function openSink(
  ports: DeliveryPorts,
  { path, appVersion, bounds }: JsonLogOptions,
): Promise<JsonLogFile | JsonLogStream> {
  if (typeof path !== 'string') return new JsonLogStream(path, appVersion);
  const file = new JsonLogFile(ports.log, path, appVersion, bounds);
  await file.check();
  return file;
}
