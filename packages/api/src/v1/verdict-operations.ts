// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  Judgement,
  NumberJudgement,
  PoolStanding,
  Subject,
  Verdict,
} from '@sentrypeer/verdict';
import type { SeenAddress } from '../evidence.ts';
import { address, askedNumber, askedNumbers } from '../parameters.ts';
import { sendProblem } from '../problem.ts';
import { rfc3339 } from '../rfc3339.ts';
import { addressEntry, numberEntry, numberText, placeEntry, type Json } from './entries.ts';
import { findNumber } from './find-number.ts';
import { operation, type Call, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const JSON_TYPE = 'application/json';

const QUESTION = {
  number: askedNumber('The number as it is about to be dialled.'),
  address: address('Where the call comes from.'),
};

/** What is listed, why, and what the operator said about it. A verdict changes with time, so none is conditional. */
export const VERDICT_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/check',
    summary: 'Whether a number, an address, or one of the two is known bad',
    description:
      'For a PBX to ask before it dials. Always 200 with a verdict; wait two seconds at most, and let the call through if there is no answer.',
    need: 'read',
    query: QUESTION,
    mediaType: JSON_TYPE,
    schema: reference('Check'),
    isConditional: () => false,
    handle: (call) => {
      const judged = judge(call);
      if (judged === undefined) return;
      const { judgement, from } = judged;
      const { number: dialled, address: source } = call.values;
      const found = dialled === undefined ? undefined : findNumber(call.ports, dialled, judgement);
      sendJson(call, {
        ...checkEntry(judgement, from),
        number: found === undefined ? null : numberEntry(found),
        address: from === undefined ? null : addressEntry(from, call.ports.places),
        ...placeEntry(source === undefined ? undefined : call.ports.places.placeOf(source)),
        pool: poolOf(judgement),
      });
    },
  }),
  operation({
    path: '/v1/explain',
    summary: 'Why a number or an address is listed or not, since when, and what would change it',
    need: 'read',
    query: QUESTION,
    mediaType: JSON_TYPE,
    schema: reference('Explanation'),
    isConditional: () => false,
    handle: (call) => {
      const judged = judge(call);
      if (judged === undefined) return;
      const { judgement, from } = judged;
      const { ports } = call;
      const { number: dialled = '', address: source } = call.values;
      const { number, address } = judgement;
      const e164 = number?.e164;
      sendJson(call, {
        ...checkEntry(judgement, from),
        number:
          number === undefined
            ? null
            : {
                kind: number.kind,
                e164: e164 === undefined ? null : `+${e164}`,
                grouped: e164 === undefined ? null : ports.reputation.grouped(e164),
                country: number.country ?? null,
                number_type: number.type ?? null,
                destination_class: number.destinationClass ?? null,
                range: number.range === undefined ? null : `+${number.range}`,
                pool: poolEntry(number.pool),
                shared_count: findNumber(ports, dialled, judgement)?.sharedCount ?? 0,
                ...explained(call, number, subjectOf(number)),
              },
        address:
          address === undefined
            ? null
            : {
                pool: poolEntry(address.pool),
                shared_count: from?.sharedCount ?? 0,
                entry: address.entry,
                ...explained(
                  call,
                  address,
                  { kind: 'address', value: source ?? '' },
                  address.entry,
                ),
              },
      });
    },
  }),
  operation({
    path: '/v1/readings',
    summary: 'What dialled digits mean: the number, its country, and how it is written there',
    need: 'read',
    query: { numbers: askedNumbers('Numbers as they were dialled, separated by commas.') },
    mediaType: JSON_TYPE,
    schema: reference('Readings'),
    isConditional: () => false,
    handle: (call) => {
      const { reputation, clock } = call.ports;
      const { numbers } = call.values;
      if (numbers === undefined) {
        return sendProblem(call.reply, 400, 'there must be numbers');
      }
      const nowUs = clock.epochUs();
      sendJson(call, {
        items: numbers.map((dialled) => {
          const { number } = reputation.judge.judge({ number: dialled }, nowUs);
          const e164 = number?.e164;
          return {
            dialled,
            e164: e164 === undefined ? null : `+${e164}`,
            grouped: e164 === undefined ? null : reputation.grouped(e164),
            country: number?.country ?? null,
          };
        }),
      });
    },
  }),
  operation({
    path: '/v1/allowlist',
    summary: 'What the operator allowed: it is never listed',
    need: 'read',
    query: {},
    mediaType: JSON_TYPE,
    schema: reference('Allowlist'),
    isConditional: () => true,
    handle: (call) => {
      const items = call.ports.reputation.allowances();
      sendJson(call, {
        items: items.map(({ value, comment, createdEpochUs, untilEpochUs }) => ({
          value,
          comment,
          created: rfc3339(createdEpochUs),
          until: untilEpochUs === undefined ? null : rfc3339(untilEpochUs),
        })),
      });
    },
  }),
  operation({
    path: '/v1/blocklist',
    summary: 'What the operator blocked: it is listed, whatever the evidence says',
    need: 'read',
    query: {},
    mediaType: JSON_TYPE,
    schema: reference('Blocklist'),
    isConditional: () => true,
    handle: (call) => {
      const items = call.ports.reputation.blocks();
      sendJson(call, {
        items: items.map(({ subject, comment, createdEpochUs, untilEpochUs }) => ({
          kind: subject.kind,
          value: numberText(subject),
          comment,
          created: rfc3339(createdEpochUs),
          until: untilEpochUs === undefined ? null : rfc3339(untilEpochUs),
        })),
      });
    },
  }),
];

