// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentSet } from '../src/recent-set.ts';

test('RecentSet remembers at least so many of the newest, and at most twice as many', () => {
  const set = new RecentSet(3);
  assert.equal(set.has('0'), false);
  for (let index = 0; index < 20; index += 1) {
    set.add(String(index));
    const known = Array.from({ length: 20 }, (_, one) => one).filter((one) => set.has(String(one)));
    const newest = Array.from({ length: known.length }, (_, back) => index - back).toReversed();
    assert.deepEqual(known, newest);
    assert.ok(known.length >= Math.min(index + 1, 3) && known.length <= 6, String(known));
  }
});
