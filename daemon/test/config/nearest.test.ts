// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName, suggestion } from '../../src/config/nearest.ts';

test('nearestName() finds a name with a letter wrong, missing, doubled or swapped', () => {
  const names = ['db-file', 'json-log', 'json-log-file'];
  for (const text of ['db-fole', 'db-fie', 'dbb-file', 'db-flie']) {
    assert.equal(nearestName(text, names), 'db-file', text);
  }
  assert.equal(nearestName('json-logs', names), 'json-log');
});

test('nearestName() finds nothing where nothing is similar, or the text is too long', () => {
  assert.equal(nearestName('webhook', ['db-file', 'api']), undefined);
  assert.equal(nearestName('xyz', ['api']), undefined);
  assert.equal(nearestName('a'.repeat(65), ['a'.repeat(64)]), undefined);
});

test('suggestion() is the end of a sentence, or nothing', () => {
  assert.equal(suggestion('ap1', ['api']), ', did you mean api?');
  assert.equal(suggestion('zzz', ['api']), '');
});
