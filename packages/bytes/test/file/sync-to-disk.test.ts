// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { syncDirectory, syncFile } from '@sentrypeer/bytes/file';

test('syncFile() and syncDirectory() wait for what is there, and fail on what is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sync-'));
  try {
    const file = join(folder, 'file');
    writeFileSync(file, 'text');
    syncFile(file);
    syncDirectory(folder);
    assert.throws(() => syncFile(join(folder, 'none')), { code: 'ENOENT' });
    assert.throws(() => syncDirectory(join(folder, 'none'), 'linux'), { code: 'ENOENT' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('syncDirectory() opens no directory on Windows, which refuses that', () => {
  syncDirectory(join(tmpdir(), 'nobody', 'made', 'this'), 'win32');
});
