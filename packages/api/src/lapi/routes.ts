// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { roomClient } from '../access/client-address.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress, formatPrefix, parsePrefix } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import type { RouteAccess } from '../access/access.ts';
import { clientAddress } from '../access/client-address.ts';
import { postRoute } from '../cloud/posted.ts';
import type { Feed, Listed, ListedSubject } from '../feed.ts';
import {
  ENTRY_SECONDS_MAX,
  PAGE_ENTRIES_MAX,
  TEXT_CHARACTERS_MAX,
  USAGE_OCTETS_MAX,
} from '../limits.ts';
import type { Lists } from '../lists.ts';
import type { Reputation } from '../reputation.ts';
import { addRoute } from '../routes.ts';
import { sendText } from '../send-text.ts';
import type { Bouncers } from './bouncers.ts';
import {
  decisionFilter,
  decisionText,
  endedText,
  isAskedFor,
  isScopeAskedFor,
  type DecisionFilter,
} from './decision.ts';
import { sendLapiError } from './lapi-error.ts';

/* The routes of CrowdSec's Local API that its bouncers ask; what they send and expect is in docs/integrations/crowdsec.md. */

export interface LapiPorts {
  readonly feed: Feed;
  readonly lists: Lists;
  readonly reputation: Pick<Reputation, 'judge'>;
  readonly bouncers: Bouncers;
  readonly clock: Clock;
}

/** Bouncers are told apart by their keys, so each needs one, even if others may read without. */
const ACCESS: RouteAccess = { need: 'follow', errors: 'lapi' };
const JSON_TYPE = 'application/json';
const BANNED = { kinds: ['address'], levels: ['listed'] } as const;

export function addLapiRoutes(app: FastifyInstance, ports: LapiPorts): void {
  addRoute(app, '/v1/decisions', ACCESS, (request, reply) => sendDecisions(ports, request, reply));
  addRoute(app, '/v1/decisions/stream', ACCESS, (request, reply) =>
    sendStream(ports, request, reply),
  );
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // A bouncer's usage metrics are ignored.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, parsed) =>
      parsed(null, ''),
    );
    postRoute(
      scope,
      '/v1/usage-metrics',
      { ...ACCESS, octetsMax: USAGE_OCTETS_MAX },
      (_request, reply) => void reply.code(201).send(),
    );
    done();
  });
}

/** The decisions in force for an address or a network, or all of them. */
function sendDecisions(ports: LapiPorts, request: FastifyRequest, reply: FastifyReply): void {
  const query = queryOf(request);
  const filter = decisionFilter(query);
  const asked = query.get('ip') ?? query.get('range') ?? query.get('value');
  if (asked === null) {
    return sendMade(ports, request, reply, () =>
      arrayText(textsOf(ports, filter), { begin: '[', end: ']' }),
    );
  }
  const value = asked.includes('/') ? networkOf(asked) : canonicalAddress(asked);
  if (value === undefined) return sendLapiError(reply, 400, 'this is not an address or network');
  const found = listingOn(ports, value);
  const isMeant = found !== undefined && found.level === 'listed' && isAskedFor(found, filter);
  const isWhole = query.get('contains') !== 'false' || found?.value === value;
  const text = isMeant && isWhole ? `[${decisionText(found, ports.clock.epochUs())}]` : 'null';
  sendText(request, reply, JSON_TYPE, text);
}

/**
 * Everything in force at a start, then what changed since the last pull. At a start also everything that ended, because
 * a killed bouncer has left its entries in the kernel. The Local API does the same.
 */
function sendStream(ports: LapiPorts, request: FastifyRequest, reply: FastifyReply): void {
  if (request.method === 'HEAD') return void reply.type(JSON_TYPE).send();
  const { feed, bouncers, clock } = ports;
  const query = queryOf(request);
  const isStart = query.get('startup') === 'true';
  query.delete('startup');
  const identity = {
    key: request.caller.name ?? '',
    address: clientAddress(request),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, TEXT_CHARACTERS_MAX),
    query: query.toString().slice(0, TEXT_CHARACTERS_MAX),
  };
  const filter = decisionFilter(query);
  const serial = feed.serial();
  const known = isStart ? undefined : bouncers.after(identity, clock.nowMs());
  const after = known !== undefined && feed.knows(known) ? known : undefined;
  reply.raw.once('finish', () => {
    if (reply.statusCode !== 200) return;
    const [nowMs, nowEpochUs] = [clock.nowMs(), clock.epochUs()];
    bouncers.told(identity, { serial, nowMs, nowEpochUs, isAll: after === undefined });
  });
  // An entry that ended before that has expired at the bouncer, whenever it was sent.
  const sinceEpochUs = clock.epochUs() - ENTRY_SECONDS_MAX * 1e6;
  sendMade(ports, request, reply, () =>
    streamText(
      endedTexts(ports, filter, after ?? feed.serialAt(sinceEpochUs)),
      after === undefined ? textsOf(ports, filter) : newTexts(ports, filter, after),
    ),
  );
}

