// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetListing, Subject } from '@sentrypeer/event';
import { OperatingError, silentLogger, type Clock } from '@sentrypeer/kernel';
import { Publisher, type ListedHere, type ListingPage } from '../../src/listings/publisher.ts';

/** Microseconds of a listing; the value does not matter here. */
const US = 1_700_000_000_000_000;
const PAGE: Pick<ListingPage, 'isBegin' | 'isEnd'> = { isBegin: false, isEnd: false };

/** A hub that takes a tenth of a second to say each page, and a fleet that keeps what it is told, in order. */
class Both {
  readonly said: string[][] = [];
  readonly watched: Subject[] = [];
  readonly refused: Subject[] = [];
  nowMs = 0;
  /** The next statements do not reach the fleet. */
  breaks = 0;
  questions = 0;
  readonly #levels = new Map<string, FleetListing['level']>();
  readonly #clock: Clock = { nowMs: () => this.nowMs, epochUs: () => US + this.nowMs * 1000 };
  readonly #here: ListedHere = {
    follow: (which) => ({
      next: (limit) => {
        const queue = which === 'refused' ? this.refused : this.watched;
        return queue.length === 0 ? undefined : { ...PAGE, subjects: queue.splice(0, limit) };
      },
    }),
    listing: ({ kind, value }) => ({
      kind,
      value,
      level: this.#levels.get(value) ?? 'watch',
      score: 1,
      grade: 'seen',
      reasons: [],
      sinceEpochUs: US,
      untilEpochUs: US,
      firstSeenEpochUs: US,
      lastSeenEpochUs: US,
      eventsCount: 1,
      isBlocked: false,
      isDelisted: false,
    }),
    isDelisted: () => false,
    hasJudged: () => true,
    lastHoneyId: () => 1,
  };
  readonly #publisher = new Publisher(this.#here, { logger: silentLogger, clock: this.#clock });

  /** Like the judge: what it lists is also among all changes. */
  list(value: string): void {
    const subject: Subject = { kind: 'number', value };
    this.#levels.set(value, 'listed');
    this.refused.push(subject);
    this.watched.push(subject);
  }

  watch(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.watched.push({ kind: 'number', value: `4670${index}` });
    }
  }

  readonly #source: Parameters<Publisher['step']>[0] = {
    hasListings: true,
    lead: async () => {
      this.questions += 1;
      return { isLeading: true, hub: 'hub-1', term: 1, life: 'a', last: 0, nowEpochUs: US };
    },
    publish: async (_, entries) => {
      this.nowMs += 100;
      if (this.breaks > 0) {
        this.breaks -= 1;
        throw new OperatingError('fleet_unreachable', 'the connection broke');
      }
      this.said.push(entries.map(({ value, level }) => `${String(value)} ${String(level)}`));
      return this.said.length;
    },
    published: async () => [],
  };

  step(): Promise<boolean> {
    return this.#publisher.step(this.#source, true);
  }

  sayRefused(): Promise<void> {
    return this.#publisher.sayRefused(this.#source);
  }
}

test('what is refused is said before what is watched, however much of that waits', async () => {
  const both = new Both();
  both.watch(100_000);
  both.list('881612345601');
  assert.equal(await both.step(), true);
  assert.deepEqual(both.said[0], ['881612345601 listed']);
  assert.equal(both.said[1]?.length, 500, 'then the others');
  both.list('881623456701');
  await both.step();
  const place = both.said.findIndex((page) => page.includes('881623456701 listed'));
  assert.deepEqual(both.said[place], ['881623456701 listed'], 'also when it comes later');
  assert.ok(place <= 3, String(place));
});

test('a hub that has much to say goes on taking events after a moment', async () => {
  const both = new Both();
  both.watch(100_000);
  assert.equal(await both.step(), true, 'there is more');
  assert.ok(both.nowMs <= 400, `${both.nowMs} ms`);
  const before = both.said.length;
  both.watched.length = 0;
  assert.equal(await both.step(), false, 'there is no more');
  assert.equal(both.said.length, before);
});

test('what did not reach the fleet is said again, whichever of it that was', async () => {
  const both = new Both();
  await both.step();
  both.watch(1);
  both.breaks = 1;
  await assert.rejects(both.step());
  assert.deepEqual(both.said, []);
  await both.step();
  assert.deepEqual(both.said, [['46700 watch']]);
  both.list('881612345601');
  both.breaks = 2;
  await assert.rejects(both.sayRefused());
  await assert.rejects(both.sayRefused());
  await both.sayRefused();
  assert.deepEqual(both.said[1], ['881612345601 listed']);
});

test('what is to be refused is said between two rounds, and whether to say it is asked once a second', async () => {
  const both = new Both();
  await both.step();
  both.watch(100);
  both.list('881612345601');
  await both.sayRefused();
  assert.deepEqual(both.said, [['881612345601 listed']], 'what is watched waits for the round');
  await both.step();
  assert.equal(both.questions, 1);
  both.nowMs += 1000;
  await both.step();
  assert.equal(both.questions, 2);
});
