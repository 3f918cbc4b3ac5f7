// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openImportFile } from '../../../src/commands/import/import-octets.ts';

test('openImportFile() has closed a database again when it says that it is one', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-import-'));
  try {
    const file = join(folder, 'other.db');
    writeFileSync(file, `SQLite format 3\0${'x'.repeat(1_000_000)}`);
    const { kind } = await openImportFile(file, new AbortController().signal);
    const open = readdirSync('/proc/self/fd').map((name) => targetOf(`/proc/self/fd/${name}`));
    assert.equal(kind, 'database');
    assert.ok(!open.includes(file), 'a descriptor that is closed later takes SQLite’s locks along');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** `undefined` for the descriptor with which the directory was read. */
function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
