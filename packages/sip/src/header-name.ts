// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { lowerCase, matchesAt } from './characters.ts';

/** The headers that the message itself needs, by their place in `KNOWN_NAMES`. */
export const HeaderId = {
  unknown: -1,
  via: 0,
  from: 1,
  to: 2,
  callId: 3,
  cseq: 4,
  contentLength: 5,
  userAgent: 6,
  authorization: 7,
  proxyAuthorization: 8,
} as const;

/** Canonical long names; the first nine are in the order of {@link HeaderId}. */
const KNOWN_NAMES: readonly string[] = [
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'content-length',
  'user-agent',
  'authorization',
  'proxy-authorization',
  'contact',
  'max-forwards',
  'content-type',
  'content-encoding',
  'www-authenticate',
  'proxy-authenticate',
  'accept',
  'accept-contact',
  'allow',
  'allow-events',
  'diversion',
  'event',
  'expires',
  'identity',
  'identity-info',
  'p-asserted-identity',
  'p-preferred-identity',
  'record-route',
  'refer-to',
  'referred-by',
  'reject-contact',
  'remote-party-id',
  'request-disposition',
  'require',
  'route',
  'server',
  'session-expires',
  'subject',
  'supported',
];

/** Compact forms registered with IANA, RFC 3261 §7.3.3 and the RFCs that added some. */
const COMPACT_NAMES: readonly (readonly [string, string])[] = [
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
];

interface Candidate {
  readonly firstCode: number;
  readonly name: string;
  readonly id: number;
}

const ID_BY_NAME: ReadonlyMap<string, number> = new Map(KNOWN_NAMES.map((name, id) => [name, id]));
const COMPACT_IDS = new Int8Array(256).fill(HeaderId.unknown);
for (const [compact, name] of COMPACT_NAMES) {
  COMPACT_IDS[compact.charCodeAt(0)] = ID_BY_NAME.get(name) ?? HeaderId.unknown;
}
const NAME_SIZE_MAX = Math.max(...KNOWN_NAMES.map((name) => name.length));
const CANDIDATES_BY_SIZE: readonly (readonly Candidate[])[] = Array.from(
  { length: NAME_SIZE_MAX + 1 },
  (_, size) =>
    KNOWN_NAMES.map((name, id) => ({ firstCode: name.charCodeAt(0), name, id })).filter(
      ({ name }) => name.length === size,
    ),
);

/** The id of the header name from `start` to `end`, long or compact, in any case. */
export function headerIdAt(text: string, start: number, end: number): number {
  const size = end - start;
  const firstCode = lowerCase(text.charCodeAt(start));
  if (size === 1) return COMPACT_IDS[firstCode] ?? HeaderId.unknown;
  const candidates = CANDIDATES_BY_SIZE[size];
  if (candidates === undefined) return HeaderId.unknown;
  for (const candidate of candidates) {
    if (candidate.firstCode === firstCode && matchesAt(text, start, candidate.name)) {
      return candidate.id;
    }
  }
  return HeaderId.unknown;
}

/** The id of a canonical name. */
export function headerIdOf(name: string): number {
  return ID_BY_NAME.get(name) ?? HeaderId.unknown;
}

/** The canonical name of an id, or `undefined` for {@link HeaderId.unknown}. */
export function headerNameOf(id: number): string | undefined {
  return KNOWN_NAMES[id];
}
