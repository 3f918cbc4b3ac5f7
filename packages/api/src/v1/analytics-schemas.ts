// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Schema } from '../parameters.ts';
import { count, object, text, textOrNull, time } from './schema-parts.ts';

/** How far a graph looks back. */
export const PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;

const byName = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'integer', minimum: 0 },
  description,
});

const tops = (description: string): Schema => ({
  type: 'array',
  items: { $ref: '#/components/schemas/AnalyticsTop' },
  description,
});

/** How much came when, and of what. */
export const ANALYTICS_SCHEMAS = {
  AnalyticsTop: object({
    name: textOrNull('null for all that are too rare to be counted by name, or not known.'),
    label: textOrNull('What a network is called, where that is known.'),
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
        grades: byName('Messages by how sure their source is; none of before that was counted.'),
        methods: byName('Messages by method, OTHER for those that are not registered.'),
        transports: byName('Messages by transport.'),
      }),
    },
    tops_since: time('The hours from here on are counted in what follows.'),
    countries: tops('Countries, ISO 3166-1 alpha-2, that with the most messages first.'),
    networks: tops('Networks, that with the most messages first.'),
    tools: tops('User-Agents, that with the most messages first.'),
    ranges: tops('Ranges of numbers that proved callers called, that with the most calls first.'),
  }),
};
