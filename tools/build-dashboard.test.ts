// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildDashboard } from './build-dashboard.ts';

/** Compressed octets of all files. Chosen: a second over a slow phone. */
const PACKED_OCTETS_MAX = 150_000;

test('buildDashboard() makes a page that only names its own files, and is small', async () => {
  const { files } = await buildDashboard();
  const page = new TextDecoder().decode(files.get('index.html'));
  const named = [...page.matchAll(/(?:href|src)="(\/dashboard\/[^"]+)"/g)].map(
    (match) => match[1]?.replace('/dashboard/', '') ?? '',
  );
  assert.deepEqual(
    named.toSorted(),
    [...files.keys()].filter((name) => name !== 'index.html').toSorted(),
  );
  assert.doesNotMatch(page, /<script>|<style|style="|https?:/);
  const packed = [...files.values()].reduce((sum, octets) => sum + gzipSync(octets).length, 0);
  assert.ok(packed <= PACKED_OCTETS_MAX, `${packed} octets`);
});
