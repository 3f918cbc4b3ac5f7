// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Subject } from '@sentrypeer/verdict';
import { refusal } from '../config/refusal.ts';
import { openDecisions } from './allow.ts';
import type { Command, CommandContext } from './command.ts';
import { formatTable, nameOf, shown, utc } from './text.ts';
import { needed, refuseMore, timeAndComment, untilOf } from './words.ts';

/** The most exceptions that the answer names. */
const EXCEPTIONS_SHOWN = 8;
const FORM = 'block WHAT [TIME] [COMMENT]';

const ADD: Command = {
  name: 'block',
  form: 'WHAT [TIME] [COMMENT]',
  doc: 'Put WHAT on every list, whatever the evidence says: an address, `45.0.0.0/16`, `+46701234567`, or a range such as `+46850780xx`. TIME as for `allow add`. What is yours, allowed or never listed stays off the lists; the answer says so. It takes effect within a second in a running daemon.',
  flags: ['yes', 'comment'],
  examples: [
    ['block 45.13.0.0/16 30d scans from there', 'Refuse a network for a month.'],
    ['block +46701234567 always', 'Refuse calls to a number.'],
  ],
  prepare: ({ words: [what, ...more], flags }) => {
    const value = needed(what, FORM);
    const [next] = more;
    // As with allow: without this, the address would be taken for a time.
    if (next !== undefined && value === 'add')
      throw refusal(`write block ${shown(next)}, without add`);
    if (next !== undefined && value === 'remove') throw refusal(`write unblock ${shown(next)}`);
    const { time, comment } = timeAndComment(more, flags);
    return async (context) => {
      const { subject, alike, isWide, guard, exceptions } = await readWhat(value, context);
      const name = nameOf(subject);
      if (guard !== undefined) {
        throw new OperatingError('block_refused', `${shown(name)} cannot be blocked: ${guard}`);
      }
      if (isWide && !flags.has('yes')) {
        throw refusal(
          `${value} is very wide, and all of it would be refused: add --yes if you mean it`,
        );
      }
      const untilEpochUs = untilOf(time, context.clock.epochUs());
      using decisions = await openDecisions(context);
      decisions.write({ kind: 'block', subject, alike, comment, untilEpochUs });
      return {
        text: `${shown(name)} is blocked ${untilEpochUs === undefined ? 'always' : `until ${utc(untilEpochUs)}`}.\n`,
        json: { block: name, until: utcOrNull(untilEpochUs), comment, exceptions },
        ...(exceptions.length === 0 ? {} : { remark: exceptionsText(exceptions) }),
      };
    };
  },
};

const LIST: Command = {
  name: 'block list',
  form: '',
  doc: 'Print what is blocked, until when and why.',
  prepare: ({ words }) => {
    refuseMore(words, 'block list');
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { isInForce } = await import('../services/decided.ts');
      using log = StoreReader.look(context.config.dbFile);
      const nowEpochUs = context.clock.epochUs();
      const list = log.evidence.blocks().filter((one) => isInForce(one, nowEpochUs));
      return {
        text: formatTable(
          list.map(({ subject, untilEpochUs, comment }) => [
            nameOf(subject),
            utcOrNull(untilEpochUs) ?? 'always',
            comment,
          ]),
        ),
        json: list.map(({ subject, untilEpochUs, comment, createdEpochUs }) => ({
          block: nameOf(subject),
          until: utcOrNull(untilEpochUs),
          comment,
          created: utc(createdEpochUs),
        })),
        ...(list.length === 0 ? { remark: 'Nothing is blocked; block WHAT adds an entry.\n' } : {}),
      };
    };
  },
};

export const UNBLOCK: Command = {
  name: 'unblock',
  form: 'WHAT',
  doc: 'Remove WHAT from the blocklist: from now on the evidence decides again.',
  prepare: ({ words: [what, ...more] }) => {
    const value = needed(what, 'unblock WHAT');
    refuseMore(more, 'unblock WHAT');
    return async (context) => {
      const { subject, alike } = await readWhat(value, context);
      const name = nameOf(subject);
      {
        using decisions = await openDecisions(context);
        decisions.write({ kind: 'unblock', subject, alike });
      }
      const still = await stillListed(name, context);
      return {
        text: `${shown(name)} is not blocked any more.\n`,
        json: { unblock: name, listed: still !== undefined, reasons: still ?? [] },
        ...(still === undefined
          ? {}
          : { remark: `It is still listed: ${shown(still.join('; '))}.\n` }),
      };
    };
  },
};

export const BLOCK: readonly Command[] = [ADD, LIST];

async function readWhat(
  text: string,
  context: CommandContext,
): Promise<{
  readonly subject: Subject;
  readonly alike: readonly string[];
  readonly isWide: boolean;
  readonly guard: string | undefined;
  readonly exceptions: readonly string[];
}> {
  const { StoreReader } = await import('@sentrypeer/store');
  const { openJudge } = await import('./subject.ts');
  const { exceptionsOf, readBlockable } = await import('../services/blockable.ts');
  using log = StoreReader.look(context.config.dbFile);
  const judge = await openJudge(log, context);
  const nowEpochUs = context.clock.epochUs();
  const read = readBlockable(judge, text, nowEpochUs);
  if (read.kind === 'unread') throw new OperatingError('block_invalid', shown(read.why));
  return { ...read, exceptions: exceptionsOf(judge, read.subject, nowEpochUs) };
}

/** Why it is listed all the same; `undefined` if it is not. */
async function stillListed(
  name: string,
  context: CommandContext,
): Promise<readonly string[] | undefined> {
  const { StoreReader } = await import('@sentrypeer/store');
  const { judgeText } = await import('./subject.ts');
  using log = StoreReader.look(context.config.dbFile);
  const { judgement } = await judgeText(name, log, context);
  return judgement.listed ? judgement.reasons : undefined;
}

function exceptionsText(exceptions: readonly string[]): string {
  const shownOnes = exceptions.slice(0, EXCEPTIONS_SHOWN);
  const more = exceptions.length - shownOnes.length;
  const lines = [...shownOnes, ...(more > 0 ? [`${more} more`] : [])];
  return `It has no effect on\n${lines.map((line) => `  ${shown(line)}\n`).join('')}`;
}

function utcOrNull(epochUs: number | undefined): string | null {
  return epochUs === undefined ? null : utc(epochUs);
}
