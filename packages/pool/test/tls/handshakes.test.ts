// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HANDSHAKES_OF_NETWORK_MAX,
  HANDSHAKES_OPEN_MAX,
  NETWORK_RATES_MAX,
} from '../../src/limits.ts';
import { Handshakes } from '../../src/tls/handshakes.ts';

/** Ends of connections that may begin. */
function begun(handshakes: Handshakes, addresses: readonly string[], nowMs: number): number {
  return addresses.filter((address, port) =>
    handshakes.begin(`${address} ${nowMs} ${port}`, address, nowMs),
  ).length;
}

function many(count: number, addressOf: (index: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, index) => addressOf(index));
}

test('one network holds a part of the places, and others have the rest', () => {
  const handshakes = new Handshakes(0);
  assert.equal(
    begun(
      handshakes,
      many(100, (at) => `45.66.${at}.1`),
      0,
    ),
    HANDSHAKES_OF_NETWORK_MAX,
  );
  assert.equal(
    begun(
      handshakes,
      many(100, (at) => `2a01:4f8:${at}::1`),
      0,
    ),
    HANDSHAKES_OF_NETWORK_MAX,
  );
  const others = HANDSHAKES_OPEN_MAX - 2 * HANDSHAKES_OF_NETWORK_MAX;
  assert.equal(
    begun(
      handshakes,
      many(100, (at) => `${50 + at}.1.1.1`),
      0,
    ),
    others,
  );
});

test('one network that opens and closes uses a part of the rate', () => {
  const handshakes = new Handshakes(0);
  let [sybils, honest] = [0, 0];
  for (let ms = 0; ms < 60_000; ms += 10) {
    const end = `45.66.0.1 ${ms}`;
    if (handshakes.begin(end, '45.66.0.1', ms)) sybils += 1;
    handshakes.end(end);
    if (ms % 1000 !== 0) continue;
    const other = `46.1.1.1 ${ms}`;
    if (handshakes.begin(other, `${46 + ((ms / 1000) % 100)}.1.1.1`, ms)) honest += 1;
    handshakes.end(other);
  }
  assert.ok(sybils <= HANDSHAKES_OF_NETWORK_MAX + 60, `${sybils} of one network in a minute`);
  assert.equal(honest, 60);
});

test('a site may use all places, and no more', () => {
  const handshakes = new Handshakes(0);
  assert.equal(
    begun(
      handshakes,
      many(100, (at) => `10.0.0.${at}`),
      0,
    ),
    HANDSHAKES_OPEN_MAX,
  );
  handshakes.end('10.0.0.3 0 3');
  assert.equal(begun(handshakes, ['10.0.0.3'], 0), 0, 'the rate');
  assert.equal(begun(handshakes, ['10.0.0.3'], 1000), 1);
});

test('places that are held stay taken however much time passes, those of one network and all', () => {
  const handshakes = new Handshakes(0);
  const ofNetwork = many(100, (at) => `45.66.${at}.1`);
  assert.equal(begun(handshakes, ofNetwork, 0), HANDSHAKES_OF_NETWORK_MAX);
  assert.equal(begun(handshakes, ofNetwork, 60_000), 0);
  handshakes.end('45.66.0.1 0 0');
  assert.equal(begun(handshakes, ofNetwork, 60_000), 1);
  const others = many(100, (at) => `${50 + at}.1.1.1`);
  assert.equal(begun(handshakes, others, 120_000), HANDSHAKES_OPEN_MAX - HANDSHAKES_OF_NETWORK_MAX);
  assert.equal(begun(handshakes, ['10.0.0.1'], 180_000), 0);
});

test('a network that used up its rate is not forgotten before many others came', () => {
  /** @returns Whether it may begin again, when others came and half a second passed. */
  const mayBegin = (othersCount: number): boolean => {
    const handshakes = new Handshakes(0);
    for (let count = 0; count < HANDSHAKES_OF_NETWORK_MAX; count += 1) {
      assert.equal(handshakes.begin(`end ${count}`, '45.66.0.1', 0), true);
      handshakes.end(`end ${count}`);
    }
    for (let at = 0; at < othersCount; at += 1) {
      handshakes.begin(`other ${at}`, `${50 + (at >> 8)}.${at & 255}.0.1`, 0);
      handshakes.end(`other ${at}`);
    }
    return handshakes.begin('again', '45.66.0.1', 500);
  };
  assert.equal(mayBegin(0), false);
  assert.equal(mayBegin(NETWORK_RATES_MAX - 1), false);
  assert.equal(mayBegin(NETWORK_RATES_MAX), true, 'it was idle for longest');
});
