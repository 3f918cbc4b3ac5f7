// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { throughLinks } from '../src/through-links.ts';

test('throughLinks() follows links of a file to its end, also where there is nothing yet', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sentrypeer-links-')));
  try {
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('disk'));
    writeFileSync(at('disk/file'), '');
    symlinkSync('disk', at('directory'));
    symlinkSync('directory/file', at('relative'));
    symlinkSync(at('relative'), at('twice'));
    symlinkSync('../disk/none', at('disk/dangling'));
    symlinkSync('loop', at('loop'));
    assert.equal(throughLinks(at('twice')), at('directory/file'));
    assert.equal(throughLinks(at('directory/dangling')), at('disk/none'));
    for (const same of ['./sentrypeer.db', at('directory/file'), at('none'), at('loop')]) {
      assert.equal(throughLinks(same), same);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
