// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { EventSearch } from '@sentrypeer/api';
import type { StoreReader } from '@sentrypeer/store';

/** Searches of the event log by the store. */
export function storeSearch(log: Pick<StoreReader, 'events' | 'sampleEvents'>): EventSearch {
  return {
    find: (...question) => log.events(...question),
    sample: (...question) => log.sampleEvents(...question),
  };
}
