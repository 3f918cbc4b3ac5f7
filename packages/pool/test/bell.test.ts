// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Bell } from '../src/bell.ts';

/** A bell whose time passes when it is told to. */
function newBell() {
  const timers: { readonly ms: number; readonly run: () => void; isCancelled: boolean }[] = [];
  const bell = new Bell((ms, run) => {
    const timer = { ms, run, isCancelled: false };
    timers.push(timer);
    return () => void (timer.isCancelled = true);
  });
  return { bell, timers };
}

/** Whether it has resolved within a turn. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await nextTurn();
  return over;
}

test('`Bell` ends a wait for news with a ring, and one that came before it was waited for', async () => {
  const { bell, timers } = newBell();
  bell.ring();
  assert.equal(await isOver(bell.news()), true);
  const news = bell.news();
  assert.equal(await isOver(news), false, 'each ring counts once');
  bell.ring();
  assert.equal(await isOver(news), true);
  assert.equal(await isOver(bell.news()), false);
  assert.deepEqual(timers, []);
});

test('`Bell` ends a pause after its time, although it rings meanwhile, and remembers the ring', async () => {
  const { bell, timers } = newBell();
  const pause = bell.pause(700);
  bell.ring();
  assert.equal(await isOver(pause), false);
  assert.equal(timers[0]?.ms, 700);
  timers[0]?.run();
  assert.equal(await isOver(pause), true);
  assert.equal(await isOver(bell.news()), true);
});

test('`Bell` that is closed ends every wait, now and later, and leaves no timer', async () => {
  for (const wait of [(bell: Bell) => bell.news(), (bell: Bell) => bell.pause(1)]) {
    const { bell, timers } = newBell();
    const waiting = wait(bell);
    assert.deepEqual([await isOver(waiting), bell.closed], [false, false]);
    bell.close();
    assert.deepEqual([await isOver(waiting), bell.closed], [true, true]);
    assert.ok(timers.every(({ isCancelled }) => isCancelled));
    const count = timers.length;
    assert.equal(await isOver(wait(bell)), true);
    assert.equal(timers.length, count);
  }
});
