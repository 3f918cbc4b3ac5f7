// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { PAGE_ENTRIES_DEFAULT } from '../limits.ts';
import type { Parameter } from '../parameters.ts';
import type { CountryTotal, NetworksEnd } from '../places.ts';
import { rfc3339 } from '../rfc3339.ts';
import { limit } from './cursor.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const JSON_TYPE = 'application/json';
const NETWORKS_CURSOR = /^([0-9]{1,16})-(AS[0-9]{1,10}|[0-9a-f.:]{2,39}\/[0-9]{1,3})$/;

/** Where a page of networks ended, as a text. */
const networksCursor: Parameter<NetworksEnd> = {
  description: 'The `next` of the page before.',
  schema: { type: 'string', pattern: NETWORKS_CURSOR.source },
  right: 'the next of a page before',
  read: (text) => {
    const [, seenCount, network] = NETWORKS_CURSOR.exec(text) ?? [];
    return network === undefined ? undefined : { seenCount: Number(seenCount), network };
  },
};

/** Totals by where addresses are. */
export const PLACES_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/countries',
    summary: 'Countries of the addresses, most messages first',
    description:
      'Counted about a second after the events. null stands for addresses whose country is not known.',
    need: 'read',
    query: {},
    mediaType: JSON_TYPE,
    schema: reference('Countries'),
    isConditional: () => true,
    handle: (call) => {
      const items = call.ports.places
        .countries()
        .map((total) => ({ country: total.country === '' ? null : total.country, ...sums(total) }));
      sendJson(call, { items });
    },
  }),
  operation({
    path: '/v1/networks',
    summary: 'Networks of the addresses, most messages first',
    description:
      'Autonomous systems if a file of them is configured, otherwise address blocks. A network whose count changes between two pages may appear twice, or not at all.',
    need: 'read',
    query: { limit, cursor: networksCursor },
    mediaType: JSON_TYPE,
    schema: reference('NetworkPage'),
    isConditional: () => true,
    handle: (call) => {
      const { limit: countMax = PAGE_ENTRIES_DEFAULT, cursor } = call.values;
      const page = call.ports.places.networks(countMax, cursor);
      const last = page.length < countMax ? undefined : page.at(-1);
      sendJson(call, {
        items: page.map((total) => ({
          network: total.network,
          name: total.name === '' ? null : total.name,
          ...sums(total),
        })),
        next: last === undefined ? null : `${last.seenCount}-${last.network}`,
      });
    },
  }),
];

function sums(total: Omit<CountryTotal, 'country'>) {
  return {
    addresses: total.addressesCount,
    seen_count: total.seenCount,
    first_seen: rfc3339(total.firstSeenEpochUs),
    last_seen: rfc3339(total.lastSeenEpochUs),
  };
}
