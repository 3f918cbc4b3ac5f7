// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Decisions } from '@sentrypeer/store';
import { refusal } from '../config/refusal.ts';
import type { Command, CommandContext } from './command.ts';
import { formatTable, shown, utc } from './text.ts';
import { needed, refuseMore, timeAndComment, untilOf } from './words.ts';

const ADD: Command = {
  name: 'allow add',
  form: 'WHAT [TIME] [COMMENT]',
  doc: 'Never list WHAT: `192.0.2.5`, `192.0.2.0/24`, `+46701234567`, `+4670*`, `+46701234500-+46701234599`, or digits as they are dialled. TIME is `always` (the default), `30m`, `24h`, `7d`, `1d12h`, `2 weeks`, `until 2027-01-31` (UTC) and the like.',
  flags: ['yes', 'comment'],
  examples: [
    ['allow add 192.0.2.0/24 always our office', 'Never list the office.'],
    ['allow add +442071234567 for 30 days a customer', 'Do not list it for a month.'],
  ],
  prepare: ({ words: [what, ...more], flags }) => {
    const text = needed(what, 'allow add WHAT [TIME] [COMMENT]');
    const { time, comment } = timeAndComment(more, flags);
    return async (context) => {
      const { isWide, likelySlip, parseAllowed, spellings } = await import('@sentrypeer/verdict');
      const allowed = parseAllowed(text);
      if (allowed === undefined) {
        const slip = likelySlip(text);
        throw new OperatingError(
          'allowance_invalid',
          `${shown(text)} cannot be allowed: ${slip ?? 'name an address, a network such as 192.0.2.0/24, a number such as +46701234567, +4670* or +46701234500-+46701234599, or digits as they are dialled'}`,
        );
      }
      if (isWide(allowed) && !flags.has('yes')) {
        throw refusal(
          `${text} is very wide, and nothing in it would be listed any more: add --yes if you mean it`,
        );
      }
      const untilEpochUs = untilOf(time, context.clock.epochUs());
      using decisions = await openDecisions(context);
      const { value, alike } = spellings(text, decisions.allowances());
      decisions.write({ kind: 'allow', value, alike, comment, untilEpochUs });
      return {
        text: `${value} is allowed ${untilEpochUs === undefined ? 'always' : `until ${utc(untilEpochUs)}`}.\n`,
        json: { allow: value, until: utcOrNull(untilEpochUs), comment },
      };
    };
  },
};

const LIST: Command = {
  name: 'allow list',
  form: '',
  doc: 'Print what is allowed, until when and why.',
  prepare: ({ words }) => {
    refuseMore(words, 'allow list');
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { isInForce } = await import('../services/decided.ts');
      using log = StoreReader.look(context.config.dbFile);
      const nowEpochUs = context.clock.epochUs();
      const list = log.evidence.allowances().filter((one) => isInForce(one, nowEpochUs));
      return {
        text: formatTable(
          list.map(({ value, untilEpochUs, comment }) => [
            value,
            utcOrNull(untilEpochUs) ?? 'always',
            comment,
          ]),
        ),
        json: list.map(({ value, untilEpochUs, comment, createdEpochUs }) => ({
          allow: value,
          until: utcOrNull(untilEpochUs),
          comment,
          created: utc(createdEpochUs),
        })),
        ...(list.length === 0
          ? { remark: 'Nothing is allowed; allow add WHAT adds an entry.\n' }
          : {}),
      };
    };
  },
};

const REMOVE: Command = {
  name: 'allow remove',
  form: 'WHAT',
  doc: 'Remove WHAT from the allowlist, so that it may be listed again.',
  prepare: ({ words: [what, ...more] }) => {
    const text = needed(what, 'allow remove WHAT');
    refuseMore(more, 'allow remove WHAT');
    return async (context) => {
      const { spellings } = await import('@sentrypeer/verdict');
      using decisions = await openDecisions(context);
      const { value, alike } = spellings(text, decisions.allowances());
      decisions.write({ kind: 'disallow', value, alike });
      return {
        text: `${shown(value)} may be listed again.\n`,
        json: { disallow: value },
      };
    };
  },
};

export const ALLOW: readonly Command[] = [ADD, LIST, REMOVE];

/** Opens the place where the operator's decisions are kept. */
export async function openDecisions({ config, clock, logger }: CommandContext): Promise<Decisions> {
  const { Decisions } = await import('@sentrypeer/store');
  return Decisions.open({ clock, logger }, config.dbFile);
}

function utcOrNull(epochUs: number | undefined): string | null {
  return epochUs === undefined ? null : utc(epochUs);
}
