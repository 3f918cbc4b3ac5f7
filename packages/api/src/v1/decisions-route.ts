// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress, formatPrefix, parsePrefix } from '@sentrypeer/ip';
import { OperatingError, type Clock } from '@sentrypeer/kernel';
import { bodyText, jsonBody, PostedText, postRoute } from '../cloud/posted.ts';
import { COMMENT_CHARACTERS_MAX, DECISION_OCTETS_MAX } from '../limits.ts';
import { sendProblem } from '../problem.ts';
import type { Decision } from '@sentrypeer/event';
import type { Reputation } from '../reputation.ts';
import { readAskedNumber } from '../asked-number.ts';
import { time } from '../parameters.ts';

const RIGHT =
  'the body must be {"allow": WHAT, "comment", "until", "yes"}, {"disallow": WHAT}, {"block": ADDRESS, NETWORK, NUMBER or RANGE, "comment", "until", "yes"}, {"unblock": WHAT} or {"delist": ADDRESS, NUMBER or RANGE, "comment"}';
/** A block of numbers, as lists name it: `+46850780xx`. */
const RANGE = /^\+\d{3,13}x{2,4}$/;
const until = time('');

/** `POST /v1/decisions`: the operator's decisions about what may be listed; for keys with the role admin. */
export function addDecisionsRoute(
  app: FastifyInstance,
  ports: { readonly reputation: Reputation; readonly clock: Clock },
): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, new PostedText().parse);
    const access = { need: 'decide', octetsMax: DECISION_OCTETS_MAX } as const;
    postRoute(scope, '/v1/decisions', access, (request, reply) => decide(ports, request, reply));
    done();
  });
}

async function decide(
  ports: { readonly reputation: Reputation; readonly clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const body = jsonBody(bodyText(request));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return sendProblem(reply, 400, RIGHT);
  }
  const decision = readDecision(ports, new Map(Object.entries(body)));
  if (typeof decision === 'string') return sendProblem(reply, 400, decision);
  try {
    await ports.reputation.decide(decision);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    if (error.code === 'allowance_unknown' || error.code === 'block_unknown') {
      return sendProblem(reply, 404, error.message);
    }
    if (error.code === 'allowlist_full' || error.code === 'blocklist_full') {
      return sendProblem(reply, 409, error.message);
    }
    reply.header('Retry-After', '5');
    return sendProblem(reply, 503, `nothing can be recorded at present: ${error.code}`);
  }
  reply.code(204).send();
}

/** Wall-clock microseconds, `undefined` for always; or what is wrong with it. */
function readUntil(end: unknown, clock: Clock): number | undefined | string {
  if (end === undefined) return undefined;
  const untilEpochUs = typeof end === 'string' ? until.read(end) : undefined;
  if (untilEpochUs === undefined) return `until must be ${until.right}`;
  return untilEpochUs <= clock.epochUs() ? 'until is in the past' : untilEpochUs;
}

/** The decision, or what is wrong with it. */
function readDecision(
  { reputation, clock }: { readonly reputation: Reputation; readonly clock: Clock },
  members: ReadonlyMap<string, unknown>,
): Decision | string {
  const {
    allow,
    disallow,
    block,
    unblock,
    delist,
    comment = '',
    ...more
  } = Object.fromEntries(members);
  const { until: end, yes = false, ...unknown } = more;
  if (Object.keys(unknown).length > 0) return RIGHT;
  if (typeof comment !== 'string' || comment.length > COMMENT_CHARACTERS_MAX) {
    return `comment must be a text of at most ${COMMENT_CHARACTERS_MAX} characters`;
  }
  const given = [allow, disallow, block, unblock, delist].filter((value) => value !== undefined);
  const [value] = given;
  if (given.length !== 1 || typeof value !== 'string') return RIGHT;
  const holds = allow ?? block;
  if ((end !== undefined || yes !== false) && holds === undefined) return RIGHT;
  if (disallow !== undefined) return { kind: 'disallow', ...reputation.spellings(value) };
  if (allow !== undefined) {
    if (!reputation.isAllowable(value)) {
      return 'allow must be an address, a network, a number with its plus, a range of numbers, or digits as they are dialled';
    }
    if (reputation.isWide(value) && yes !== true) {
      return 'allow covers very much, and nothing in it would be listed any more: add "yes": true if that is intended';
    }
    const untilEpochUs = readUntil(end, clock);
    if (typeof untilEpochUs === 'string') return untilEpochUs;
    return { kind: 'allow', ...reputation.spellings(value), comment, untilEpochUs };
  }
  if (block !== undefined || unblock !== undefined) {
    const read = reputation.blockable(value);
    if (read.kind === 'unread') return read.why;
    const { subject, alike } = read;
    const named = alike.length === 0 ? { subject } : { subject, alike };
    if (unblock !== undefined) return { kind: 'unblock', ...named };
    if (read.guard !== undefined) return `${value} cannot be blocked: ${read.guard}`;
    if (read.isWide && yes !== true) {
      return 'block covers very much, and all of it would be refused: add "yes": true if that is intended';
    }
    const untilEpochUs = readUntil(end, clock);
    if (typeof untilEpochUs === 'string') return untilEpochUs;
    return { kind: 'block', ...named, comment, untilEpochUs };
  }
  const network = value.includes('/') ? parsePrefix(value) : undefined;
  const address = network === undefined ? canonicalAddress(value) : formatPrefix(network);
  if (address !== undefined) {
    return { kind: 'delist', subject: { kind: 'address', value: address }, comment };
  }
  if (RANGE.test(value)) {
    return { kind: 'delist', subject: { kind: 'range', value: value.slice(1) }, comment };
  }
  const number = readAskedNumber(value, { reputation, clock })?.text;
  const judged =
    number === undefined ? undefined : reputation.judge.judge({ number }, clock.epochUs()).number;
  // Digits that no numbering plan knows are listed as they are.
  const digits = judged?.kind === 'unknown' ? judged.digits : undefined;
  const named = judged?.e164 ?? digits;
  if (named === undefined) return 'delist must be an address, a number or a range of numbers';
  return { kind: 'delist', subject: { kind: 'number', value: named }, comment };
}
