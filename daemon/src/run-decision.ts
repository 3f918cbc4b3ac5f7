// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIP, SocketAddress } from 'node:net';
import { OperatingError, unreachable, type Clock, type Logger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Decisions, StoreReader, type KeptAllowance } from '@sentrypeer/store';
import { parseAllowed, type Judge, type Judgement, type Subject } from '@sentrypeer/verdict';
import type { Command } from './config/commands.ts';
import type { Config } from './config/config.ts';
import { judgeOptions } from './engine.ts';
import { LOG_VALUE_CHARACTERS_MAX } from './limits.ts';
import { escapeText } from './output/escape-text.ts';
import { makeJudge } from './services/judge.ts';

interface DecisionPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

type DecisionCommand = Extract<
  Command,
  { readonly name: 'allow add' | 'allow list' | 'allow remove' | 'delist' | 'explain' }
>;

/** IPv4 in IPv6, RFC 4291 §2.5.5.2. */
const MAPPED_PREFIX = '::ffff:';

/** Writes what the operator decides, or says what the judge decides. @returns What to print. */
export async function runDecision(
  command: DecisionCommand,
  config: Config,
  ports: DecisionPorts,
): Promise<string> {
  using decisions = Decisions.open(ports, config.dbFile);
  switch (command.name) {
    case 'allow add': {
      const { value, seconds, comment } = command;
      if (parseAllowed(value) === undefined) {
        throw new OperatingError(
          'allowance_invalid',
          `${shown(value)} cannot be allowed: name an address, a network such as 192.0.2.0/24, a number such as +46701234567, +4670* or +46701234500-+46701234599, or digits as they are dialled`,
        );
      }
      const untilEpochUs =
        seconds === undefined ? undefined : ports.clock.epochUs() + seconds * 1e6;
      decisions.write({ kind: 'allow', value, comment, untilEpochUs });
      return `${value} is allowed ${untilEpochUs === undefined ? 'always' : `until ${utc(untilEpochUs)}`}.\n`;
    }
    case 'allow list':
      return formatAllowances(decisions.allowances());
    case 'allow remove':
      decisions.write({ kind: 'disallow', value: command.value });
      return `${shown(command.value)} may be listed again.\n`;
    case 'delist': {
      using log = StoreReader.open(config.dbFile);
      const { subject } = await judged(command.subject, log, config, ports);
      decisions.write({ kind: 'delist', subject, comment: command.comment });
      return `${nameOf(subject)} is delisted; what comes from now on counts again.\n`;
    }
    case 'explain': {
      using log = StoreReader.open(config.dbFile);
      const { subject, judgement } = await judged(command.subject, log, config, ports);
      return explain(subject, judgement, log);
    }
    default:
      return unreachable(command);
  }
}

/** What a text names, and the verdict on it. */
async function judged(
  text: string,
  log: StoreReader,
  config: Config,
  { clock }: DecisionPorts,
): Promise<{ readonly subject: Subject; readonly judgement: Judgement }> {
  const plans = await NumberingPlans.load();
  const judge = makeJudge({ clock, plans, evidence: log.evidence }, judgeOptions(config));
  const address = parseAddress(text);
  if (address !== undefined) {
    const judgement = judge.judge({ address }, clock.epochUs());
    return { subject: { kind: 'address', value: address }, judgement };
  }
  return judgedNumber(text, judge, clock.epochUs());
}

function judgedNumber(
  text: string,
  judge: Judge,
  nowEpochUs: number,
): { readonly subject: Subject; readonly judgement: Judgement } {
  const judgement = judge.judge({ number: text }, nowEpochUs);
  const { kind = 'none', e164 } = judgement.number ?? {};
  if (kind === 'none') {
    throw new OperatingError(
      'subject_unknown',
      `${shown(text)} is neither an address nor a number; write one, such as 192.0.2.5 or +46701234567`,
    );
  }
  const digits = text.startsWith('+') ? text.slice(1) : text;
  return { subject: { kind: 'number', value: e164 ?? digits }, judgement };
}

/** In the form in which addresses are stored. */
function parseAddress(text: string): string | undefined {
  if (text.includes('%') || isIP(text) === 0) return undefined;
  if (isIP(text) === 4) return text;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : '';
  return isIP(mapped) === 4 ? mapped : address;
}

function explain(subject: Subject, judgement: Judgement, log: StoreReader): string {
  const { listed, score, reasons, untilEpochUs, number } = judgement;
  const listing = log.listings.listing(subject);
  const about = [number?.country, number?.type].filter((word) => word !== undefined).join(', ');
  const name = `${nameOf(subject)}${about === '' ? '' : ` (${about})`}`;
  const lines = [`${name} is ${listed ? `listed, ${score} of 100` : 'not listed'}.`];
  if (listing !== undefined) lines.push(`Since:  ${utc(listing.sinceEpochUs)}`);
  if (untilEpochUs !== undefined) lines.push(`Until:  ${utc(untilEpochUs)}, unless more comes`);
  lines.push(...(reasons.length === 0 ? ['Why:    nothing that counts is known of it'] : []));
  lines.push(...reasons.map((reason, index) => `${index === 0 ? 'Why:   ' : '       '} ${reason}`));
  lines.push(...evidenceLines(subject, log));
  if (listed) {
    lines.push(
      `Unlist: sentrypeer delist ${nameOf(subject)} (until it comes again), or`,
      `        sentrypeer allow add ${nameOf(subject)} (never list it)`,
    );
  }
  return `${lines.map(shown).join('\n')}\n`;
}

function evidenceLines(subject: Subject, log: StoreReader): readonly string[] {
  const { kind, value } = subject;
  const found = kind === 'address' ? log.evidence.address(value) : log.evidence.number(value);
  if (found === undefined) return [];
  const { eventsCount, firstEpochUs, lastEpochUs, grade } = found;
  return [
    `By:     ${eventsCount} events from ${utc(firstEpochUs)} to ${utc(lastEpochUs)}, grade ${grade}`,
  ];
}

function formatAllowances(list: readonly KeptAllowance[]): string {
  if (list.length === 0) return 'Nothing is allowed; allow add WHAT adds an entry.\n';
  const width = Math.max(...list.map(({ value }) => value.length));
  return list
    .map(({ value, untilEpochUs, comment }) => {
      const until = untilEpochUs === undefined ? 'always' : utc(untilEpochUs);
      return `${`${shown(value).padEnd(width)}  ${until.padEnd(20)}  ${shown(comment)}`.trimEnd()}\n`;
    })
    .join('');
}

function nameOf({ kind, value }: Subject): string {
  return kind === 'number' ? `+${value}` : value;
}

function utc(epochUs: number): string {
  return `${new Date(Math.floor(epochUs / 1000)).toISOString().slice(0, 19)}Z`;
}

/** Also comments come from others: whoever writes to the database. */
function shown(text: string): string {
  return escapeText(text, LOG_VALUE_CHARACTERS_MAX);
}
