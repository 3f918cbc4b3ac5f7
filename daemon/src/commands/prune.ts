// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeptDetail } from '@sentrypeer/store';
import type { Command } from './command.ts';
import { countOf } from './text.ts';
import { refuseMore } from './words.ts';

const MIB = 1_048_576;

export const PRUNE: Command = {
  name: 'prune',
  form: '',
  doc: 'Print what the limits (`--db-size-max`, `--retention-days`) would remove from the events that were there before an upgrade or before a limit was lowered. With `--yes` the daemon removes them.',
  examples: [
    ['prune', 'Look first.'],
    ['prune --yes', 'Remove it.'],
  ],
  flags: ['yes'],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'prune [--yes]');
    return async (context) => {
      const { Retention } = await import('@sentrypeer/store');
      const isReleased = flags.has('yes');
      const purpose = isReleased ? 'change' : 'look';
      using retention = Retention.open(context, context.config.dbFile, purpose);
      const kept = retention.kept();
      if (kept === undefined) {
        return { text: 'Nothing is kept beyond the limits.\n', json: { kept_events: 0 } };
      }
      if (isReleased) retention.release();
      const end = isReleased
        ? 'The daemon removes what exceeds its limits, from now on or from its next start.'
        : 'Nothing is removed until you run sentrypeer prune --yes or raise the limits.';
      return { text: `${describe(kept)}\n${end}\n`, json: jsonOf(kept, isReleased) };
    };
  },
};

function describe(kept: KeptDetail): string {
  const { events, oldest, octets, octetsMax, octetsBeyond, retentionDays, eventsExpired } = kept;
  const lines = [
    `${countOf(events, 'event')} since ${oldest === '' ? 'an unknown time' : oldest.slice(0, 10)} are kept beyond the limits.`,
    octetsMax === undefined
      ? `Size: ${mib(octets)} MiB; there is no limit.`
      : `Size: ${mib(octets)} MiB of ${mib(octetsMax)} MiB, ${mib(octetsBeyond)} MiB more than the limit.`,
    retentionDays === undefined
      ? 'Age: there is no limit.'
      : `Age: ${countOf(eventsExpired, 'event')} older than ${countOf(retentionDays, 'day')}.`,
  ];
  return lines.join('\n');
}

function jsonOf(kept: KeptDetail, isReleased: boolean) {
  return {
    kept_events: kept.events,
    oldest: kept.oldest,
    octets: kept.octets,
    octets_max: kept.octetsMax ?? null,
    octets_beyond: kept.octetsBeyond,
    retention_days: kept.retentionDays ?? null,
    events_expired: kept.eventsExpired,
    released: isReleased,
  };
}

function mib(octets: number): number {
  return Math.ceil(octets / MIB);
}
