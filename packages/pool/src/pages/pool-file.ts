// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A file of pages: each with its size as two octets before it. Pages prove themselves, so it may come from anywhere. */

import { PAGE_OCTETS_MAX } from '../limits.ts';

/** The first octets of such a file. */
export const POOL_FILE_TITLE = 'sentrypeer pool 1\n';

/** A page of a file, or octets that cannot be one, and where they begin. */
export interface FilePage {
  readonly offset: number;
  readonly octets: Uint8Array;
}

export function formatFilePage(octets: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + octets.length);
  new DataView(framed.buffer).setUint16(0, octets.length);
  framed.set(octets, 2);
  return framed;
}

export function isPoolFile(octets: Uint8Array): boolean {
  const title = new TextEncoder().encode(POOL_FILE_TITLE);
  return title.every((octet, index) => octets[index] === octet);
}

/** The pages of a whole file, as views. The last one is short if the file was cut, or if a size is impossible. */
export function* filePages(octets: Uint8Array): Iterable<FilePage> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let offset = POOL_FILE_TITLE.length;
  while (offset < octets.length) {
    const size = offset + 2 <= octets.length ? view.getUint16(offset) : 0;
    const page = octets.subarray(offset + 2, offset + 2 + size);
    yield { offset, octets: page };
    if (size === 0 || size > PAGE_OCTETS_MAX) return;
    offset += 2 + size;
  }
}
