// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINKS_IN_MAX, LINKS_OF_NETWORK_MAX } from '../../src/limits.ts';
import { hasRoomFor } from '../../src/tls/room.ts';

/** Links from that many networks. */
function peersOf(count: number, isOutward: boolean) {
  return Array.from({ length: count }, (_, index) => ({ address: `46.${index}.0.1`, isOutward }));
}

test('`hasRoomFor()` counts the links that others dialled, those of a site as well', () => {
  for (const address of ['45.0.0.1', '192.168.0.1']) {
    const dialled = peersOf(2 * LINKS_IN_MAX, true);
    assert.equal(hasRoomFor(address, [...dialled, ...peersOf(LINKS_IN_MAX - 1, false)]), true);
    assert.equal(hasRoomFor(address, [...dialled, ...peersOf(LINKS_IN_MAX, false)]), false);
  }
});

test('`hasRoomFor()` gives one network a few places, and others have the rest', () => {
  const few = Array.from({ length: LINKS_OF_NETWORK_MAX }, (_, index) => ({
    address: `45.0.${index}.1`,
    isOutward: false,
  }));
  assert.equal(hasRoomFor('45.0.9.9', few.slice(1)), true);
  assert.equal(hasRoomFor('45.0.9.9', few), false);
  assert.equal(hasRoomFor('45.1.0.1', few), true);
});

test('`hasRoomFor()` lets hosts of a site take all places', () => {
  const many = Array.from({ length: LINKS_IN_MAX - 1 }, (_, index) => ({
    address: `192.168.0.${index}`,
    isOutward: false,
  }));
  assert.equal(hasRoomFor('192.168.0.200', many), true);
});
