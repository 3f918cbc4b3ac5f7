// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { askAhead, takeAhead } from '../src/ask/ahead.ts';
import { addressPaths, numberPaths, pathsOf } from '../src/ask/paths.ts';
import { AHEAD_MS } from '../src/limits.ts';
import { searchRoute } from '../src/state/search.ts';

afterEach(() => mock.restoreAll());

/** A node that answers each path with itself. @returns What it was asked. */
function node(): readonly string[] {
  const asked: string[] = [];
  mock.method(globalThis, 'fetch', (path: string) => {
    asked.push(path);
    return Promise.resolve(Response.json(path));
  });
  return asked;
}

test('`askAhead()` asks at once, and `takeAhead()` gives each answer once', async () => {
  const asked = node();
  askAhead(['/a', '/b']);
  assert.deepEqual(asked, ['/a', '/b']);
  assert.deepEqual(await takeAhead('/b'), { ok: true, value: '/b' });
  assert.equal(takeAhead('/b'), undefined, 'the next look asks the node');
  assert.equal(takeAhead('/c'), undefined);
  assert.deepEqual(await takeAhead('/a'), { ok: true, value: '/a' });
});

test('`takeAhead()` gives nothing of an earlier search, and nothing old', () => {
  node();
  const now = mock.method(performance, 'now', () => 1000);
  askAhead(['/earlier']);
  askAhead(['/a', '/b']);
  assert.equal(takeAhead('/earlier'), undefined);
  now.mock.mockImplementation(() => 1000 + AHEAD_MS);
  assert.ok(takeAhead('/a'));
  now.mock.mockImplementation(() => 1001 + AHEAD_MS);
  assert.equal(takeAhead('/b'), undefined);
});

test('`pathsOf()` names what the views of addresses and numbers ask for', () => {
  const address = searchRoute('2001:DB8::7');
  const number = searchRoute('+44 20 7946 0123');
  const words = searchRoute('friendly scanner');
  assert.ok(address && number && words);
  assert.deepEqual(pathsOf(address), Object.values(addressPaths('2001:db8::7')));
  assert.equal(addressPaths('2001:db8::7').found, '/v1/addresses/2001%3Adb8%3A%3A7');
  assert.deepEqual(pathsOf(number), Object.values(numberPaths('+442079460123')));
  assert.equal(numberPaths('+442079460123').why, '/v1/explain?number=%2B442079460123');
  assert.deepEqual(pathsOf(words), []);
});
