// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { FairRoom, type RoomClient } from '../src/fair-room.ts';
import { ANSWER_TENURE_MS } from '../src/limits.ts';

const stranger = (source: string): RoomClient => ({ source, isKnown: false });
const known = (source: string): RoomClient => ({ source, isKnown: true });

/** A room for four answers, with its own clock. */
function openRoom(clients: readonly RoomClient[]) {
  const clock = { ms: 1000, nowMs: (): number => clock.ms };
  const room = new FairRoom(4, clock);
  const take = (client: RoomClient): Readable | undefined => {
    if (!room.makeFor(client)) return undefined;
    const answer = new Readable({ read: () => undefined });
    room.add(client, answer);
    return answer;
  };
  const answers = clients.map((client) => take(client));
  const gone = (): readonly number[] =>
    answers.flatMap((answer, index) => (answer?.destroyed === true ? [index] : []));
  return { clock, take, gone };
}

test('FairRoom: the client that has most loses its oldest to one that has fewer', () => {
  const { take, gone } = openRoom(['a', 'b', 'b', 'b'].map(stranger));
  assert.equal(take(stranger('b')), undefined);
  assert.ok(take(stranger('c')));
  assert.deepEqual(gone(), [1]);
});

test('FairRoom: strangers who each take one answer lose the oldest, but only once it had its time', () => {
  const { clock, take, gone } = openRoom(['a', 'b', 'c', 'd'].map(stranger));
  assert.equal(take(stranger('e')), undefined);
  clock.ms += ANSWER_TENURE_MS - 1;
  assert.equal(take(stranger('e')), undefined);
  clock.ms += 1;
  assert.equal(take(stranger('a')), undefined); // It would have more than the others.
  assert.ok(take(stranger('e')));
  assert.deepEqual(gone(), [0]);
});

test('FairRoom: strangers make room for who is known at once, and never the other way round', () => {
  const { clock, take, gone } = openRoom(['a', 'b', 'c', 'd'].map(stranger));
  for (const source of ['a', 'k', 'k', 'k']) assert.ok(take(known(source)), source);
  assert.deepEqual(gone(), [0, 1, 2, 3]);
  clock.ms += ANSWER_TENURE_MS;
  assert.equal(take(stranger('e')), undefined);
  const other = take(known('m')); // Among known clients, the one with the most loses.
  assert.ok(other);
  assert.equal(other.destroyed, false);
});
