// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventFilter, LogFilter } from '@sentrypeer/event';
import { EventWriter } from '../src/v1/event-writer.ts';
import type { Place } from '../src/places.ts';

const PLACES: Readonly<Record<string, Place>> = {
  '203.0.113.5': { country: 'NL', network: 'AS64500', networkName: 'Example' },
  '203.0.113.200': { country: 'SE', network: '203.0.113.0/24', networkName: undefined },
};
const NOWHERE: Place = { country: undefined, network: '2001:db8::/32', networkName: undefined };

/** Which of some sources a filter finds. */
function found(filter: EventFilter): readonly string[] {
  let asked: LogFilter | undefined;
  const search = {
    find: (logFilter: LogFilter) => {
      asked = logFilter;
      return { items: [], next: undefined };
    },
    sample: (): never => assert.fail('not sampled'),
  };
  const writer = new EventWriter(search, { placeOf: (address) => PLACES[address] ?? NOWHERE });
  writer.find({ as: 'lines', withSecrets: false }, filter, 'newest-first', undefined, 1, 1);
  const fits = asked?.sourceFits ?? (() => true);
  return ['203.0.113.5', '203.0.113.200', '2001:db8::5'].filter((source) => fits(source));
}

test('events are found by the country and the network of their source', () => {
  assert.deepEqual(found({}), ['203.0.113.5', '203.0.113.200', '2001:db8::5']);
  assert.deepEqual(found({ country: 'NL' }), ['203.0.113.5']);
  assert.deepEqual(found({ country: '-' }), ['2001:db8::5']);
  assert.deepEqual(found({ network: 'AS64500' }), ['203.0.113.5']);
  assert.deepEqual(found({ network: '203.0.113.0/24' }), ['203.0.113.5', '203.0.113.200']);
  assert.deepEqual(found({ network: '203.0.113.128/25' }), ['203.0.113.200']);
  assert.deepEqual(found({ network: '2001:db8::/32' }), ['2001:db8::5']);
  assert.deepEqual(found({ network: '203.0.113.0/24', country: 'SE' }), ['203.0.113.200']);
});
