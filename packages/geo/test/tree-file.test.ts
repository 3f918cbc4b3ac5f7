// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Reader, type Response } from 'mmdb-lib';
import { silentLogger, type LogFields, type Logger } from '@sentrypeer/kernel';
import { TREE_BLOCK_OCTETS, TREE_BLOCKS_COUNT } from '../src/limits.ts';
import { Places } from '../src/index.ts';
import { TreeFile } from '../src/tree-file.ts';
import { mmdbFile, type Networks } from './mmdb-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-tree-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Spread over all addresses, so that no two of them share much of the tree. */
function spread(index: number): string {
  const place = Math.imul(index, 0x9e37_79b1) >>> 0;
  return `${(place >>> 24) % 223}.${(place >>> 16) & 255}.${(place >>> 8) & 255}`;
}

/** So many that the tree is not entirely in memory. */
const COUNT = 12_000;
const networks: Networks = {
  ...Object.fromEntries(
    Array.from({ length: COUNT }, (_, index) => [
      `${spread(index)}.0/24`,
      { country_code: `C${index % 100}` },
    ]),
  ),
  '2001:db8::/32': { country_code: 'FR' },
};

for (const recordBits of [24, 28, 32]) {
  test(`TreeFile says what the library says, in records of ${recordBits} bits`, () => {
    const path = join(folder, `${recordBits}.mmdb`);
    writeFileSync(path, mmdbFile(networks, recordBits));
    const reader = new Reader<Response>(readFileSync(path));
    const { searchTreeSize } = reader.metadata;
    assert.ok(searchTreeSize > 1.2 * TREE_BLOCKS_COUNT * TREE_BLOCK_OCTETS, `${searchTreeSize}`);
    using tree = TreeFile.open(path);
    let knownCount = 0;
    for (let index = 0; index < 2 * COUNT; index += 1) {
      const address = `${spread(index)}.${index % 256}`;
      const said = tree.get(address) ?? null;
      assert.deepEqual(said, reader.get(address), address);
      if (said !== null) knownCount += 1;
    }
    assert.ok(knownCount >= COUNT && knownCount < 2 * COUNT, `${knownCount}`);
    for (const address of ['2001:db8::1', '2001:db9::1', '::', '255.255.255.255'])
      assert.deepEqual(tree.get(address) ?? null, reader.get(address), address);
  });
}

test('a file that lasts is told of once where it was damaged all the same', async () => {
  const messages: LogFields[] = [];
  const logger: Logger = { ...silentLogger, error: (_event, fields = {}) => messages.push(fields) };
  const path = join(folder, 'damaged.mmdb');
  writeFileSync(path, mmdbFile(networks));
  using places = await Places.open(logger, { countryFile: { lastingPath: path } });
  assert.equal(places.placeOf('2001:db8::5').country, 'FR');
  truncateSync(path, 40);
  for (let index = 0; index < 100; index += 1) places.placeOf(`${spread(index)}.1`);
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.['code'], 'geo_file_unreadable');
});

test('a file that lasts may be replaced by another one of its name', async () => {
  const path = join(folder, 'replaced.mmdb');
  writeFileSync(path, mmdbFile(networks));
  using places = await Places.open(silentLogger, { countryFile: { lastingPath: path } });
  const before = places.placeOf(`${spread(22)}.1`);
  rmSync(path);
  writeFileSync(path, mmdbFile({ '0.0.0.0/1': { country_code: 'SE' } }));
  assert.deepEqual(places.placeOf(`${spread(22)}.1`), before);
  assert.equal(places.placeOf('2001:db8::5').country, 'FR');
});
