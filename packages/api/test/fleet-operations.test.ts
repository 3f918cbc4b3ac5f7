// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetState } from '../src/index.ts';
import { openApi } from './ports.ts';

const NOTHING: FleetState = {
  isStarting: false,
  push: undefined,
  pull: undefined,
  publish: undefined,
  follow: undefined,
  overview: undefined,
};
const FOLLOW: NonNullable<FleetState['follow']> = {
  listings: 2,
  serial: 7,
  takenChanges: 3,
  leftOut: 0,
  currentEpochUs: undefined,
  failures: 0,
  trouble: undefined,
};

async function fleet(state: FleetState | undefined): Promise<Readonly<Record<string, unknown>>> {
  const operations = {
    notReady: () => [],
    degraded: () => [],
    metrics: () => [],
    webhooks: () => [],
    followers: () => [],
    fleet: () => state,
  };
  await using api = await openApi({ operations });
  const response = await fetch(`http://127.0.0.1:${api.address.port}/v1/fleet`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

test('/v1/fleet tells no fleet, the first moment in one, and what a node does there apart', async () => {
  const nothing = { push: null, pull: null, publish: null, follow: null, overview: null };
  assert.deepEqual(await fleet(undefined), { state: 'none', ...nothing });
  const starting = await fleet({ ...NOTHING, isStarting: true });
  assert.deepEqual(starting, { state: 'starting', ...nothing });
  const running = await fleet({ ...NOTHING, follow: FOLLOW });
  assert.deepEqual([running['state'], running['push']], ['running', null]);
  assert.notEqual(running['follow'], null);
});
