// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { readDatabase } from '../../src/import/read-database.ts';
import { makeLegacyDatabase } from '../file/legacy-database.ts';
import { TestDirectory } from '../fixtures.ts';

const PAGE_OCTETS = 4096;
const ROWS_COUNT = 3000;

/** Writes over pages, the first of which is page 0. @param pages Negative ones count from the end. */
function damage(path: string, pages: readonly number[]): void {
  const file = openSync(path, 'r+');
  const pagesCount = fstatSync(file).size / PAGE_OCTETS;
  const noise = new Uint8Array(PAGE_OCTETS).fill(0xff);
  for (const page of pages) {
    writeSync(file, noise, 0, PAGE_OCTETS, (page < 0 ? pagesCount + page : page) * PAGE_OCTETS);
  }
  closeSync(file);
}

/** The messages of rows that can be read if they are asked for by themselves. */
function readOneByOne(path: string): readonly string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('SELECT * FROM honey WHERE honey_id = ?');
  const read: string[] = [];
  for (let id = 1; id <= ROWS_COUNT; id += 1) {
    try {
      read.push(String(row.get(id)?.['sip_message']));
    } catch {
      // In a damaged page.
    }
  }
  return read;
}

for (const [what, pages] of [
  ['one page', [300]],
  ['pages next to each other', [300, 301, 302, 303]],
  ['pages here and there, and the last ones', [60, 100, 101, 400, -3, -2, -1]],
] as const) {
  test(`readDatabase() leaves out exactly what cannot be read of a damaged file: ${what}`, () => {
    using directory = new TestDirectory();
    const path = directory.file('old.db');
    const messages = Array.from({ length: ROWS_COUNT }, (_, index) => `${index} `.repeat(100));
    makeLegacyDatabase(
      path,
      messages.map((sipMessage) => ({ sipMessage })),
    );
    damage(path, pages);
    let damagesCount = 0;
    const rows = readDatabase(path, directory.file('own.db'), () => (damagesCount += 1));
    const read = Array.from(rows, (row) => row.sip_message);
    const expected = readOneByOne(path);
    assert.ok(expected.length < ROWS_COUNT && expected.length > ROWS_COUNT / 2, 'a part is read');
    assert.deepEqual(read, expected);
    assert.ok(damagesCount >= 1);
  });
}
