// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { ID_SIZE } from './frames.ts';

/** Where pages are kept. */
export interface PageSource {
  /** Another number after each change, whoever made it. */
  readonly changes: () => number;
  /** Of all pages, in any order. */
  readonly pageIds: () => readonly number[];
  /** In the order in which they were added, those after this one. */
  readonly pages: (
    afterPageId: number,
    limit: number,
  ) => readonly { readonly pageId: number; readonly octets: Uint8Array }[];
  readonly page: (pageId: number) => Uint8Array | undefined;
}

/** What is known of a page without reading it. */
export interface IndexedPage {
  readonly pageId: number;
  /** By which links name it, in hexadecimal. */
  readonly id: string;
  /** Of its author, in hexadecimal. */
  readonly key: string;
  readonly isQuiet: boolean;
}

const BUCKETS = 256;
/** Where a page has its key, and its flags, of which the lowest says that it is quiet. */
const [KEY_AT, KEY_END, FLAGS_AT] = [5, 37, 49];
const ROWS = 256;

/** The id of a page: the first octets of SHA-256 over all of it, in hexadecimal. */
export function pageId(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest().subarray(0, ID_SIZE).toHex();
}

/** What pages there are, as links ask for it: followed as it changes, whoever adds or removes some. */
export class PageIndex {
  readonly #source: PageSource;
  readonly #byRow = new Map<number, IndexedPage>();
  readonly #byId = new Map<string, IndexedPage>();
  #changes = -1;
  #lastRow = 0;
  #summary: Uint8Array | undefined;

  constructor(source: PageSource) {
    this.#source = source;
    this.follow();
  }

  get size(): number {
    return this.#byRow.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): IndexedPage | undefined {
    return this.#byId.get(id);
  }

  octets({ pageId: row }: IndexedPage): Uint8Array | undefined {
    return this.#source.page(row);
  }

  /** All of them. */
  pages(): Iterable<IndexedPage> {
    return this.#byRow.values();
  }

  /** Looks what changed. @returns What was added. */
  follow(): readonly IndexedPage[] {
    const changes = this.#source.changes();
    if (changes === this.#changes) return [];
    this.#changes = changes;
    this.#summary = undefined;
    const rows = new Set(this.#source.pageIds());
    for (const [row, page] of this.#byRow) {
      if (rows.has(row)) continue;
      this.#byRow.delete(row);
      this.#byId.delete(page.id);
    }
    const added: IndexedPage[] = [];
    for (;;) {
      const some = this.#source.pages(this.#lastRow, ROWS);
      for (const { pageId: row, octets } of some) {
        const page = indexed(row, octets);
        this.#byRow.set(row, page);
        this.#byId.set(page.id, page);
        this.#lastRow = row;
        added.push(page);
      }
      if (some.length < ROWS) return added;
    }
  }

  /** 8 octets for each first octet of an id; quiet pages are for followers alone, and not in it. */
  summary(): Uint8Array {
    if (this.#summary !== undefined) return this.#summary;
    const buckets = this.#buckets();
    const summary = new Uint8Array(BUCKETS * ID_SIZE);
    for (const [bucket, ids] of buckets) {
      const hash = createHash('sha256').update(ids.toSorted().join('')).digest();
      summary.set(hash.subarray(0, ID_SIZE), bucket * ID_SIZE);
    }
    this.#summary = summary;
    return summary;
  }

  /** Ids of pages in those parts in which the other side has others. */
  differing(theirs: Uint8Array): readonly string[] {
    const own = this.summary();
    const ids: string[] = [];
    for (const [bucket, some] of this.#buckets()) {
      const at = bucket * ID_SIZE;
      const isSame = own
        .subarray(at, at + ID_SIZE)
        .every((octet, index) => octet === theirs[at + index]);
      if (!isSame) ids.push(...some);
    }
    return ids;
  }

  #buckets(): ReadonlyMap<number, readonly string[]> {
    const buckets = new Map<number, string[]>();
    for (const { id, isQuiet } of this.#byRow.values()) {
      if (isQuiet) continue;
      const bucket = Number.parseInt(id.slice(0, 2), 16);
      const ids = buckets.get(bucket);
      if (ids === undefined) buckets.set(bucket, [id]);
      else ids.push(id);
    }
    return buckets;
  }
}

function indexed(row: number, octets: Uint8Array): IndexedPage {
  return {
    pageId: row,
    id: pageId(octets),
    key: octets.subarray(KEY_AT, KEY_END).toHex(),
    isQuiet: ((octets[FLAGS_AT] ?? 0) & 1) === 1,
  };
}
