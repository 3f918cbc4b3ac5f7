// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { concat } from '@sentrypeer/bytes';
import { fileTrouble } from '@sentrypeer/bytes/file';
import { OperatingError } from '@sentrypeer/kernel';
import { POOL_FILE_OCTETS_MAX } from '../services/pool/limits.ts';
import { openInputFile } from './input-file.ts';
import { shown } from './text.ts';

/** The beginning of a file of pages in each version. */
const POOL_FILE_NAME = 'sentrypeer pool ';
/** With the version and the end of the line. */
const TITLE_OCTETS = POOL_FILE_NAME.length + 2;

/** The whole file of pages, which may be a pipe. Throws `OperatingError` if it is something else. */
export async function readPoolFile(path: string, stopped: AbortSignal): Promise<Uint8Array> {
  const { isPoolFile } = await import('@sentrypeer/pool/pages');
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // A device or a pipe has no size that could be looked at first.
    for await (const chunk of openInputFile(path, stopped) as AsyncIterable<Uint8Array>) {
      const hadTitle = size >= TITLE_OCTETS;
      chunks.push(chunk);
      size += chunk.length;
      if (size > POOL_FILE_OCTETS_MAX) break;
      if (hadTitle || size < TITLE_OCTETS) continue; // A pipe may begin with a few octets.
      const start = concat(chunks);
      if (!isPoolFile(start)) throw unknownFile(path, whatItIs(start));
    }
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw new OperatingError(
      'pool_file_unreadable',
      `${shown(path)} cannot be read (${stopped.aborted ? 'interrupted by a signal' : fileTrouble(cause)}); name a file that this user may read`,
      { cause },
    );
  }
  if (size === 0) throw unknownFile(path, 'is empty');
  if (size < TITLE_OCTETS) throw unknownFile(path, whatItIs(concat(chunks)));
  if (size > POOL_FILE_OCTETS_MAX) {
    throw unknownFile(path, `has more than ${POOL_FILE_OCTETS_MAX} octets, the most that is read`);
  }
  return concat(chunks);
}

function unknownFile(path: string, why: string): OperatingError {
  return new OperatingError(
    'pool_file_unknown',
    `${shown(path)} ${why}; sentrypeer pool export FILE creates a file of the pool`,
  );
}

/** What a file is that is not one of the pool. @param start Its first octets. */
function whatItIs(start: Uint8Array): string {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'is compressed: unpack it with gunzip first';
  const text = new TextDecoder().decode(start.subarray(0, POOL_FILE_NAME.length));
  return text === POOL_FILE_NAME
    ? 'was written by another version of this program'
    : 'is not a file of the pool';
}
