// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { Reader, type Response } from 'mmdb-lib';
import { asBuffer, latin1Text } from '@sentrypeer/bytes';
import { OperatingError } from '@sentrypeer/kernel';
import { FILE_OCTETS_MAX, METADATA_OCTETS_MAX } from './limits.ts';

/** Stands before the description at the end of a file: three octets and a name. */
const MARKER = '\u{ab}\u{cd}\u{ef}MaxMind.com';

/** What a file says about an address, as its publisher wrote it. */
export type Found = Readonly<Record<string, unknown>>;

/** A file that is part of the program, where that is one executable. */
export interface EmbeddedFile {
  /** For messages. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/** A file in the MaxMind DB format. Its few megabytes are read when the first question comes. */
export class MmdbFile {
  readonly #file: string | EmbeddedFile;
  /** Another text for another content: its size and its description, which names the time it was made. */
  readonly identity: string;
  #reader: Reader<Response> | undefined;

  private constructor(file: string | EmbeddedFile, identity: string) {
    this.#file = file;
    this.identity = identity;
  }

  /** Looks at the end of the file. Throws `OperatingError` if it is not of this format. */
  static open(file: string | EmbeddedFile): MmdbFile {
    const path = nameOf(file);
    const { size, end } = typeof file === 'string' ? readEnd(file) : endOf(file);
    if (size > FILE_OCTETS_MAX) {
      throw unreadable(path, `has ${size} octets, more than the ${FILE_OCTETS_MAX} that are taken`);
    }
    const marker = latin1Text(end).lastIndexOf(MARKER);
    if (marker < 0) throw unreadable(path, 'is not in the MaxMind DB format');
    const hash = createHash('sha256').update(end.subarray(marker)).digest('hex');
    return new MmdbFile(file, `${size} ${hash}`);
  }

  /** `undefined` if the file does not know the address. Throws `OperatingError` if it is damaged. */
  find(address: string): Found | undefined {
    try {
      const file = this.#file;
      this.#reader ??= new Reader(
        typeof file === 'string' ? readFileSync(file) : asBuffer(file.octets),
      );
      const found: unknown = this.#reader.get(address);
      return typeof found === 'object' && found !== null ? (found as Found) : undefined;
    } catch (cause) {
      throw unreadable(nameOf(this.#file), 'is damaged, or was removed', cause);
    }
  }
}

function nameOf(file: string | EmbeddedFile): string {
  return typeof file === 'string' ? file : file.name;
}

function endOf({ octets }: EmbeddedFile): { readonly size: number; readonly end: Uint8Array } {
  return { size: octets.length, end: octets.subarray(-METADATA_OCTETS_MAX) };
}

function readEnd(path: string): { readonly size: number; readonly end: Uint8Array } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const { size } = fstatSync(descriptor);
    const end = new Uint8Array(Math.min(size, METADATA_OCTETS_MAX));
    readSync(descriptor, end, 0, end.length, size - end.length);
    return { size, end };
  } catch (cause) {
    throw unreadable(path, "can't be read", cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(path: string, why: string, cause?: unknown): OperatingError {
  const message = `the file of countries or networks ${path} ${why}; name another one, or none`;
  return new OperatingError('geo_file_unreadable', message, { cause });
}
