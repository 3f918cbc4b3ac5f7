// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { realPath } from '../src/real-path.ts';

test('realPath() gives one text for all names of a file, and different ones for different files', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sentrypeer-paths-')));
  try {
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('disk'));
    for (const name of ['disk/file', 'disk/other', 'disk/alone']) writeFileSync(at(name), '');
    symlinkSync('disk', at('directory'));
    symlinkSync('disk/file', at('soft'));
    assert.equal(realPath(at('soft')), at('disk/file'));
    assert.equal(realPath(at('directory/none')), at('disk/none'));
    linkSync(at('disk/file'), at('hard'));
    linkSync(at('disk/other'), at('hard-other'));
    const names = ['disk/file', 'directory/file', 'hard', 'soft'];
    assert.deepEqual(new Set(names.map((name) => realPath(at(name)))).size, 1);
    const different = ['hard', 'hard-other', 'disk/alone', 'directory/none', 'disk'];
    assert.equal(new Set(different.map((name) => realPath(at(name)))).size, different.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
