// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { ID_SIZE } from './frames.ts';

/** Where pages are kept. */
export interface PageSource {
  /** Changes with each change, whoever made it. */
  readonly changes: () => number;
  readonly pagesCount: () => number;
  /** Of all pages, in any order. */
  readonly pageIds: () => readonly number[];
  /** In the order in which they were added, those after this one. */
  readonly pages: (
    afterPageId: number,
    limit: number,
  ) => readonly { readonly pageId: number; readonly octets: Uint8Array }[];
  readonly page: (pageId: number) => Uint8Array | undefined;
}

/** What is known about a page without reading it. */
export interface IndexedPage {
  readonly pageId: number;
  /** The name that links use for it, in hexadecimal. */
  readonly id: string;
  /** Of its author, in hexadecimal. */
  readonly key: string;
  readonly isQuiet: boolean;
  /** Seconds since 1970, according to the page. */
  readonly madeEpochS: number;
}

const BUCKETS = 256;
/** Where a page has its key, its time, and its flags, of which the lowest says that it is quiet. */
const [KEY_AT, KEY_END, MADE_AT, FLAGS_AT] = [5, 37, 45, 49];
const ROWS = 256;

/** The id of a page: the first octets of SHA-256 over all of it, in hexadecimal. */
export function pageId(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest().subarray(0, ID_SIZE).toHex();
}

/** The author of a page, in hexadecimal. */
export function pageKey(octets: Uint8Array): string {
  return octets.subarray(KEY_AT, KEY_END).toHex();
}

/** The existing pages, in the form that links ask for: kept up to date, whoever adds or removes some. */
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

  /** Checks what has changed. @returns What was added. */
  follow(): readonly IndexedPage[] {
    const changes = this.#source.changes();
    if (changes === this.#changes) return [];
    this.#changes = changes;
    this.#summary = undefined;
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
      if (some.length < ROWS) break;
    }
    // Reading all ids takes long, and most changes remove nothing.
    if (this.#source.pagesCount() !== this.#byRow.size) this.#forgetRemoved();
    return added.filter(({ pageId: row }) => this.#byRow.has(row));
  }

  #forgetRemoved(): void {
    const rows = new Set(this.#source.pageIds());
    for (const [row, page] of this.#byRow) {
      if (rows.has(row)) continue;
      this.#byRow.delete(row);
      if (this.#byId.get(page.id) === page) this.#byId.delete(page.id);
    }
  }

  /** 8 octets for each first octet of an id; quiet pages are only for followers, and not in it. */
  summary(): Uint8Array {
    if (this.#summary !== undefined) return this.#summary;
    const buckets = this.#buckets();
    const summary = new Uint8Array(BUCKETS * ID_SIZE);
    for (const [bucket, pages] of buckets) {
      const ids = pages.map(({ id }) => id).toSorted();
      const hash = createHash('sha256').update(ids.join('')).digest();
      summary.set(hash.subarray(0, ID_SIZE), bucket * ID_SIZE);
    }
    this.#summary = summary;
    return summary;
  }

  /** Pages after an id, in the order of ids, from those parts in which the other side differs. */
  differing(theirs: Uint8Array, after: string): readonly IndexedPage[] {
    const own = this.summary();
    const pages: IndexedPage[] = [];
    for (const [bucket, some] of this.#buckets()) {
      const at = bucket * ID_SIZE;
      const isSame = own
        .subarray(at, at + ID_SIZE)
        .every((octet, index) => octet === theirs[at + index]);
      if (!isSame) pages.push(...some.filter(({ id }) => id > after));
    }
    return pages.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #buckets(): ReadonlyMap<number, readonly IndexedPage[]> {
    const buckets = new Map<number, IndexedPage[]>();
    for (const page of this.#byRow.values()) {
      if (page.isQuiet) continue;
      const bucket = Number.parseInt(page.id.slice(0, 2), 16);
      const pages = buckets.get(bucket);
      if (pages === undefined) buckets.set(bucket, [page]);
      else pages.push(page);
    }
    return buckets;
  }
}

function indexed(row: number, octets: Uint8Array): IndexedPage {
  const made = new DataView(octets.buffer, octets.byteOffset).getUint32(MADE_AT);
  return {
    pageId: row,
    id: pageId(octets),
    key: pageKey(octets),
    isQuiet: ((octets[FLAGS_AT] ?? 0) & 1) === 1,
    madeEpochS: made,
  };
}
