// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { LEVELS, LISTED_KINDS } from '../feed.ts';
import { GRADES } from '../list-query.ts';
import type { Schema } from '../parameters.ts';
import { ANALYTICS_SCHEMAS } from './analytics-schemas.ts';
import { POOL_SCHEMAS } from './pool-schemas.ts';
import { OPERATIONS_SCHEMAS } from './operations-schemas.ts';
import { count, object, text, textOrNull, time, timeOrNull } from './schema-parts.ts';

/* The format of answers; tests check every answer against it. */

export function reference(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const SEEN = {
  first_seen: time('When it was first met.'),
  last_seen: time('When it was last met.'),
  seen_count: count('Messages that came here; 0 if only other nodes share it.'),
  shared_count: count(
    'Messages that other nodes share. They prove nothing and get nothing listed.',
  ),
};
/** For countries and networks, which count what came here. */
const MET = {
  first_seen: SEEN.first_seen,
  last_seen: SEEN.last_seen,
  seen_count: count('Messages.'),
};
const ADDRESSES = count('Addresses that something came from. An IPv6 /64 counts once.');
const GRADE: Schema = {
  type: 'string',
  enum: GRADES,
  description:
    'How sure it is that the address is the attacker’s: only returned and handshake are.',
};

const PLACE = {
  country: textOrNull('ISO 3166-1 alpha-2; null if not known.'),
  network: text('An autonomous system such as AS64500, or the address block if that is not known.'),
  network_name: textOrNull('Name of the autonomous system.'),
};
/** The meaning of dialled digits; only for a single number, and if it is known. */
const MEANING = {
  e164: text('The number that the digits most likely mean, with its plus.'),
  country: text('ISO 3166-1 alpha-2.'),
  number_type: text('fixed, mobile, premium, shared-cost, satellite, unallocated and others.'),
};
const VERDICT = {
  score: { type: 'integer', minimum: 0, maximum: 100, description: 'How bad it is now.' },
  reasons: { type: 'array', items: { type: 'string' }, description: 'Why, in words.' },
};
const REASONS: Schema = {
  type: 'array',
  items: { type: 'string' },
  description: 'Why, in words; the most important first.',
};
const LISTED = {
  kind: { type: 'string', enum: LISTED_KINDS },
  value: text(
    'An address or a prefix of addresses; a number with its plus, or a range such as +46850780xx.',
  ),
  level: {
    type: 'string',
    enum: LEVELS,
    description: 'listed: act on it. watch: report it and let it through.',
  },
  score: VERDICT.score,
  grade: GRADE,
};

function page(item: string): Schema {
  return object({
    items: { type: 'array', items: { $ref: `#/components/schemas/${item}` } },
    next: textOrNull(
      'The cursor of the next page; null after the last. A page may be short, or empty, and still have a next one.',
    ),
  });
}

const VERDICT_WORD = {
  type: 'string',
  enum: ['listed', 'watch', 'unproved', 'unknown'],
  description:
    'listed: known bad, refuse it. watch: tell somebody, let it through. unproved: the address was claimed, but may be forged, so do not block it. unknown: nothing that counts is known.',
};
const LEVEL = {
  type: 'string',
  enum: ['none', 'watch', 'listed'],
  description: 'What to do: refuse what is listed; report what is watched and let it through.',
};
const POOL = {
  description:
    'What other nodes say about it in the pool (docs/sharing.md); null if they say nothing.',
  oneOf: [{ $ref: '#/components/schemas/PoolStanding' }, { type: 'null' }],
};

const EXPLAINED = {
  pool: POOL,
  shared_count: count(
    'Its messages that other nodes share. They prove nothing and get nothing listed.',
  ),
  listed: { type: 'boolean', description: 'Whether the level is listed.' },
  level: LEVEL,
  ...VERDICT,
  since: timeOrNull('Since when it is listed.'),
  until: timeOrNull('When this level ends, unless more evidence arrives.'),
  unlist: {
    type: 'array',
    items: { type: 'string' },
    description: 'What would end the level: bodies for POST /v1/decisions. Empty if it has none.',
  },
};

export const SCHEMAS = {
  Address: object({
    address: text('IPv4, or IPv6 in its shortest form; in lists the /64 of IPv6 addresses.'),
    addresses: count('How many addresses of the /64 are known; 1 for a single address.'),
    grade: GRADE,
    ...PLACE,
    ...SEEN,
  }),
  AddressPage: page('Address'),
  Number: object(
    {
      number: text('As it was dialled; with a plus if it was asked for in another form.'),
      ...MEANING,
      ...SEEN,
    },
    Object.keys(MEANING),
  ),
  NumberPage: page('Number'),
  UserAgent: object({ user_agent: text('The first 256 characters.'), ...SEEN }),
  UserAgentPage: page('UserAgent'),
  Country: object({ country: PLACE.country, addresses: ADDRESSES, ...MET }),
  Countries: object({ items: { type: 'array', items: { $ref: '#/components/schemas/Country' } } }),
  Network: object({
    network: PLACE.network,
    name: PLACE.network_name,
    addresses: ADDRESSES,
    ...MET,
  }),
  NetworkPage: page('Network'),
  Methods: object({
    items: {
      type: 'array',
      items: object({
        method: text(
          'SIP method; OTHER is the sum of methods that no RFC defines and of what was not SIP.',
        ),
        transport: text('UDP, TCP or TLS.'),
        seen_count: count('Messages.'),
        shared_count: count('Messages that other nodes share.'),
      }),
    },
  }),
  Series: object({
    interval: { type: 'string', enum: ['hour', 'day'] },
    items: {
      type: 'array',
      items: object({
        start: time('Beginning of the interval, UTC.'),
        seen_count: count('Messages.'),
        shared_count: count('Messages that other nodes share.'),
        methods: {
          type: 'object',
          additionalProperties: count('Messages.'),
          description: 'Messages by method.',
        },
      }),
    },
  }),
  ...OPERATIONS_SCHEMAS,
  ...ANALYTICS_SCHEMAS,
  Summary: object({
    addresses: ADDRESSES,
    numbers: count('Numbers called.'),
    user_agents: count('User-Agents seen.'),
    shared_addresses: count('Addresses that other nodes share and that sent nothing here.'),
    shared_numbers: count('Numbers that other nodes share and that were not called here.'),
    shared_user_agents: count('User-Agents that only other nodes share.'),
    last_event_id: count('Id of the newest event.'),
  }),
  Event: object(
    {
      id: count('Higher for each later event; the `Last-Event-ID` of the stream.'),
      event_uuid: text('The same on every node that has the event.'),
      event_timestamp: timeOrNull(
        'When the message was received. In rows of SentryPeer 4.x this is that machine’s local time. Null if a row from there, or one written by hand, says no time.',
      ),
      recorded_at: timeOrNull('When it was written here. Null as above.'),
      created_by_node_id: text('The node that received it.'),
      collected_method: { type: 'string', enum: ['passive', 'responsive'] },
      source_ip: text('Where it came from.'),
      source_port: { type: ['integer', 'null'] },
      ...PLACE,
      destination_ip: textOrNull('The honeypot’s address.'),
      destination_port: { type: ['integer', 'null'] },
      transport: { type: 'string', enum: ['UDP', 'TCP', 'TLS'] },
      message_kind: textOrNull('request, response or not-sip.'),
      method: textOrNull('SIP method.'),
      called_number: textOrNull('As it was dialled.'),
      called_number_source: textOrNull('Which part of the message named it.'),
      to_user: textOrNull('User part of To.'),
      from_user: textOrNull('User part of From.'),
      user_agent: textOrNull('What it calls itself.'),
      grade: { type: ['string', 'null'], enum: [...GRADES, null] },
      tried_password: {
        type: 'boolean',
        description: 'Whether it came with credentials: a password, or what is computed from one.',
      },
      anomalies: {
        type: 'array',
        items: { type: 'string' },
        description: 'What was odd about it.',
      },
      seen_count: count(
        'How many messages this event stands for: itself and the repeats counted on it.',
      ),
      last_seen: { type: ['string', 'null'], format: 'date-time' },
      shared: {
        type: ['object', 'null'],
        description:
          'Who shared it, if another node did: that is hearsay, which nothing here proves. Otherwise null.',
        properties: {
          address: text('The DHT node that told us.'),
          key: textOrNull('Ed25519 public key of the signer, base64url; null if it is not signed.'),
        },
        required: ['address', 'key'],
        additionalProperties: false,
      },
      request_uri: textOrNull('With include=message only.'),
      to_uri: textOrNull('With include=message only.'),
      from_uri: textOrNull('With include=message only.'),
      sip_message: text('With include=message only: the octets as received, one character each.'),
      details: {
        type: ['object', 'null'],
        description: 'With include=message only: credentials that were tried, and other headers.',
      },
    },
    ['request_uri', 'to_uri', 'from_uri', 'sip_message', 'details'],
  ),
  EventPage: page('Event'),
  Peer: object({
    node_id: text('Its id; unsigned stands for all nodes that sign nothing.'),
    trust: { type: 'string', enum: ['none', 'trusted', 'distrusted'] },
    key: textOrNull('Ed25519 public key, base64url; null if it signs nothing.'),
    address: textOrNull('The DHT node that last told us.'),
    first_seen: time('When something of it was taken first.'),
    last_seen: time('When something of it was taken last.'),
    events: count('Its events that are in the log.'),
    voter: { type: 'boolean', description: 'Whether it has a vote in the pool.' },
    name: textOrNull('What the operator calls it.'),
  }),
  PeerPage: page('Peer'),
  ...POOL_SCHEMAS,
  PoolStanding: object({
    voters: count('Nodes with a vote that name it, each name and each network once.'),
    uncounted: count(
      'Nodes with a vote that name it but do not count: no network of theirs is proved, or another voter has it.',
    ),
    quorum: count('How many of these it takes to act on it.'),
    strangers: count('Nodes without a vote that name it. They have no effect.'),
    networks: count('Networks of these, as far as they are known.'),
  }),
  Check: object({
    verdict: VERDICT_WORD,
    level: LEVEL,
    listed: { type: 'boolean', description: 'Whether the level is listed.' },
    ...VERDICT,
    expires: timeOrNull('When this level ends, unless more evidence arrives; null if it has none.'),
    number: { oneOf: [{ $ref: '#/components/schemas/Number' }, { type: 'null' }] },
    address: { oneOf: [{ $ref: '#/components/schemas/Address' }, { type: 'null' }] },
    country: textOrNull('Country of the address that was asked for, even if it was never seen.'),
    network: textOrNull('Network of that address, as above.'),
    network_name: textOrNull('Name of that network.'),
    pool: POOL,
  }),
  Explanation: object({
    verdict: VERDICT_WORD,
    level: LEVEL,
    listed: { type: 'boolean', description: 'Whether the level is listed.' },
    ...VERDICT,
    expires: timeOrNull('When this level ends, unless more evidence arrives; null if it has none.'),
    number: { oneOf: [{ $ref: '#/components/schemas/ExplainedNumber' }, { type: 'null' }] },
    address: { oneOf: [{ $ref: '#/components/schemas/ExplainedAddress' }, { type: 'null' }] },
  }),
  ExplainedAddress: object({
    entry: text(
      'The entry by which it is judged and listed: for IPv4 the address itself, for IPv6 its /64 or a wider network.',
    ),
    ...EXPLAINED,
  }),
  ExplainedNumber: object({
    kind: text('number, unknown, extension, short-code, emergency, feature-code or none.'),
    e164: textOrNull('The number that was judged, with its plus.'),
    grouped: textOrNull('The same in groups, as its country writes it: +44 20 7946 0958.'),
    country: textOrNull('ISO 3166-1 alpha-2.'),
    number_type: textOrNull(
      'fixed, mobile, premium, shared-cost, satellite, unallocated and others.',
    ),
    destination_class: textOrNull(
      'How ordinary the number is, which decides how much proof it takes to refuse it (docs/policy.md).',
    ),
    range: textOrNull('The range whose evidence decided, such as +46850780xx.'),
    ...EXPLAINED,
  }),
  Readings: object({
    items: {
      type: 'array',
      items: object({
        dialled: text('As it was asked for.'),
        e164: textOrNull('The number that the digits most likely mean, with its plus.'),
        grouped: textOrNull('The same in groups, as its country writes it: +44 20 7946 0958.'),
        country: textOrNull('ISO 3166-1 alpha-2.'),
      }),
      description: 'In the order of the question.',
    },
  }),
  Listing: object({
    ...LISTED,
    grouped: textOrNull(
      'A number in groups, as its country writes it: +44 20 7946 0958; null for anything else.',
    ),
    reasons: REASONS,
    since: time('Since when it is listed.'),
    until: time('Listed until then, unless more evidence arrives.'),
    first_seen: time('Of the evidence: when it was met first.'),
    last_seen: time('Of the evidence: when it was met last.'),
    seen_count: count('Events of the evidence.'),
    blocked: {
      type: 'boolean',
      description:
        'Whether the operator blocked it. Then it is listed, whatever the evidence says.',
    },
  }),
  ListingPage: page('Listing'),
  ListingChange: object({
    id: count('Higher for each later change.'),
    at: time('When it was decided.'),
    ...LISTED,
    grouped: textOrNull(
      'A number in groups, as its country writes it: +44 20 7946 0958; null for anything else.',
    ),
    change: {
      type: 'string',
      enum: ['listed', 'watched', 'unlisted'],
      description:
        'listed and watched replace the earlier entry for it; level is that of the entry that begins, continues or ends.',
    },
    since: timeOrNull('Since when it is listed; null if it is not.'),
    until: timeOrNull(
      'When the listing ends, unless more evidence arrives; null if it is not listed.',
    ),
    reason: text('Why, as one text.'),
    reasons: REASONS,
  }),
  ListingChangePage: object({
    items: { type: 'array', items: { $ref: '#/components/schemas/ListingChange' } },
    next: textOrNull('The cursor of the next page; null after the last.'),
    oldest: count('Id of the oldest change that is kept.'),
    newest: count('Id of the newest change.'),
    behind: {
      type: 'boolean',
      description: 'Changes after the cursor are no longer kept: begin again with all listings.',
    },
  }),
  Allowance: object({
    value: text('Address, network, number, range or digits.'),
    comment: text('What it is for.'),
    created: time('Since when.'),
    until: timeOrNull('null if it has no end.'),
  }),
  Allowlist: object({
    items: { type: 'array', items: { $ref: '#/components/schemas/Allowance' } },
  }),
  Block: object({
    kind: { type: 'string', enum: LISTED_KINDS },
    value: text('Address, network, number or range.'),
    comment: text('What it is for.'),
    created: time('Since when.'),
    until: timeOrNull('null if it has no end.'),
  }),
  Blocklist: object({
    items: { type: 'array', items: { $ref: '#/components/schemas/Block' } },
  }),
  Problem: object({
    type: text('about:blank'),
    title: text('The status in words.'),
    status: { type: 'integer' },
    detail: text('What was wrong, and what would be right.'),
  }),
} as const;
