// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TIMELINE_EVENTS } from '../limits.ts';
import type { Route } from '../state/route-text.ts';
import { pathOf } from './ask.ts';

/** What the view of an address asks for. */
export function addressPaths(
  address: string,
): Readonly<Record<'why' | 'found' | 'events', string>> {
  return {
    why: pathOf('/v1/explain', { address }),
    found: `/v1/addresses/${encodeURIComponent(address)}`,
    events: pathOf('/v1/events', { source_ip: address, limit: TIMELINE_EVENTS }),
  };
}

/** What the view of a number asks for. */
export function numberPaths(dialled: string): Readonly<Record<'why' | 'events', string>> {
  return {
    why: pathOf('/v1/explain', { number: dialled }),
    events: pathOf('/v1/events', { number: dialled, limit: TIMELINE_EVENTS }),
  };
}

/** What a view asks for as soon as it is shown; empty for those that are not worth asking ahead. */
export function pathsOf({ view, subject }: Route): readonly string[] {
  if (view === 'address') return Object.values(addressPaths(subject));
  if (view === 'number') return Object.values(numberPaths(subject));
  return [];
}
