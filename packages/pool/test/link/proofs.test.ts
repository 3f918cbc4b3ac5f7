// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Authors that say one thing here and another there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROOFS_WAITING_MAX, PUSHED_MS, PUSHED_OCTETS_PER_S } from '../../src/link/limits.ts';
import { encodeFrame, FrameType } from '../../src/link/frames.ts';
import type { Wire } from '../../src/link/link-parts.ts';
import { PAGE_OCTETS_MAX } from '../../src/limits.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';
import { OPEN, SimulatedNode, SimulatedTime } from './simulated-links.ts';

/** Two pages with one serial. */
function pairOf(name: string, claimsCount = 1): readonly [Uint8Array, Uint8Array] {
  const page = (third: number): Uint8Array =>
    pageOf(authorOf(name), {
      serial: NOW_S,
      claims: Array.from({ length: claimsCount }, (_, index) =>
        claimOf(`45.${third}.${index >> 8}.${index & 255}`),
      ),
    });
  return [page(1), page(2)];
}

const keyOf = (name: string): string => authorOf(name).publicKey.toHex();

/** Has somebody who speaks for himself at the other end of a link. */
function strangerOf(node: SimulatedNode, time: SimulatedTime, name: string) {
  const sent: Uint8Array[] = [];
  const wire: Wire = {
    unsentOctets: 0,
    send: (octets) => void sent.push(octets),
    close: () => undefined,
  };
  const link = node.accept(new SimulatedNode(time, name), wire, false, [OPEN, OPEN]);
  assert.ok(link !== undefined);
  link.receive(encodeFrame(FrameType.hello, new Uint8Array([1, 0, 0, 0, 0]), OPEN));
  return { link, sent };
}

/** Has everything that is pushed on the links of a node called useless, until nothing more is pushed. */
async function useUpPushes(
  node: SimulatedNode,
  time: SimulatedTime,
  { link, sent }: ReturnType<typeof strangerOf>,
): Promise<void> {
  for (let count = 0; count < 2000; count += 1) {
    const before = sent.length;
    node.say(`46.0.${count >> 8}.${count & 255}`);
    await time.pass(20);
    if (!sent.slice(before).some((frame) => frame[3] === FrameType.pages)) return;
    link.receive(encodeFrame(FrameType.want, new Uint8Array(8))); // It is eager again.
    link.receive(encodeFrame(FrameType.prune));
    link.receive(encodeFrame(FrameType.want, new Uint8Array(8)));
  }
  assert.fail('the pushes were never used up');
}

test('the proof that an author lies passes on a link on which too many pages were pushed in vain', async () => {
  const time = new SimulatedTime();
  const node = new SimulatedNode(time, 'node');
  const other = strangerOf(node, time, 'other');
  await useUpPushes(node, time, other);
  const [first, second] = pairOf('liar', 280);
  other.sent.length = 0;
  const teller = strangerOf(node, time, 'teller');
  node.take(first);
  teller.link.receive(pagesFrame(second));
  await time.pass(1000);
  const told = other.sent.filter((frame) => frame[3] === FrameType.pages);
  assert.equal(told.length, 1);
  assert.ok((told[0]?.length ?? 0) > first.length + second.length);
});

test('a proof that may not be sent at once comes later, that of somebody who is heard first', async () => {
  const time = new SimulatedTime();
  const node = new SimulatedNode(time, 'node');
  const other = strangerOf(node, time, 'other');
  await useUpPushes(node, time, other);
  const teller = strangerOf(node, time, 'teller');
  const lie = (name: string): void => {
    const [first, second] = pairOf(name, 280);
    node.take(first);
    teller.link.receive(pagesFrame(second));
  };
  other.sent.length = 0;
  const told = (): number => other.sent.filter((frame) => frame[3] === FrameType.pages).length;
  for (let index = 0; index < PROOFS_WAITING_MAX + 10; index += 1) {
    lie(`liar ${index}`);
    await time.pass(20);
    other.link.receive(encodeFrame(FrameType.prune)); // It had all of them.
  }
  const atOnce = told();
  assert.ok(atOnce > 0 && atOnce < 10, `${atOnce} at once`);
  node.voterKeys.add(keyOf('voter'));
  await time.pass(1000); // It is read now and then.
  lie('voter');
  other.sent.length = 0;
  const waitMs = ((2 * PAGE_OCTETS_MAX + 1000) / PUSHED_OCTETS_PER_S) * 1000 + 2 * PUSHED_MS;
  for (let waitedMs = 0; waitedMs < waitMs && told() === 0; waitedMs += 1000) await time.pass(1000);
  const frame = other.sent.find((one) => one[3] === FrameType.pages);
  assert.ok(frame?.toHex().includes(keyOf('voter')));
});

test('a node that comes with one of two such pages gets the other, also over a new link', async () => {
  const time = new SimulatedTime();
  const [first, second] = pairOf('liar');
  const node = new SimulatedNode(time, 'node');
  const teller = strangerOf(node, time, 'teller');
  node.take(first);
  teller.link.receive(pagesFrame(second));
  await time.pass(1000);
  assert.deepEqual([...node.proofs.keys()], [keyOf('liar')]);
  for (const page of [first, second]) {
    const late = new SimulatedNode(time, `late with ${page === first ? 'one' : 'the other'}`);
    late.take(page);
    late.exchange.wake();
    late.dial(node);
    await time.pass(10_000);
    assert.deepEqual([...late.proofs.keys()], [keyOf('liar')]);
    assert.deepEqual(late.subjects(), []);
  }
  // Also if the node was started again meanwhile and remembers no ids.
  const again = new SimulatedNode(time, 'node, started again');
  for (const page of [first, second]) again.take(page);
  again.exchange.wake();
  const late = new SimulatedNode(time, 'late');
  late.take(first);
  late.exchange.wake();
  late.dial(again);
  await time.pass(10_000);
  assert.deepEqual([...late.proofs.keys()], [keyOf('liar')]);
});

function pagesFrame(page: Uint8Array): Uint8Array {
  return encodeFrame(FrameType.pages, new Uint8Array([page.length >> 8, page.length & 255]), page);
}
