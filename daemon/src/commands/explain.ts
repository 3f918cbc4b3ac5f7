// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listing, StoreReader } from '@sentrypeer/store';
import type { Subject } from '@sentrypeer/verdict';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
import type { Answer, Command } from './command.ts';
import type { JudgedSubject } from './subject.ts';
import { countOf, nameOf, shown, untilText, utc } from './text.ts';
import { needed, refuseMore } from './words.ts';

const LEVELS = { none: 'not listed', watch: 'watched', listed: 'listed' } as const;

export const EXPLAIN: Command = {
  name: 'explain',
  form: 'WHAT',
  doc: 'Print whether an address or a number is listed or watched, why, since when, because of which events, and how to unlist it.',
  prepare: ({ words: [what, ...more] }) => {
    const named = needed(what, 'explain WHAT');
    refuseMore(more, 'explain WHAT');
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { judgesDifferently, judgeText } = await import('./subject.ts');
      using log = StoreReader.look(context.config.dbFile);
      const { subject, judgement, block } = await judgeText(named, log, context);
      const name = nameOf(subject);
      const isOtherwise = judgesDifferently(log, context);
      return explain(
        {
          subject,
          judgement,
          block,
          name,
          isOtherwise,
          sharedCount: sharedCount(subject, named, log),
        },
        log,
      );
    };
  },
};

interface Explained extends JudgedSubject {
  readonly name: string;
  /** Whether the node itself judges by other options. */
  readonly isOtherwise: boolean;
  /** Messages about it that other nodes share. */
  readonly sharedCount: number;
}

/** @param named The text that was asked for: other nodes share a number as it was dialled there. */
function sharedCount({ kind, value }: Subject, named: string, log: StoreReader): number {
  if (kind === 'address') return log.address(value)?.sharedCount ?? 0;
  if (kind === 'range') return 0;
  const total = log.number(named) ?? log.number(value);
  return total?.sharedCount ?? 0;
}

function explain(explained: Explained, log: StoreReader): Answer {
  const { subject, name, judgement, isOtherwise, sharedCount, block } = explained;
  const listing = log.listings.listing({
    ...subject,
    value: judgement.address?.entry ?? subject.value,
  });
  const { kind, value } = subject;
  const by =
    kind === 'address'
      ? log.evidence.address(value)
      : kind === 'number'
        ? log.evidence.number(value)
        : undefined;
  const { level, listed, score, reasons, untilEpochUs, number, address } = judgement;
  return {
    text: formatExplanation(explained, listing, by),
    json: {
      [kind]: name,
      level,
      listed,
      score,
      reasons,
      entry: address?.entry ?? null,
      since: listing === undefined ? null : utc(listing.sinceEpochUs),
      until: untilEpochUs === undefined ? null : utc(untilEpochUs),
      country: number?.country ?? null,
      type: number?.type ?? null,
      destination_class: number?.destinationClass ?? null,
      range: number?.range ?? null,
      blocked: block === undefined ? null : nameOf(block.subject),
      evidence:
        by === undefined
          ? null
          : {
              events: by.eventsCount,
              first: utc(by.firstEpochUs),
              last: utc(by.lastEpochUs),
              grade: by.grade,
            },
      shared_events: sharedCount,
      other_options: isOtherwise,
      pool: poolJson(number?.pool ?? address?.pool),
    },
  };
}

type Standing = NonNullable<JudgedSubject['judgement']['address']>['pool'];

function poolJson(pool: Standing): Readonly<Record<string, number>> | null {
  return pool === undefined ? null : { ...pool };
}

/** One line; none if no node says anything. */
function poolLines(pool: Standing): readonly string[] {
  if (pool === undefined) return [];
  const { voters, quorum, strangers } = pool;
  const votes = `${countOf(voters, 'voter')} of ${quorum} needed`;
  const others = `${countOf(strangers, 'stranger')}, who have no vote`;
  return [`Pool:   named by ${votes}, and by ${others}`];
}

function formatExplanation(
  { name, judgement, isOtherwise, sharedCount, block }: Explained,
  listing: Listing | undefined,
  by: ReturnType<StoreReader['evidence']['address' | 'number']>,
): string {
  const { level, score, reasons, untilEpochUs, number, address } = judgement;
  const about = [number?.country, number?.type].filter((word) => word !== undefined).join(', ');
  const named = `${name}${about === '' ? '' : ` (${about})`}`;
  const lines = [`${named} is ${LEVELS[level]}${level === 'none' ? '' : `, ${score} of 100`}.`];
  if (level !== 'none' && address !== undefined && address.entry !== name) {
    lines.push(`As:     ${address.entry} on the lists`);
  }
  if (listing !== undefined) lines.push(`Since:  ${utc(listing.sinceEpochUs)}`);
  if (untilEpochUs !== undefined)
    lines.push(
      `Until:  ${untilText(untilEpochUs)}${untilEpochUs < LATEST_EPOCH_US ? ', unless more evidence arrives' : ''}`,
    );
  lines.push(...(reasons.length === 0 ? ['Why:    nothing that counts is known about it'] : []));
  lines.push(...reasons.map((reason, index) => `${index === 0 ? 'Why:   ' : '       '} ${reason}`));
  if (by !== undefined) {
    lines.push(
      `By:     ${countOf(by.eventsCount, 'event')} from ${utc(by.firstEpochUs)} to ${utc(by.lastEpochUs)}, grade ${by.grade}`,
    );
  }
  lines.push(...poolLines(number?.pool ?? address?.pool));
  if (sharedCount > 0) {
    lines.push(
      `Shared: other nodes reported ${countOf(sharedCount, 'event')} from it, which ${sharedCount === 1 ? 'proves' : 'prove'} nothing here`,
    );
  }
  if (block !== undefined) {
    lines.push(`Unlist: sentrypeer unblock ${nameOf(block.subject)} (then the evidence decides)`);
  } else if (level !== 'none') {
    lines.push(
      `Unlist: sentrypeer delist ${name} (until it comes again), or`,
      `        sentrypeer allow add ${name.replace(/x+$/, '*')} (never list it)`,
    );
  }
  if (isOtherwise) {
    const level = LEVELS[listing?.level ?? 'none'];
    lines.push(
      `Note:   the node judges by other options, and there it is ${level}: start both with the same ones (-g FILE)`,
    );
  }
  return `${lines.map(shown).join('\n')}\n`;
}
