// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import type { EventFilter } from '@sentrypeer/event';
import type { Evidence, WrittenEventSearch, WrittenSample } from '../evidence.ts';
import { SAMPLE_STEP_IDS, STREAM_WINDOW_MS } from '../limits.ts';
import type { Scans } from '../scans.ts';
import { messagesText } from './stream-message.ts';
import type { KeptPage } from './stream-route.ts';

interface SampledPorts {
  readonly evidence: Pick<Evidence, 'lastHoneyId'>;
  readonly eventSearch: Pick<WrittenEventSearch, 'sample'>;
  readonly scans: Pick<Scans, 'step'>;
}

interface SampleQuery {
  readonly filter: EventFilter;
  /** The client whose turn it takes. */
  readonly client: string;
  /** The most events sent per second, 1 and above. */
  readonly perSecond: number;
  /** See `EventForm`. */
  readonly withSecrets: boolean;
}

/**
 * Reads for a stream that a flood does not fill: a few times a second, the newest matching events, and the number of
 * others since the last time. All of them are looked at, but only by the database; only what is sent is read.
 */
export function sampledEvents(
  { evidence, eventSearch, scans }: SampledPorts,
  { filter, client, perSecond, withSecrets }: SampleQuery,
): { readonly everyMs: number; readonly read: (after: number) => Promise<KeptPage> } {
  assert(perSecond >= 1, 'a stream sends something');
  const form = { withSecrets };
  const countMax = Math.max(1, Math.floor((perSecond * STREAM_WINDOW_MS) / 1000));
  /** Since the last time: the number of matches, the newest of them, and the start. */
  let fitCount = 0;
  let newest: WrittenSample['items'] = [];
  let began: number | undefined;
  const taken = (until: number): KeptPage => {
    const messages = newest.map((event) => ({ ...event, type: 'event' }));
    const [first] = newest;
    const count = fitCount - newest.length;
    if (first !== undefined && count > 0) {
      const last = first.id - 1;
      const data = JSON.stringify({ count, after: began, until: last });
      messages.unshift({ type: 'left_out', id: last, data });
    }
    fitCount = 0;
    newest = [];
    began = undefined;
    return { messages: messagesText(messages), after: until, more: false };
  };
  return {
    everyMs: (1000 * countMax) / perSecond,
    read: (after) =>
      scans.step(client, async () => {
        const until = Math.max(after, evidence.lastHoneyId());
        began ??= after;
        const stretch = { after, until };
        const found = await eventSearch.sample(form, filter, stretch, countMax, SAMPLE_STEP_IDS);
        fitCount += found.count;
        newest = [...newest, ...found.items].slice(-countMax);
        // Nothing is sent before the end is reached: whoever is cut off now begins there anew.
        if (found.next !== undefined) return { messages: '', after: found.next, more: true };
        return taken(until);
      }),
  };
}
