// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../src/engine/admission.ts';
import {
  ANSWERED_MS,
  UNPROVED_DATAGRAM_OCTETS_MAX,
  UNPROVED_OCTETS_PER_HOUR,
} from '../../src/engine/limits.ts';
import { Outbox } from '../../src/engine/outbox.ts';
import {
  DATAGRAM_OCTETS_MAX,
  PACE_MS,
  PACED_DATAGRAMS_COUNT,
  PACED_OCTETS_MAX,
  PROVED_MS,
} from '../../src/limits.ts';
import { testCore } from '../core-for-tests.ts';

const PEER = { address: '192.0.2.1', port: 4222 };
const OTHER = { address: '198.51.100.1', port: 4222 };

/** An outbox with what it sent, each datagram by its length. */
function made() {
  const { core, pass } = testCore();
  const admission = new Admission();
  const lengths: number[] = [];
  const { clock, timers, counters } = core;
  const outbox = new Outbox(clock, timers, counters, admission, ({ length }, { address }) => {
    lengths.push(length);
    assert.ok(address === PEER.address || address === OTHER.address);
  });
  const transmit = (sizes: readonly number[], to = PEER): void =>
    outbox.transmit(
      sizes.map((size) => new Uint8Array(size)),
      to,
    );
  return { outbox, admission, lengths, transmit, pass, counters, nowMs: () => clock.nowMs() };
}

/** This many sizes, each one larger by 1. */
function from(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

test('transmit() sends a header at once, and parts in their order, 50 in 10 ms', () => {
  const { admission, lengths, transmit, pass, counters } = made();
  admission.prove(PEER, 0);
  transmit(from(1, 1 + 120));
  assert.equal(lengths.length, 1 + PACED_DATAGRAMS_COUNT);
  pass(PACE_MS - 1);
  assert.equal(lengths.length, 1 + PACED_DATAGRAMS_COUNT);
  pass(1);
  assert.equal(lengths.length, 1 + 2 * PACED_DATAGRAMS_COUNT);
  pass(PACE_MS);
  assert.deepEqual(lengths, from(1, 121));
  assert.equal(counters.datagramsSent, 121);
  assert.equal(counters.octetsSent, (121 * 122) / 2);
  pass(1000);
  assert.equal(lengths.length, 121);
});

test('transmit() lets the header of another message pass those parts that wait, and no part', () => {
  const { admission, lengths, transmit, pass } = made();
  admission.prove(PEER, 0);
  transmit(from(1, 1 + 60));
  transmit([500, 501, 502]);
  assert.deepEqual(lengths.slice(51), [500]);
  pass(PACE_MS);
  assert.deepEqual(lengths.slice(52), [...from(52, 10), 501, 502]);
  // 38 more may go in this burst.
  transmit(from(600, 1 + 40));
  assert.deepEqual(lengths.slice(64), from(600, 39));
  pass(PACE_MS);
  assert.deepEqual(lengths.slice(64), from(600, 41));
});

test('transmit() begins a new burst after a pause, and not before', () => {
  const { admission, lengths, transmit, pass } = made();
  admission.prove(PEER, 0);
  transmit([1, ...from(2, 30)]);
  pass(PACE_MS - 1);
  transmit([1, ...from(2, 30)]);
  assert.equal(lengths.length, 2 + PACED_DATAGRAMS_COUNT);
  pass(PACE_MS);
  assert.equal(lengths.length, 62);
  pass(PACE_MS);
  transmit([1, ...from(2, 50)]);
  assert.equal(lengths.length, 62 + 51);
});

test('transmit() sends nothing of a message without a header or with one too long', () => {
  const { admission, lengths, transmit, counters } = made();
  admission.prove(PEER, 0);
  transmit([]);
  transmit([DATAGRAM_OCTETS_MAX + 1, 5]);
  assert.deepEqual(lengths, []);
  assert.equal(counters.unprovedWithheld, 0);
  transmit([DATAGRAM_OCTETS_MAX, 5]);
  assert.deepEqual(lengths, [DATAGRAM_OCTETS_MAX, 5]);
});

test('transmit() keeps 16 MiB of parts at most, again once they have gone', () => {
  const { admission, lengths, transmit, pass, counters } = made();
  admission.prove(PEER, 0);
  const size = PACED_OCTETS_MAX / 16;
  const flood = [1, ...Array<number>(PACED_DATAGRAMS_COUNT).fill(2)];
  for (let round = 1; round <= 2; round += 1) {
    transmit(flood);
    transmit([1, ...Array<number>(16).fill(size), 1]);
    assert.equal(counters.pacedDropped, round);
    pass(3 * PACE_MS);
    assert.equal(lengths.filter((length) => length === size).length, round * 16);
  }
});

test('who has not shown that it hears us gets single short datagrams, so many octets an hour', () => {
  const { lengths, transmit, counters, pass } = made();
  transmit([UNPROVED_DATAGRAM_OCTETS_MAX + 1]);
  transmit([20, 20]);
  assert.deepEqual(lengths, []);
  assert.equal(counters.unprovedWithheld, 2);
  const count = UNPROVED_OCTETS_PER_HOUR / UNPROVED_DATAGRAM_OCTETS_MAX;
  for (let index = 0; index < count + 5; index += 1) transmit([UNPROVED_DATAGRAM_OCTETS_MAX]);
  assert.equal(lengths.length, count);
  assert.equal(counters.unprovedWithheld, 2 + 5);
  transmit([UNPROVED_DATAGRAM_OCTETS_MAX], OTHER);
  assert.equal(lengths.length, count + 1);
  pass(1000);
  assert.equal(lengths.length, count + 1);
});

test('who answered up to two hours ago gets single short datagrams, as many as there are', () => {
  const { admission, lengths, transmit, pass } = made();
  admission.prove(PEER, 0);
  pass(PROVED_MS - 1);
  transmit([300, 300]);
  assert.equal(lengths.length, 2);
  pass(1);
  transmit([20, 20]);
  transmit([300]);
  assert.equal(lengths.length, 2);
  for (let index = 0; index < 100; index += 1) transmit([UNPROVED_DATAGRAM_OCTETS_MAX]);
  assert.equal(lengths.length, 102);
  pass(ANSWERED_MS - PROVED_MS);
  for (let index = 0; index < 100; index += 1) transmit([UNPROVED_DATAGRAM_OCTETS_MAX]);
  assert.ok(lengths.length < 202, String(lengths.length));
});