function sendMade(
  { lists }: LapiPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  text: () => AsyncIterable<string>,
): void {
  if (request.method === 'HEAD') return void reply.type(JSON_TYPE).send();
  const list = lists.open(text, roomClient(request));
  if (list === undefined) {
    reply.header('Retry-After', '1');
    return sendLapiError(reply, 503, 'too many lists are being sent');
  }
  reply.raw.once('close', () => list.destroy()); // Even if nothing has been found yet.
  sendText(request, reply, JSON_TYPE, list);
}

type Texts = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/** Bouncers apply ended decisions before new ones, so both may name the same. */
async function* streamText(ended: Texts, fresh: Texts): AsyncGenerator<string> {
  yield* arrayText(ended, { begin: '{"deleted":[', end: '],' });
  yield* arrayText(fresh, { begin: '"new":[', end: ']}' });
}

async function* arrayText(
  texts: Texts,
  { begin, end }: { readonly begin: string; readonly end: string },
): AsyncGenerator<string> {
  yield begin;
  let separator = '';
  for await (const some of texts) {
    if (some.length === 0) continue;
    yield `${separator}${some.join(',')}`;
    separator = ',';
  }
  yield end;
}

/** All decisions in force, a page at a time. */
async function* textsOf(
  { feed, clock }: LapiPorts,
  filter: DecisionFilter,
): AsyncGenerator<readonly string[]> {
  for (const page of feed.snapshot(BANNED)) {
    const nowEpochUs = clock.epochUs();
    yield page
      .filter((entry) => isAskedFor(entry, filter))
      .map((one) => decisionText(one, nowEpochUs));
    await nextTurn(); // Look-ups can run in between.
  }
}

/** Of everything that changed, what is in force now. */
async function* newTexts(
  ports: LapiPorts,
  filter: DecisionFilter,
  after: number,
): AsyncGenerator<readonly string[]> {
  for await (const changed of changedSince(ports, after)) {
    const nowEpochUs = ports.clock.epochUs();
    yield changed.flatMap(({ entry }) =>
      entry !== undefined && isAskedFor(entry, filter) ? [decisionText(entry, nowEpochUs)] : [],
    );
  }
}

/**
 * Everything that changed: what is still in force follows as new. Otherwise a bouncer that already has an entry keeps
 * its old end.
 */
async function* endedTexts(
  ports: LapiPorts,
  filter: DecisionFilter,
  after: number,
): AsyncGenerator<readonly string[]> {
  for await (const changed of changedSince(ports, after)) {
    yield changed.flatMap(({ subject, id }) =>
      isScopeAskedFor(subject, filter) ? [endedText(subject, id)] : [],
    );
  }
}

interface Changed {
  readonly subject: ListedSubject;
  readonly id: number;
  /** `undefined` if it is not in force. */
  readonly entry: Listed | undefined;
}

/** Addresses and networks that changed after a serial, a few at a time. */
async function* changedSince(
  { feed }: LapiPorts,
  serial: number,
): AsyncGenerator<readonly Changed[]> {
  let after = serial;
  for (;;) {
    const changes = feed.changes(after, PAGE_ENTRIES_MAX);
    const subjects = new Map(
      changes
        .filter(({ kind }) => kind === 'address')
        .map(({ value, changeId }) => [value, changeId]),
    );
    yield [...subjects].map(([value, id]) => {
      const subject = { kind: 'address', value } as const;
      const entry = feed.listing(subject);
      // Not that of a network around it.
      const isOwn = entry?.value === value && entry.level === 'listed';
      return { subject, id, entry: isOwn ? entry : undefined };
    });
    const last = changes.at(-1);
    if (last === undefined || changes.length < PAGE_ENTRIES_MAX) return;
    after = last.changeId;
    await nextTurn();
  }
}

/** The listing of an address or a network, or of one that contains it. */
function listingOn({ feed, reputation, clock }: LapiPorts, value: string): Listed | undefined {
  const subject = { kind: 'address', value } as const;
  const own = feed.listing(subject);
  if (own !== undefined) return own;
  const block = reputation.judge.blockOn(subject, clock.epochUs());
  return block === undefined
    ? undefined
    : feed.listing({ kind: 'address', value: block.subject.value });
}

function networkOf(text: string): string | undefined {
  const prefix = parsePrefix(text, { cut: true });
  return prefix === undefined ? undefined : formatPrefix(prefix);
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const target = request.raw.url ?? '';
  const mark = target.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
}
