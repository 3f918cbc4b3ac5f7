// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readFileSync, readSync } from 'node:fs';
import { Reader, type Response } from 'mmdb-lib';
import { fileTrouble, openWithoutWaiting } from '@sentrypeer/bytes/file';
import { asBuffer, latin1Text } from '@sentrypeer/bytes';
import { OperatingError } from '@sentrypeer/kernel';
import { FILE_OCTETS_MAX, METADATA_OCTETS_MAX } from './limits.ts';
import { TreeFile } from './tree-file.ts';

/** Precedes the description at the end of a file: three octets and a name. */
const MARKER = '\u{ab}\u{cd}\u{ef}MaxMind.com';

/** What a file says about an address, as its publisher wrote it. */
export type Found = Readonly<Record<string, unknown>>;

/** A file that is part of the executable. */
interface EmbeddedFile {
  /** For messages. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/** A file that does not change while it is used: one that comes with the program. */
interface LastingFile {
  readonly lastingPath: string;
}

/** A path, where anybody may change the file at any time, or a file that is known not to change. */
export type PlacesFile = string | EmbeddedFile | LastingFile;

/** Looks up addresses. */
interface Answers extends Partial<Disposable> {
  get(address: string): unknown;
}

/**
 * A file in the MaxMind DB format. It is read at the first question: a file that does not change in parts, as needed,
 * and any other file (a few megabytes) as a whole.
 */
export class MmdbFile implements Disposable {
  readonly #file: PlacesFile;
  /** Different for different contents: its size and its description, which names the time it was made. */
  readonly identity: string;
  #reader: Answers | undefined;

  private constructor(file: PlacesFile, identity: string) {
    this.#file = file;
    this.identity = identity;
  }

  /** Looks at the end of the file. Throws `OperatingError` if it is not in this format. */
  static open(file: PlacesFile): MmdbFile {
    const path = nameOf(file);
    const { size, end } = isEmbedded(file) ? endOf(file) : readEnd(path);
    if (size > FILE_OCTETS_MAX) {
      throw unreadable(
        path,
        `has ${size} octets, more than the ${FILE_OCTETS_MAX} that are allowed`,
      );
    }
    const marker = latin1Text(end).lastIndexOf(MARKER);
    if (marker < 0) throw unreadable(path, 'is not in the MaxMind DB format');
    const hash = createHash('sha256').update(end.subarray(marker)).digest('hex');
    return new MmdbFile(file, `${size} ${hash}`);
  }

  /** `undefined` if the file does not know the address. Throws `OperatingError` if it is damaged. */
  find(address: string): Found | undefined {
    try {
      this.#reader ??= openReader(this.#file);
      const found: unknown = this.#reader.get(address);
      return typeof found === 'object' && found !== null ? (found as Found) : undefined;
    } catch (cause) {
      throw unreadable(nameOf(this.#file), 'is damaged, or was removed', cause);
    }
  }

  /** Releases what was read; the next question reads it again. */
  [Symbol.dispose](): void {
    this.#reader?.[Symbol.dispose]?.();
    this.#reader = undefined;
  }
}

function openReader(file: PlacesFile): Answers {
  if (typeof file === 'string') return new Reader<Response>(readFileSync(file));
  return isEmbedded(file)
    ? new Reader<Response>(asBuffer(file.octets))
    : TreeFile.open(file.lastingPath);
}

function isEmbedded(file: PlacesFile): file is EmbeddedFile {
  return typeof file === 'object' && 'octets' in file;
}

function nameOf(file: PlacesFile): string {
  if (typeof file === 'string') return file;
  return isEmbedded(file) ? file.name : file.lastingPath;
}

function endOf({ octets }: EmbeddedFile): { readonly size: number; readonly end: Uint8Array } {
  return { size: octets.length, end: octets.subarray(-METADATA_OCTETS_MAX) };
}

function readEnd(path: string): { readonly size: number; readonly end: Uint8Array } {
  let descriptor: number | undefined;
  try {
    descriptor = openWithoutWaiting(path);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw unreadable(path, 'is no regular file');
    const { size } = stats;
    const end = new Uint8Array(Math.min(size, METADATA_OCTETS_MAX));
    readSync(descriptor, end, 0, end.length, size - end.length);
    return { size, end };
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw unreadable(path, `can't be read (${fileTrouble(cause)})`, cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(path: string, why: string, cause?: unknown): OperatingError {
  const message = `the file of countries or networks ${path} ${why}; name another one, or none`;
  return new OperatingError('geo_file_unreadable', message, { cause });
}
