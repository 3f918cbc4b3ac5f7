// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { EventWriter } from '../src/v1/event-writer.ts';
import { HttpApi, type HttpApiOptions, type HttpApiPorts } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryFeed } from './memory-feed.ts';
import { MemoryPlaces } from './memory-places.ts';
import { MemoryReputation } from './memory-reputation.ts';
import { MemoryTotals } from './memory-totals.ts';

/** The API with nothing but what a test provides. */
export function openApi(
  ports: Partial<HttpApiPorts> = {},
  options: Partial<HttpApiOptions> = {},
  signal?: AbortSignal,
): Promise<HttpApi> {
  const memory = new MemoryEvidence();
  return HttpApi.open(
    {
      totals: new MemoryTotals(),
      evidence: memory,
      eventSearch: new EventWriter(
        ports.evidence instanceof MemoryEvidence ? ports.evidence : memory,
        ports.places ?? new MemoryPlaces(),
      ),
      places: new MemoryPlaces(),
      rates: { series: () => [], tops: () => [], isKnownSince: () => false },
      reputation: new MemoryReputation(),
      feed: new MemoryFeed(),
      deliver: () => Promise.resolve(),
      peers: {
        page: () => ({ items: [], next: undefined }),
        peer: () => undefined,
        pool: () => ({
          self: undefined,
          voters: 0,
          unproved: 0,
          keyState: 'alive' as const,
          aheadUntilEpochUs: undefined,
          pages: 0,
          claims: 0,
          authors: 0,
          nodes: [],
        }),
        setTrust: async () => false,
      },
      operations: {
        notReady: () => [],
        degraded: () => [],
        metrics: () => [],
        webhooks: () => [],
        followers: () => [],
        fleet: () => undefined,
      },
      clock: systemClock,
      logger: silentLogger,
      ...ports,
    },
    {
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      lookUpLevels: { '4.x': 'hearsay', hq: 'hearsay', apiban: 'listed' },
      ...options,
    },
    signal,
  );
}
