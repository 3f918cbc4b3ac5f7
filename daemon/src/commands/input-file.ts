// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A file that a command reads to its end, which may be a pipe or standard input, and may never end. */

import { closeSync, createReadStream, fstatSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { FileTrouble, openWithoutWaiting, readNow } from '@sentrypeer/bytes/file';
import { PIPE_LOOK_MS, PIPE_WAIT_MS } from './import/limits.ts';

const CHUNK_OCTETS = 65_536;

/**
 * Opens it, and fails with `AbortError` once `stopped`. A pipe is not read by the threads that read files: one that
 * waits for somebody to write keeps the whole process from ending. Throws `FileTrouble`.
 */
export function openInputFile(path: string, stopped: AbortSignal): Readable {
  const descriptor = openWithoutWaiting(path);
  return fstatSync(descriptor).isFile()
    ? createReadStream('', { fd: descriptor, signal: stopped })
    : Readable.from(octetsOf(descriptor, stopped), { objectMode: false });
}

async function* octetsOf(
  descriptor: number,
  stopped: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    let hasBegun = false;
    let waitedMs = 0;
    for (;;) {
      await turn(undefined, { signal: stopped }); // A device gives without end: signals must be noticed.
      const chunk = new Uint8Array(CHUNK_OCTETS);
      const count = readNow(descriptor, chunk);
      if (count !== undefined && count > 0) {
        hasBegun = true;
        yield chunk.subarray(0, count);
        continue;
      }
      // A pipe is at its end while nobody has opened it for writing yet.
      if (count === 0 && (hasBegun || !fstatSync(descriptor).isFIFO())) return undefined;
      if (count === 0 && waitedMs >= PIPE_WAIT_MS) {
        throw new FileTrouble('ETIMEDOUT', 'no program writes to this pipe');
      }
      await wait(PIPE_LOOK_MS, undefined, { signal: stopped });
      waitedMs += PIPE_LOOK_MS;
    }
  } finally {
    closeSync(descriptor);
  }
}
