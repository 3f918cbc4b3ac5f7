// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../../../src/commands/import/import-text.ts';
import { IMPORT_LINE_CHARACTERS_MAX } from '../../../src/commands/import/limits.ts';

const TEXT = 'é1\r\n2\u2028\u0085\r3\n\nlast';
const LINES = ['é1\r', '2\u2028\u0085\r3', '', 'last'];

async function read(octets: Uint8Array, size: number): Promise<(string | undefined)[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    // The first chunk has enough octets to tell the encoding.
    const first = Math.max(size, 4);
    yield octets.subarray(0, first);
    for (let at = first; at < octets.length; at += size) yield octets.subarray(at, at + size);
  }
  return Array.fromAsync(linesOf(chunks()));
}

test('lines end with LF only, in each encoding and however the octets are cut', async () => {
  const swapped = Buffer.from(TEXT.replace('é', 'e'), 'utf16le').swap16();
  for (const octets of [
    Buffer.from(TEXT),
    Buffer.from(`\ufeff${TEXT}`),
    Buffer.from(`\ufeff${TEXT}`, 'utf16le'),
    Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16(),
  ]) {
    for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(await read(octets, size), LINES);
  }
  assert.deepEqual((await read(swapped, 5)).slice(1), LINES.slice(1));
});

test('a line that is too long is left out, and the next one is read', async () => {
  const long = 'x'.repeat(IMPORT_LINE_CHARACTERS_MAX * 2);
  const size = 65_536;
  assert.deepEqual(await read(Buffer.from(`a\n${long}\nb\n`), size), ['a', undefined, 'b']);
  assert.deepEqual(await read(Buffer.from(`a\n${long}`), size), ['a', undefined]);
});
