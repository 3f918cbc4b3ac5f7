// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonListText, jsonText } from '../src/json-text.ts';

/** C1, DEL, a direction and an invisible mark, as dialled by an attacker. */
const NUMBER = '00\u009b31m\u007f\u202e44\u200b';

async function* pages(): AsyncGenerator<readonly string[]> {
  yield [NUMBER];
}

test('answers of 4.x hold nothing that changes a terminal, and say the same', async () => {
  const one = jsonText({ phone_number_found: NUMBER, seen_count: 2 });
  let list = '';
  for await (const piece of jsonListText('numbers', pages(), (called) => ({ called })))
    list += piece;
  for (const text of [one, list]) {
    const codes = Array.from(text, (character) => character.charCodeAt(0));
    assert.ok(
      codes.every((code) => code === 0x0a || (code >= 0x20 && code < 0x7f)),
      text,
    );
  }
  assert.deepEqual(JSON.parse(one), { phone_number_found: NUMBER, seen_count: 2 });
  assert.deepEqual(JSON.parse(list), { numbers_total: 1, numbers: [{ called: NUMBER }] });
});
