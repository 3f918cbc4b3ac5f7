// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setTimeout as wait } from 'node:timers/promises';
import { formatEventJson, type LogFilter, type RecordedEvent } from '@sentrypeer/event';
import { contains, parseIp, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { isUnsafeCode, terminalSafeJson } from '@sentrypeer/kernel';
import type { StoreReader } from '@sentrypeer/store';
import { refusal, quoted } from '../config/refusal.ts';
import { VERSION } from '../config/version.ts';
import { TAIL_LINES_MAX, TAIL_LOOK_MS, TAIL_PAGE_EVENTS } from '../limits.ts';
import { formatEventLine } from '../output/event-line.ts';
import type { Command, CommandContext, CommandLine } from './command.ts';
import { needed, refuseMore, wholeFlag } from './words.ts';

const LINES_DEFAULT = 10;
const GRADES = ['seen', 'returned', 'handshake'] as const;
const TRANSPORTS = ['UDP', 'TCP', 'TLS'] as const;

type Filter = (event: RecordedEvent) => boolean;

export const TAIL: Command = {
  name: 'tail',
  form: '',
  doc: 'Print the newest events, one line each, then new ones as they come, until Ctrl-C. With `--json` one object per line.',
  flags: ['lines', 'once', 'address', 'number', 'method', 'transport', 'grade', 'agent'],
  examples: [
    ['tail --method INVITE --grade returned', 'Only calls from proved addresses.'],
    ['tail --once --lines 100 --json', 'Print the newest hundred and end.'],
    ['tail --address 192.0.2.0/24 --number +442079460000', 'Only from there, and in any form.'],
  ],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'tail');
    const linesCount = wholeFlag(flags, 'lines', TAIL_LINES_MAX) ?? LINES_DEFAULT;
    const says = filterOf(flags);
    const number = flags.get('number');
    if (number !== undefined) checkNumber(needed(number.trim(), '--number NUMBER'));
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { dbFile } = context.config;
      const print = printer(context, flags.has('json'));
      let log = StoreReader.look(dbFile);
      try {
        const newest = log.lastHoneyId();
        const wanted = number === undefined ? undefined : await openWanted(number);
        const fits: Filter = (event) => says(event) && wanted?.fits(event) !== false;
        const earlier = newestEvents(log, wanted?.search ?? {}, says, linesCount);
        for (const event of earlier) print(event);
        if (flags.has('once')) return undefined;
        const take = (event: RecordedEvent): void => void (fits(event) && print(event));
        await follow(
          () => {
            if (!log.isStill) return log;
            log.close(); // Nobody had it open: see whether anybody has now.
            log = StoreReader.look(dbFile);
            return log;
          },
          newest,
          take,
          context.stopped,
        );
      } finally {
        log.close();
      }
      return undefined;
    };
  },
};

/** A name may be called, too. */
function checkNumber(text: string): void {
  for (let index = 0; index < text.length; index += 1) {
    if (!isUnsafeCode(text.charCodeAt(index))) continue;
    throw refusal(
      `--number: ${quoted(text)} has a control character: write a number such as +442079460000, or the name that was called`,
    );
  }
}

/** Calls of a number in whatever form it is dialled, as far as the digits alone tell. */
async function openWanted(
  asked: string,
): Promise<{ readonly search: LogFilter; readonly fits: Filter }> {
  const { NumberingPlans, readNumber } = await import('@sentrypeer/numbers');
  const plans = await NumberingPlans.load();
  const plain = withoutPlus(asked);
  const [best] = readNumber(plans, asked).candidates;
  const meant = best?.e164 ?? plain;
  return {
    search: { numbers: { first: meant, last: meant } },
    fits: ({ calledNumber }) =>
      withoutPlus(calledNumber) === plain ||
      readNumber(plans, calledNumber).candidates.some(({ e164 }) => e164 === meant),
  };
}

function withoutPlus(number: string): string {
  return number.startsWith('+') ? number.slice(1) : number;
}

/** The newest events that match, oldest first. */
function newestEvents(
  log: StoreReader,
  numbers: LogFilter,
  says: Filter,
  count: number,
): readonly RecordedEvent[] {
  const found: RecordedEvent[] = [];
  let after: number | undefined;
  while (found.length < count) {
    const page = log.events(numbers, 'newest-first', after, TAIL_PAGE_EVENTS);
    found.push(...page.items.filter(says));
    after = page.next;
    if (after === undefined) break;
  }
  return found.slice(0, count).toReversed();
}

async function follow(
  log: () => StoreReader,
  newest: number,
  take: (event: RecordedEvent) => void,
  stopped: AbortSignal,
): Promise<void> {
  let honeyId = newest;
  while (!stopped.aborted) {
    const events = log().eventsAfter(honeyId, TAIL_PAGE_EVENTS);
    for (const event of events) {
      take(event);
      honeyId = event.honeyId;
    }
    if (events.length === TAIL_PAGE_EVENTS) continue;
    await wait(TAIL_LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
}

function printer(
  { print, paint }: CommandContext,
  isJson: boolean,
): (event: RecordedEvent) => void {
  return isJson
    ? (event) => print(`${terminalSafeJson(formatEventJson(event, VERSION))}\n`)
    : (event) => print(formatEventLine(event, paint));
}

function filterOf(flags: CommandLine['flags']): Filter {
  const method = methodOf(flags)?.toUpperCase();
  const network = networkOf(flags);
  const agent = flags.get('agent')?.toLowerCase();
  if (agent !== undefined) needed(agent, '--agent TEXT');
  const transport = oneOf(flags, 'transport', TRANSPORTS, (text) => text.toUpperCase());
  const grade = oneOf(flags, 'grade', GRADES, (text) => text.toLowerCase());
  return (event) =>
    (method === undefined || event.sipMethod === method) &&
    (network === undefined || isWithin(network, event.sourceIp)) &&
    (agent === undefined || event.userAgent.toLowerCase().includes(agent)) &&
    (transport === undefined || event.transportType === transport) &&
    (grade === undefined || GRADES.indexOf(event.grade ?? 'seen') >= GRADES.indexOf(grade));
}

/** A token, RFC 3261 §25.1: otherwise no event would ever have this method. */
function methodOf(flags: CommandLine['flags']): string | undefined {
  const text = flags.get('method');
  if (text === undefined || /^[\w.!%*+`'~-]+$/u.test(text)) return text;
  throw refusal(`--method: ${quoted(text)} is not one method, such as INVITE`);
}

function oneOf<T extends string>(
  flags: CommandLine['flags'],
  name: 'transport' | 'grade',
  values: readonly T[],
  normalised: (text: string) => string,
): T | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const value = values.find((each) => each === normalised(text));
  if (value !== undefined) return value;
  throw refusal(`--${name}: ${quoted(text)} is not one of ${values.join(', ')}`);
}

function networkOf(flags: CommandLine['flags']): Prefix | undefined {
  const text = flags.get('address');
  if (text === undefined) return undefined;
  const network = parsePrefix(text, { cut: true });
  if (network !== undefined) return network;
  throw refusal(
    `--address: ${quoted(text)} is neither an address such as 192.0.2.5 nor a network such as 192.0.2.0/24`,
  );
}

function isWithin(network: Prefix, address: string): boolean {
  const ip = parseIp(address);
  return ip !== undefined && contains(network, ip);
}
