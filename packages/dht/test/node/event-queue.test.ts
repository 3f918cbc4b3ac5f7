// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from '../../src/node/event-queue.ts';

function made(countMax = 3): { queue: EventQueue<number>; told: string[] } {
  const told: string[] = [];
  const queue = new EventQueue<number>(
    countMax,
    () => told.push('dropped'),
    () => told.push('closed'),
  );
  return { queue, told };
}

test('events are read in order, those that wait and those that come', async () => {
  const { queue } = made();
  queue.push(1);
  queue.push(2);
  const read: number[] = [];
  const reading = (async () => {
    for await (const event of queue) read.push(event);
  })();
  await Promise.resolve();
  queue.push(3);
  queue.close();
  await reading;
  assert.deepEqual(read, [1, 2, 3]);
});

test('a reader that is too slow loses the oldest, and it is told', async () => {
  const { queue, told } = made();
  for (const event of [1, 2, 3, 4, 5]) queue.push(event);
  assert.deepEqual(told, ['dropped', 'dropped']);
  assert.deepEqual(await queue.next(), { done: false, value: 3 });
});

test('leaving the loop closes the queue, once', async () => {
  const { queue, told } = made();
  queue.push(1);
  for await (const event of queue) {
    assert.equal(event, 1);
    break;
  }
  queue.close();
  await queue[Symbol.asyncDispose]();
  assert.deepEqual(told, ['closed']);
  queue.push(2);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('a reader that waits is let go by close()', async () => {
  const { queue } = made();
  const waiting = queue.next();
  queue.close();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test('a reader that waits gets the next event at once', async () => {
  const { queue, told } = made(1);
  const [first, second] = [queue.next(), queue.next()];
  queue.push(1);
  queue.push(2);
  assert.deepEqual(await Promise.all([first, second]), [
    { done: false, value: 1 },
    { done: false, value: 2 },
  ]);
  queue.push(3);
  assert.deepEqual(told, []);
  assert.deepEqual(await queue.next(), { done: false, value: 3 });
});

test('only events that wait count for the limit', async () => {
  const { queue, told } = made(3);
  for (const event of [1, 2, 3]) queue.push(event);
  assert.equal((await queue.next()).value, 1);
  queue.push(4);
  assert.deepEqual(told, []);
  queue.push(5);
  assert.deepEqual(told, ['dropped']);
  assert.equal((await queue.next()).value, 3);
});

test('what waits at close() can be read, and then it is over', async () => {
  const { queue } = made();
  queue.push(1);
  queue.close();
  assert.deepEqual(await queue.next(), { done: false, value: 1 });
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('return() closes and leaves nothing to read, and so does the end of a scope', async () => {
  const { queue, told } = made();
  queue.push(1);
  assert.deepEqual(await queue.return(), { done: true, value: undefined });
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
  assert.deepEqual(told, ['closed']);
  const other = made();
  {
    await using scoped = other.queue;
    scoped.push(1);
  }
  assert.deepEqual(other.told, ['closed']);
});
