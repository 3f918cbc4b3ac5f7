// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Pump, type Log, type Sink } from '@sentrypeer/follow';

/** What changed, by serial: nothing here is an event. */
interface Change {
  readonly serial: number;
  readonly subject: string;
}

class Changes implements Log<Change> {
  entries: Change[] = [];
  readonly cursors = new Map<string, number>();

  add(...subjects: readonly string[]): void {
    for (const subject of subjects) this.entries.push({ serial: this.lastId() + 1, subject });
  }

  entriesAfter(id: number, limit: number): readonly Change[] {
    return this.entries.filter(({ serial }) => serial > id).slice(0, limit);
  }

  idOf({ serial }: Change): number {
    return serial;
  }

  lastId(): number {
    return this.entries.at(-1)?.serial ?? 0;
  }

  cursor(name: string): number | undefined {
    return this.cursors.get(name);
  }

  saveCursor(name: string, id: number): void {
    this.cursors.set(name, id);
  }
}

class Taker implements Sink<Change> {
  readonly taken: string[] = [];
  failNext = false;
  #until: { readonly count: number; readonly resolve: () => void } | undefined;

  async has(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#until = { count, resolve };
    if (this.taken.length >= count) resolve();
    await promise;
  }

  async resume(settledId: number): Promise<number> {
    return settledId;
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (this.failNext) {
      this.failNext = false;
      throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    }
    this.taken.push(...changes.map(({ subject }) => subject));
    if (this.taken.length >= (this.#until?.count ?? Infinity)) this.#until?.resolve();
  }

  async settle(): Promise<void> {}
  async close(): Promise<void> {}
}

function pumpTo(log: Changes, sink: Taker, onExpired?: (count: number) => void): Pump<Change> {
  return new Pump({ log, cursors: log, logger: silentLogger, clock: systemClock }, sink, {
    name: 'taker',
    settleMs: 0,
    settleEntriesMax: 1,
    retryMsMin: 1,
    ...(onExpired && { onExpired }),
  });
}

test('Pump carries entries with ids of any kind, from the end of the log at first', async () => {
  const log = new Changes();
  log.add('old');
  const sink = new Taker();
  const pump = pumpTo(log, sink);
  log.add('a', 'b');
  pump.wake();
  await sink.has(2);
  await pump.close();
  await pump.running;
  assert.deepEqual(sink.taken, ['a', 'b']);
  assert.equal(log.cursor('taker'), 3);
});

test('Pump goes on from its cursor, and after a failure from what was settled', async () => {
  const log = new Changes();
  log.add('a', 'b', 'c');
  log.saveCursor('taker', 1);
  const sink = new Taker();
  sink.failNext = true;
  const pump = pumpTo(log, sink);
  await sink.has(2);
  await pump.close();
  assert.deepEqual(sink.taken, ['b', 'c']);
});

test('Pump begins anew where the log was emptied, and counts what was removed before it came', async () => {
  const log = new Changes();
  log.saveCursor('taker', 9);
  log.add('a');
  const sink = new Taker();
  let expired = 0;
  const pump = pumpTo(log, sink, (count) => (expired += count));
  await sink.has(1);
  log.entries = [{ serial: 5, subject: 'f' }];
  pump.wake();
  await sink.has(2);
  await pump.close();
  assert.deepEqual(sink.taken, ['a', 'f']);
  assert.equal(expired, 3);
});

test('Pump goes on from the cursor of an earlier copy of the log that was put back', async () => {
  const log = new Changes();
  log.add('a', 'b', 'c', 'd');
  log.saveCursor('taker', 3);
  const sink = new Taker();
  const pump = pumpTo(log, sink);
  await sink.has(1);
  while (log.cursor('taker') !== 4) await nextTurn();
  log.entries = log.entries.slice(0, 2);
  log.saveCursor('taker', 2);
  log.add('e');
  pump.wake();
  await sink.has(2);
  await pump.close();
  assert.deepEqual(sink.taken, ['d', 'e']);
});
