// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnsafeCode, terminalSafeJson } from '../src/index.ts';

test('terminalSafeJson() is the same JSON without DEL, C1 and what turns the writing', () => {
  const value = { a: 'x\u007f\u0085\u009b31m\u202e\u2066\u200b\ufeff\u061c\u001b"\\ö📞', b: 1 };
  const safe = terminalSafeJson(JSON.stringify(value));
  assert.deepEqual(JSON.parse(safe), value);
  for (let index = 0; index < safe.length; index += 1)
    assert.ok(!isUnsafeCode(safe.charCodeAt(index)), `${index} of ${safe}`);
  assert.ok(safe.includes('ö📞'), 'what is harmless stays readable');
});
