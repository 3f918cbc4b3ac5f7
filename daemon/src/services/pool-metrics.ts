// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MetricFamily } from '@sentrypeer/api';
import type { SharingStatus } from './pool-service.ts';

/** Metrics of sharing; none if it is off. */
export function poolMetrics(
  status: SharingStatus | undefined,
  counts: { readonly origins: number; readonly events: number },
): readonly MetricFamily[] {
  const kept = [
    single('sentrypeer_pool_origins', 'gauge', 'Other nodes that are known.', counts.origins),
    single(
      'sentrypeer_pool_events',
      'gauge',
      'Events in the log that other nodes shared.',
      counts.events,
    ),
  ];
  if (status === undefined) return kept;
  return [...kept, ...published(status), ...received(status), ...network(status)];
}

function published({ pool }: SharingStatus): readonly MetricFamily[] {
  const { values, octets, confirmed, repeated, unfit, overBudget, tooOld } = pool.published;
  return [
    single('sentrypeer_pool_published_total', 'counter', 'Own events shared.', values),
    single('sentrypeer_pool_published_bytes_total', 'counter', 'Octets of them.', octets),
    single(
      'sentrypeer_pool_confirmed_total',
      'counter',
      'Own events whose closest nodes confirmed them.',
      confirmed,
    ),
    labelled('sentrypeer_pool_not_published_total', 'Own events not shared, by reason.', 'reason', {
      repeated,
      unfit,
      over_budget: overBudget,
      too_old: tooOld,
    }),
    single(
      'sentrypeer_pool_budget_spent_bytes',
      'gauge',
      'Octets shared today (UTC).',
      pool.budgetSpentOctets,
    ),
    single('sentrypeer_pool_budget_bytes', 'gauge', 'Octets that may be.', pool.budgetOctets),
    single('sentrypeer_pool_kept_values', 'gauge', 'Own values kept alive.', pool.keptValues),
  ];
}

function received({ pool, missedValues }: SharingStatus): readonly MetricFamily[] {
  const { values, recorded, dropped } = pool.received;
  return [
    single('sentrypeer_pool_received_total', 'counter', 'Values looked at.', values),
    single(
      'sentrypeer_pool_waiting_values',
      'gauge',
      'Values that wait until a quota has room, or a key is found.',
      pool.waitingValues,
    ),
    single('sentrypeer_pool_recorded_total', 'counter', 'Events of others recorded.', recorded),
    labelled('sentrypeer_pool_dropped_total', 'Values not taken, by reason.', 'reason', dropped),
    single(
      'sentrypeer_pool_missed_total',
      'counter',
      'Values that came too fast to be looked at.',
      missedValues,
    ),
  ];
}

function network({ pool, dht, links, neighbours }: SharingStatus): readonly MetricFamily[] {
  const nodes = Object.fromEntries(
    dht.families.map(({ family, goodNodes }) => [`ipv${family}`, goodNodes]),
  );
  return [
    single(
      'sentrypeer_dht_connected',
      'gauge',
      '1 while a node of the network answers.',
      pool.isConnected ? 1 : 0,
    ),
    labelled('sentrypeer_dht_good_nodes', 'Nodes that answer.', 'family', nodes, 'gauge'),
    single('sentrypeer_dht_stored_values', 'gauge', 'Values of others kept.', dht.storedValues),
    single('sentrypeer_dht_stored_bytes', 'gauge', 'Octets of them.', dht.storedOctets),
    single('sentrypeer_pool_links', 'gauge', 'Links with nodes of the pool.', links.links.length),
    labelled(
      'sentrypeer_pool_links_left_total',
      'Links that this node ended because something was wrong with them, by why, and that the other end ended.',
      'reason',
      links.left,
    ),
    single('sentrypeer_pool_pages', 'gauge', 'Pages of the pool that are kept.', links.pages),
    labelled(
      'sentrypeer_pool_pages_total',
      'Pages of the pool that went over links, by what became of them.',
      'result',
      { ...links.counters },
    ),
    labelled(
      'sentrypeer_pool_own_pages_total',
      'Pages that this node wrote, by what became of them: if they are not taken, nobody hears it.',
      'result',
      { ...links.own },
    ),
    single(
      'sentrypeer_pool_key_ended',
      'gauge',
      '1 if other nodes accept nothing signed with the key of this node: it was retired, or another daemon uses it.',
      links.keyState === 'alive' ? 0 : 1,
    ),
    ...(neighbours === undefined
      ? []
      : [
          single('sentrypeer_neighbours', 'gauge', 'Neighbours heard.', neighbours.count),
          labelled(
            'sentrypeer_announcements_total',
            'Announcements of neighbours, by what became of them.',
            'result',
            { taken: neighbours.announcements, refused: neighbours.refused },
          ),
        ]),
  ];
}

function single(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: number,
): MetricFamily {
  return { name, help, type, samples: [{ value }] };
}

function labelled(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
  type: 'counter' | 'gauge' = 'counter',
): MetricFamily {
  const samples = Object.entries(values).map(([text, value]) => ({
    labels: { [label]: text },
    value,
  }));
  return { name, help, type, samples };
}
