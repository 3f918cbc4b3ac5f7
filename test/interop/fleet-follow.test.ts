// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* In which order a node takes what the hubs list. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FleetListing } from '@sentrypeer/event';
import { Follower } from '@sentrypeer/fleet';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { until } from '../e2e/daemon-process.ts';
import { FleetWorld } from './fleet-world.ts';

/** Listings that a node reads at a time. */
const PART = 500;
const WATCHED = 5000;
const REFUSED = 700;

const insert = (from: number, count: number, level: string): string => `
  INSERT INTO fleet.listing SELECT 'number', (46710000000 + i)::text, i, '${level}', 60, 'handshake', '[]', 0,
    4102444800000000, 0, 0, 1, false, false, 'hub-1' FROM generate_series(${from}, ${from + count - 1}) AS i;
  UPDATE fleet.listing_mark SET last = ${from + count - 1};`;

/** A node's copy: each part that it took, and how far it was then. */
class Copy {
  readonly parts: { readonly levels: ReadonlySet<string>; readonly serial: number }[] = [];
  readonly values = new Set<string>();
  #place: { readonly life: string; readonly serial: number } | undefined;

  readonly sink = {
    place: () => this.#place,
    count: () => this.values.size,
    begin: async (life: string) => void (this.#place = { life, serial: 0 }),
    take: async (listings: readonly FleetListing[], serial: number) => {
      for (const { value } of listings) this.values.add(value);
      this.parts.push({ levels: new Set(listings.map(({ level }) => level)), serial });
      return { withoutRoom: 0, kept: this.values.size };
    },
    sweep: async () => false,
  };
}

test('what is refused, and what no longer is, does not wait behind what is only watched', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const path = await world.join('pbx-1', 'follower');
  const reading = readFleetAddress(readFileSync(path, 'utf8'));
  assert.ok('address' in reading);
  await world.rows(`BEGIN; ${insert(1, WATCHED, 'watch')} ${insert(WATCHED + 1, REFUSED, 'listed')}
    ${insert(WATCHED + REFUSED + 1, 1, 'none')} COMMIT`);
  const copy = new Copy();
  const follower = new Follower(
    { sink: copy.sink, logger: silentLogger, clock: systemClock, random: () => 0.5 },
    reading.address,
  );
  await until('all of it', () => follower.state.serial === WATCHED + REFUSED + 1);
  const { parts, values } = copy;
  assert.deepEqual(
    parts.slice(0, 4).map(({ levels, serial }) => [[...levels].join(), serial]),
    [
      ['listed', 0],
      ['watch', PART],
      ['listed,none', PART],
      ['watch', 2 * PART],
    ],
    'and the place of what is read in order stays',
  );
  assert.equal(values.size, WATCHED + REFUSED + 1);
  assert.equal(follower.state.takenChanges, WATCHED + REFUSED + 1, 'each is counted once');

  // Later, too: what was listed meanwhile comes before a second flood.
  const [before, last] = [parts.length, WATCHED + REFUSED + 1];
  await world.rows(
    `BEGIN; ${insert(last + 1, WATCHED, 'watch')} ${insert(last + WATCHED + 1, 1, 'listed')} COMMIT`,
  );
  await until('the second flood', () => follower.state.serial === last + WATCHED + 1);
  assert.deepEqual([...(parts[before]?.levels ?? [])], ['listed']);
  await follower.close(5000);
});
