// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Schema } from '../parameters.ts';
import { count, object, text, textOrNull, time } from './schema-parts.ts';

/** How far a graph looks back. */
export const PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;

/** The same for what names addresses and numbers, which is never kept for longer. */
export const TREND_PERIODS = ['hour', 'day', 'week', 'month'] as const;

const byName = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'integer', minimum: 0 },
  description,
});

const BEFORE_KNOWN: Schema = {
  type: 'boolean',
  description:
    'Whether all of the hours before are known; otherwise before_count is too low, and nothing can be compared.',
};

const tops = (description: string): Schema => ({
  type: 'array',
  items: { $ref: '#/components/schemas/AnalyticsTop' },
  description,
});

/** Messages over time, by kind. */
export const ANALYTICS_SCHEMAS = {
  AnalyticsTop: object({
    name: textOrNull('null for those that are too rare to be counted by name, or not known.'),
    label: textOrNull('The name of a network, or a number in groups, if it is known.'),
    seen_count: count('Messages.'),
    before_count: count('Messages in as many hours before.'),
  }),
  Analytics: object({
    period: { type: 'string', enum: PERIODS },
    interval_seconds: count('Length of an interval.'),
    since: time('Beginning of the first interval.'),
    until: time('End of the last interval, which lasts.'),
    intervals: {
      type: 'array',
      items: object({
        start: text('Beginning of the interval, UTC.'),
        seen_count: count('Messages.'),
        grades: byName('Messages by how sure their source is; earlier ones were not counted.'),
        methods: byName('Messages by method, OTHER for those that are not registered.'),
        transports: byName('Messages by transport.'),
      }),
    },
    tops_since: time('The beginning of the hours that are counted below.'),
    countries: tops('Countries (ISO 3166-1 alpha-2), most messages first.'),
    networks: tops('Networks, most messages first.'),
    tools: tops('User-Agents, most messages first.'),
    ranges: tops('Ranges of numbers that proved callers called, most calls first.'),
    before_known: BEFORE_KNOWN,
  }),
  Trends: object({
    period: { type: 'string', enum: TREND_PERIODS },
    tops_since: time('The beginning of the hours that are counted.'),
    before_known: BEFORE_KNOWN,
    sources: tops('Addresses, IPv6 by their /64, most messages first.'),
    numbers: tops(
      'Numbers of E.164 with their plus, in whatever form they were dialled, most calls first; label is the number in groups, as its country writes it.',
    ),
    methods: tops('Methods, OTHER for those that are not registered, most messages first.'),
  }),
};
