// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fleet, FleetNode } from '../src/api-types.ts';
import { fleetPart, fleetTroubles, nodeStanding } from '../src/state/fleet.ts';

const NOTHING: Fleet = {
  state: 'running',
  push: null,
  pull: null,
  publish: null,
  follow: null,
  overview: null,
};

const PUSH: NonNullable<Fleet['push']> = {
  connected: true,
  lag: 0,
  pushed_events: 0,
  pushed_repeats: 0,
  failures: 0,
  refused_events: 0,
  epoch: 1,
  last_push: null,
  trouble: null,
};

const PULL: NonNullable<Fleet['pull']> = {
  pulled_events: 0,
  left_out: 0,
  behind: 0,
  taken_decisions: 0,
  waiting_decisions: 0,
  failures: 0,
  trouble: null,
};

const FOLLOW: NonNullable<Fleet['follow']> = {
  listings: 0,
  serial: 0,
  taken_changes: 0,
  left_out: 0,
  last_current: null,
  failures: 0,
  trouble: null,
};

const NODE: FleetNode = {
  node: 'berlin-1',
  role: 'sensor',
  connected: true,
  version: '0.1.0',
  events: 5,
  waiting: 0,
  last_push: null,
  last_seen: null,
  silent: false,
};

test('fleetPart() tells by what a node does', () => {
  assert.equal(fleetPart({ ...NOTHING, state: 'none' }), 'none');
  assert.equal(fleetPart({ ...NOTHING, state: 'starting' }), 'starting');
  assert.equal(fleetPart({ ...NOTHING, follow: FOLLOW }), 'follower');
  assert.equal(fleetPart({ ...NOTHING, push: PUSH, follow: FOLLOW }), 'sensor');
  assert.equal(fleetPart({ ...NOTHING, push: PUSH, pull: PULL }), 'hub');
});

test('fleetTroubles() has the words of each part that fails', () => {
  assert.deepEqual(fleetTroubles(NOTHING), []);
  assert.deepEqual(fleetTroubles({ ...NOTHING, push: PUSH, follow: FOLLOW }), []);
  assert.deepEqual(
    fleetTroubles({
      ...NOTHING,
      push: { ...PUSH, trouble: 'one' },
      pull: { ...PULL, trouble: 'two' },
      follow: { ...FOLLOW, trouble: 'three' },
    }),
    [
      { what: 'Pushing events', why: 'one' },
      { what: 'Taking the events of others', why: 'two' },
      { what: 'Following what hubs list', why: 'three' },
    ],
  );
});

test('nodeStanding() says what waits, and is bad where a node is silent', () => {
  for (const [node, word, isBad] of [
    [{}, 'up to date', false],
    [{ waiting: 1 }, '1 event behind', false],
    [{ waiting: 12_345 }, '12,345 events behind', false],
    [{ silent: true }, 'silent', true],
    [{ silent: true, waiting: 2 }, 'silent, 2 events behind', true],
    [{ role: 'left', waiting: 2 }, 'left the fleet', false],
  ] as const) {
    assert.deepEqual(nodeStanding({ ...NODE, ...node }), { word, isBad });
  }
});
