// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '@sentrypeer/kernel';
import { concat } from '../concat.ts';
import { PIPE_LOOK_MS, PIPE_UNUSED_MS_MAX, PIPE_WAIT_MS_MAX } from './limits.ts';

const CHUNK_OCTETS = 65_536;

/** Why a file cannot be read; the message is a few words for a person, to be put after the name of the file. */
export class FileTrouble extends Error {
  override readonly name = 'FileTrouble';
  /** That of the system, or `EISDIR`, `EFBIG` or `ETIMEDOUT`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The words of a `FileTrouble`, or the code of another error. */
export function fileTrouble(cause: unknown): string {
  return cause instanceof FileTrouble ? cause.message : (errorCode(cause) ?? 'unknown reason');
}

/**
 * Opens a file, without waiting for somebody to write to it if it is a pipe: reading one fails with `EAGAIN` while
 * there is nothing, and finds its end while nobody writes. Throws `FileTrouble`.
 */
export function openWithoutWaiting(path: string): number {
  let descriptor: number;
  try {
    // Windows has no such flag, and no such pipes.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw troubleOf(cause);
  }
  if (!fstatSync(descriptor).isDirectory()) return descriptor;
  closeSync(descriptor);
  throw new FileTrouble('EISDIR', 'it is a directory (EISDIR)');
}

/**
 * Reads a file that should be small, such as a key or a configuration: a regular file, a pipe or a device, and never
 * more than one octet beyond `octetsMax`. Throws `FileTrouble`.
 */
export function readSmallFile(
  path: string,
  octetsMax: number,
  waitMs: number = PIPE_WAIT_MS_MAX,
): Uint8Array {
  const descriptor = openWithoutWaiting(path);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isFile() && stats.size > octetsMax) throw tooLarge(octetsMax);
    return readAll(descriptor, octetsMax, stats.isFIFO() ? waitMs : 0);
  } catch (cause) {
    throw cause instanceof FileTrouble ? cause : troubleOf(cause);
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number, octetsMax: number, waitMs: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let waitedMs = 0;
  for (;;) {
    const chunk = new Uint8Array(Math.min(CHUNK_OCTETS, octetsMax + 1 - size));
    const count = readNow(descriptor, chunk);
    if (count !== undefined && count > 0) {
      chunks.push(chunk.subarray(0, count));
      size += count;
      waitedMs = 0;
      if (size > octetsMax) throw tooLarge(octetsMax);
      continue;
    }
    const isOver = count === 0 && (size > 0 || waitMs === 0);
    if (isOver) return concat(chunks);
    if (waitedMs >= (count === 0 ? Math.min(waitMs, PIPE_UNUSED_MS_MAX) : waitMs)) {
      throw new FileTrouble(
        'ETIMEDOUT',
        count === 0 ? 'no program writes to this pipe' : `nothing came for ${waitMs / 1000} s`,
      );
    }
    sleep(PIPE_LOOK_MS);
    waitedMs += PIPE_LOOK_MS;
  }
}

/** @returns How many octets there were; 0 at the end, `undefined` if there are none yet. */
export function readNow(descriptor: number, chunk: Uint8Array): number | undefined {
  try {
    return readSync(descriptor, chunk);
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function tooLarge(octetsMax: number): FileTrouble {
  const most = octetsMax >= 1024 ? `${Math.floor(octetsMax / 1024)} KiB` : `${octetsMax} octets`;
  return new FileTrouble('EFBIG', `it has more than ${most}, the most that is read`);
}

function troubleOf(cause: unknown): FileTrouble {
  const code = errorCode(cause) ?? 'unknown reason';
  return new FileTrouble(code, WORDS.get(code) ?? code, { cause });
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not read it (EACCES)'],
  ['EPERM', 'this user may not read it (EPERM)'],
  ['ENOENT', 'there is no such file (ENOENT)'],
  ['ENXIO', 'it is a socket or a device that is not there (ENXIO)'],
]);