/** Answers if there is nothing to judge. */
function judge(
  call: Call<typeof QUESTION>,
): { readonly judgement: Judgement; readonly from: SeenAddress | undefined } | undefined {
  const { number, address: source } = call.values;
  if (number === undefined && source === undefined) {
    sendProblem(call.reply, 400, 'there must be a number, an address, or both');
    return undefined;
  }
  const { evidence, reputation, clock } = call.ports;
  const question = {
    ...(number === undefined ? {} : { number }),
    ...(source === undefined ? {} : { address: source }),
  };
  return {
    judgement: reputation.judge.judge(question, clock.epochUs()),
    from: source === undefined ? undefined : evidence.address(source),
  };
}

function checkEntry(judgement: Judgement, from: SeenAddress | undefined) {
  const { level, listed, score, untilEpochUs } = judgement;
  const isSeen = level === 'none' && from?.grade === 'seen';
  // Nothing came from there: other nodes reported events from it, which prove nothing.
  const isHearsay = isSeen && from.seenCount === 0;
  const mayBeForged = isSeen && !isHearsay;
  const claimed =
    isSeen && judgement.address?.reasons.length === 0
      ? [
          isHearsay
            ? `nothing came from this address here; other nodes reported ${counted(from.sharedCount, 'event')} from it`
            : `packets that claim this address came ${times(from.seenCount)}, but it may be forged`,
        ]
      : [];
  return {
    verdict: level !== 'none' ? level : mayBeForged ? 'unproved' : 'unknown',
    level,
    listed,
    score,
    reasons: [...judgement.reasons, ...claimed],
    expires: untilEpochUs === undefined ? null : rfc3339(untilEpochUs),
  };
}

/** Of the number or the address, whichever more nodes mention. */
function poolOf({ number, address }: Judgement): Json | null {
  const [a, b] = [number?.pool, address?.pool];
  if (a === undefined || b === undefined) return poolEntry(a ?? b);
  const isMore = a.voters > b.voters || (a.voters === b.voters && a.strangers > b.strangers);
  return poolEntry(isMore ? a : b);
}

function poolEntry(standing: PoolStanding | undefined): Json | null {
  return standing === undefined ? null : { ...standing };
}

/** @param entry The entry under which the subject is on the lists. */
function explained(
  call: Call<typeof QUESTION>,
  verdict: Verdict,
  subject: Subject,
  entry = subject.value,
) {
  const listing = call.ports.feed.listing({ ...subject, value: entry });
  const { level, listed, score, reasons, untilEpochUs } = verdict;
  return {
    listed,
    level,
    score,
    reasons,
    since: listed && listing !== undefined ? rfc3339(listing.sinceEpochUs) : null,
    until: untilEpochUs === undefined ? null : rfc3339(untilEpochUs),
    unlist: level === 'none' ? [] : unlisting(call, subject),
  };
}

/** Bodies of decisions that the route accepts, and how long each holds. */
function unlisting({ ports }: Call<typeof QUESTION>, subject: Subject): readonly string[] {
  const { reputation, clock } = ports;
  const value = numberText(subject);
  const block = reputation.judge.blockOn(subject, clock.epochUs());
  if (block !== undefined) {
    return [`${JSON.stringify({ unblock: numberText(block.subject) })} to let the evidence decide`];
  }
  const allowed = subject.kind === 'range' ? `${value.slice(0, value.indexOf('x'))}*` : value;
  const allow = reputation.isWide(allowed) ? { allow: allowed, yes: true } : { allow: allowed };
  return [
    `${JSON.stringify({ delist: value })} until it comes again`,
    ...(reputation.isAllowable(allowed) ? [`${JSON.stringify(allow)} never to list it`] : []),
  ];
}

/** What was judged: the number, the digits if they are not an E.164 number, or the range that it was judged by. */
function subjectOf({ range, e164, digits }: NumberJudgement): Subject {
  return range === undefined
    ? { kind: 'number', value: e164 ?? digits }
    : { kind: 'range', value: range };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
