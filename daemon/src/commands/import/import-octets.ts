// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The octets of a file to import, unpacked if it is compressed. */

import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { latin1Text } from '@sentrypeer/bytes';
import { fileTrouble } from '@sentrypeer/bytes/file';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { openInputFile } from '../input-file.ts';
import { shown } from '../text.ts';

/** How a file begins, as latin1. */
interface Packing {
  readonly magic: string;
  /** What it is called. */
  readonly name: string;
  /** Unpacks it; without one, `advice` says how to do that by hand. */
  readonly unpacker?: () => Transform;
  readonly advice?: string;
}

const PACKINGS: readonly Packing[] = [
  { magic: '\x1f\x8b', name: 'gzip', unpacker: createGunzip }, // RFC 1952 §2.3.1.
  { magic: '\x28\xb5\x2f\xfd', name: 'zstd', unpacker: createZstdDecompress }, // RFC 8878 §3.1.1.
  { magic: 'BZh', name: 'bzip2', advice: 'bunzip2 -k' },
  { magic: '\xfd7zXZ\0', name: 'xz', advice: 'unxz -k' },
  { magic: 'PK\x03\x04', name: 'zip', advice: 'unzip' },
];

/** First octets of every SQLite file, https://www.sqlite.org/fileformat2.html §1.3. */
const SQLITE_MAGIC = 'SQLite format 3\0';

/** A file to import: an SQLite database, or the octets of a text. The octets must be read or closed. */
export type ImportFile =
  | { readonly kind: 'database' }
  | { readonly kind: 'text'; readonly octets: AsyncGenerator<Uint8Array, undefined> };

/** Opens a file, which may be a pipe. Throws `OperatingError`. */
export async function openImportFile(file: string, stopped: AbortSignal): Promise<ImportFile> {
  const chunks = chunksOf(opened(file, stopped), file);
  const { beginning, octets } = await peek(chunks);
  if (beginning.startsWith(SQLITE_MAGIC)) {
    await chunks.return(undefined);
    return { kind: 'database' };
  }
  const packing = PACKINGS.find(({ magic }) => beginning.startsWith(magic));
  if (packing === undefined) return { kind: 'text', octets };
  const { name, unpacker, advice } = packing;
  if (unpacker === undefined) {
    await chunks.return(undefined);
    throw unknown(`${shown(file)} is packed with ${name}; unpack it first: ${advice}`);
  }
  // The pipeline ends both when one fails; the failure is that of the unpacker, which `chunksOf()` throws.
  const unpacking = pipeline(Readable.from(octets), unpacker(), () => undefined);
  const unpackedChunks = chunksOf(unpacking, file, name);
  const unpacked = await peek(unpackedChunks);
  if (!unpacked.beginning.startsWith(SQLITE_MAGIC)) {
    return { kind: 'text', octets: unpacked.octets };
  }
  await unpackedChunks.return(undefined);
  throw unknown(`${shown(file)} is a database packed with ${name}; unpack it first`);
}

/**
 * What a stream gives, up to the last octet before it fails; its own iterator would discard the last of them. Throws
 * `OperatingError`.
 *
 * @param packing How the file is packed, if the stream unpacks it.
 */
async function* chunksOf(
  stream: Readable,
  file: string,
  packing?: string,
): AsyncGenerator<Uint8Array, undefined> {
  let failure: unknown;
  let hasEnded = false;
  let news = Promise.withResolvers<void>();
  stream
    .on('readable', () => news.resolve())
    .on('end', () => {
      hasEnded = true;
      news.resolve();
    })
    .on('error', (error) => {
      failure = error;
      news.resolve();
    });
  try {
    for (;;) {
      news = Promise.withResolvers();
      const chunk: unknown = stream.read();
      if (chunk instanceof Uint8Array) yield chunk;
      else if (failure !== undefined) throw readingError(failure, file, packing);
      else if (hasEnded) return undefined;
      else await news.promise;
    }
  } finally {
    stream.destroy();
    // Closing the file drops the locks that this process has on it, and SQLite may be about to take some.
    await new Promise((resolve) => {
      if (stream.closed) resolve(undefined);
      else stream.once('close', resolve);
    });
  }
}

/** Reads enough octets to tell what they are; the iterator gives them again. */
async function peek(
  chunks: AsyncGenerator<Uint8Array, undefined>,
): Promise<{ readonly beginning: string; readonly octets: AsyncGenerator<Uint8Array, undefined> }> {
  let first = new Uint8Array();
  while (first.length < SQLITE_MAGIC.length) {
    const { value } = await chunks.next();
    if (value === undefined) break;
    const more = new Uint8Array(first.length + value.length);
    more.set(first);
    more.set(value, first.length);
    first = more;
  }
  const beginning = latin1Text(first.subarray(0, SQLITE_MAGIC.length));
  return { beginning, octets: joined(first, chunks) };
}

async function* joined(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function opened(file: string, stopped: AbortSignal): Readable {
  try {
    return openInputFile(file, stopped);
  } catch (cause) {
    throw readingError(cause, file, undefined);
  }
}

function readingError(cause: unknown, file: string, packing: string | undefined): unknown {
  if (cause instanceof OperatingError) return cause;
  if (errorCode(cause) === 'ABORT_ERR') return stoppedWhile(file, cause);
  const code = errorCode(cause) ?? 'unknown reason';
  if (packing === undefined) {
    return new OperatingError(
      'import_unreadable',
      `${shown(file)} cannot be read (${fileTrouble(cause)}); name a file that this user may read`,
      { cause },
    );
  }
  const what =
    code === 'Z_BUF_ERROR'
      ? `ends in the middle of its ${packing} data; take a whole copy of it`
      : `has damaged ${packing} data (${code}); take another copy of it`;
  return new OperatingError('import_damaged', `${shown(file)} ${what}`, { cause });
}

/** A signal came before the end. */
export function stoppedWhile(file: string, cause: unknown): OperatingError {
  return new OperatingError('import_stopped', `${shown(file)} was not read to its end`, { cause });
}

function unknown(message: string): OperatingError {
  return new OperatingError('import_unknown', message);
}
