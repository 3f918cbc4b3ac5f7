// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listing } from '@sentrypeer/store';
import { quoted, refusal } from '../config/refusal.ts';
import { PAGE_ENTRIES_COUNT, TOP_ROWS_MAX } from '../limits.ts';
import type { Command } from './command.ts';
import { formatTable, nameOf, untilText, utc } from './text.ts';
import { refuseMore, wholeFlag } from './words.ts';

const KINDS = { addresses: 'address', numbers: 'number' } as const;

export const LISTINGS: Command = {
  name: 'listings',
  form: '[addresses|numbers]',
  doc: 'Print what is listed, with its start, end and score. `explain WHAT` says why.',
  flags: ['count'],
  prepare: ({ words: [word, ...more], flags }) => {
    refuseMore(more, 'listings [addresses|numbers]');
    const kind = word === 'addresses' || word === 'numbers' ? KINDS[word] : undefined;
    if (word !== undefined && kind === undefined) {
      throw refusal(`listings does not know ${quoted(word)}: write listings [addresses|numbers]`);
    }
    const count = wholeFlag(flags, 'count', TOP_ROWS_MAX) ?? TOP_ROWS_MAX;
    return async ({ config }) => {
      const { StoreReader } = await import('@sentrypeer/store');
      using log = StoreReader.look(config.dbFile);
      const found: Listing[] = [];
      let after = 0;
      while (found.length < count) {
        const limit = Math.min(PAGE_ENTRIES_COUNT, count - found.length);
        const page = log.listings.listings(after, limit, {
          levels: ['listed'],
          ...(kind !== undefined && { kinds: [kind] }),
        });
        found.push(...page);
        after = page.at(-1)?.listingId ?? after;
        if (page.length < limit) break;
      }
      const rows = found.map(({ score, sinceEpochUs, untilEpochUs, ...subject }) => ({
        what: nameOf(subject),
        score,
        since: utc(sinceEpochUs),
        until: untilText(untilEpochUs),
      }));
      return {
        text:
          rows.length === 0
            ? ''
            : formatTable([
                ['WHAT', 'SCORE', 'SINCE', 'UNTIL'],
                ...rows.map(({ what, score, since, until }) => [what, String(score), since, until]),
              ]),
        json: rows,
        ...(rows.length === 0 ? { remark: 'Nothing is listed.\n' } : {}),
      };
    };
  },
};
