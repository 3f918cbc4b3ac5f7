// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { count, object, text, textOrNull, time, timeOrNull } from './schema-parts.ts';

/** What the program reports about its endpoints and its followers. */
export const OPERATIONS_SCHEMAS = {
  WebhookError: object({
    code: text('See docs/errors.md; `refused` if it refused an event for good.'),
    message: text('For a person.'),
    time: time('When it happened.'),
  }),
  Webhooks: object({
    items: {
      type: 'array',
      items: object({
        name: text('The name that the operator gave it, otherwise the host of its address.'),
        lag: count('Events that it has not yet taken.'),
        requests: count('Requests made.'),
        accepted: count('Events that it took.'),
        refused: count('Events that it refused for good.'),
        expired: count('Events that retention removed before it accepted them.'),
        failures: count('Attempts that failed and were repeated.'),
        dead_letters: count('Refused events that wait for an operator.'),
        last_accepted: timeOrNull('When it last took events.'),
        next_try: timeOrNull('When the next attempt is made, if it is failing.'),
        last_error: { oneOf: [{ $ref: '#/components/schemas/WebhookError' }, { type: 'null' }] },
      }),
    },
  }),
  Followers: object({
    items: {
      type: 'array',
      items: object({
        name: text('firewall or bgp.'),
        process_id: count('Its process.'),
        state: text('Its state, in its own words.'),
        in_force: { type: 'boolean', description: 'Whether it carries out what it was told.' },
        since: time('When it started.'),
        heard: time('When it said so.'),
        node: text('The node that it follows.'),
        serial: {
          type: ['integer', 'null'],
          description: 'The newest change that it carried out.',
        },
        lag: {
          type: ['integer', 'null'],
          description:
            'Changes after that, up to 1,000; null if the serial is not one of this node.',
        },
        entries: object({
          ipv4: count('IPv4 addresses and networks that it enforces.'),
          ipv6: count('The same of IPv6.'),
        }),
        counts: {
          type: 'object',
          additionalProperties: count('Counted since it started.'),
          description: 'changes, failures, refused_packets, refused_octets and others.',
        },
        sessions: {
          type: 'array',
          description: 'With routers, of bgp.',
          items: object({
            name: text('The name that the operator gave it, otherwise its address.'),
            address: text('Where it is.'),
            state: text('RFC 4271, such as Established or Active.'),
            up: { type: 'boolean', description: 'Whether there is a session.' },
            since: time('Since when there is one, or none.'),
            prefixes_out: count('Prefixes that the router has from it.'),
            last_error: textOrNull('By its name in the RFC, and who said so.'),
          }),
        },
        troubles: {
          type: 'array',
          items: text('For a person.'),
          description: 'What an operator should look at.',
        },
      }),
    },
    bouncers: {
      type: 'array',
      items: object({
        key: text('The name of its key.'),
        address: text('The address that it pulls from.'),
        user_agent: text('What it calls itself.'),
        pulled: time('Its newest pull that was answered.'),
        lag: {
          type: ['integer', 'null'],
          description: 'Changes after that, up to 1,000; null if it will get everything.',
        },
      }),
    },
  }),
  FleetPush: object({
    connected: {
      type: 'boolean',
      description: 'Whether it is connected; a quiet node disconnects.',
    },
    lag: count('Events that the fleet has not confirmed yet.'),
    pushed_events: count('Events that are in the fleet.'),
    pushed_repeats: count('Counts that were added to such events.'),
    failures: count('Pushes that failed and are repeated.'),
    refused_events: count('Events that the fleet refuses, and that were left out.'),
    epoch: count('The epoch of this node’s log: a restored database file begins a new one.'),
    last_push: timeOrNull('When the newest push arrived.'),
    trouble: textOrNull('Why nothing is pushed at present, as text for people.'),
  }),
  FleetPull: object({
    pulled_events: count('Events of other nodes that were taken.'),
    left_out: count('Rows that prove nothing, such as those without a grade.'),
    behind: count('Rows of the fleet that were not read yet.'),
    taken_decisions: count('Decisions of operators at other hubs that were adopted.'),
    waiting_decisions: count('Decisions made at this hub that the fleet does not have yet.'),
    failures: count('Attempts that failed and are repeated.'),
    trouble: textOrNull('Why nothing is read at present, as text for people.'),
  }),
  FleetPublish: object({
    leading: {
      type: 'boolean',
      description: 'Whether this is the hub that publishes what is listed: one at a time does.',
    },
    leader: textOrNull('The hub that publishes; null before it is known.'),
    whole: {
      type: 'boolean',
      description: 'Whether everything that the fleet has was compared with what this hub lists.',
    },
    said_listings: count('Entries that it published, including unchanged ones.'),
  }),
  FleetFollow: object({
    listings: count('Listings of the hubs that this node has.'),
    serial: count('The newest change that was read; 0 before the first.'),
    taken_changes: count('Changes that were taken.'),
    left_out: count('Listings that no hub can have published, or for which there is no room.'),
    last_current: timeOrNull('When this node last had everything that the hubs list.'),
    failures: count('Attempts that failed and are repeated.'),
    trouble: textOrNull('Why nothing is followed at present, as text for people.'),
  }),
  FleetOverview: object({
    as_of: time('When the database said so.'),
    events: count('Events that the nodes pushed, in the present epochs of their logs.'),
    listed: count('Entries that the hubs list.'),
    watched: count('Entries that they watch.'),
    more_nodes: count('Nodes that are not listed below, because there are too many.'),
    nodes: { type: 'array', items: { $ref: '#/components/schemas/FleetNode' } },
  }),
  FleetNode: object({
    node: text('Its name.'),
    role: {
      type: 'string',
      enum: ['hub', 'sensor', 'follower', 'left'],
      description: 'left: its role in PostgreSQL was removed.',
    },
    connected: { type: 'boolean', description: 'Quiet sensors disconnect now and then.' },
    version: textOrNull('Null for followers, which write nothing into the database.'),
    events: count('Events that it pushed, in the present epoch of its log.'),
    waiting: count('Events that were waiting on it at its last report.'),
    last_push: timeOrNull('When its newest events arrived.'),
    last_seen: timeOrNull('Its last sign of life; null if it never gave one.'),
    silent: {
      type: 'boolean',
      description: 'Whether it gave no sign of life for 5 minutes, and is not connected.',
    },
  }),
  Fleet: object({
    state: {
      type: 'string',
      enum: ['none', 'starting', 'running'],
      description:
        'none: this node is in no fleet. starting: at first, while everything else is still null.',
    },
    push: { oneOf: [{ $ref: '#/components/schemas/FleetPush' }, { type: 'null' }] },
    pull: { oneOf: [{ $ref: '#/components/schemas/FleetPull' }, { type: 'null' }] },
    publish: { oneOf: [{ $ref: '#/components/schemas/FleetPublish' }, { type: 'null' }] },
    follow: { oneOf: [{ $ref: '#/components/schemas/FleetFollow' }, { type: 'null' }] },
    overview: { oneOf: [{ $ref: '#/components/schemas/FleetOverview' }, { type: 'null' }] },
  }),
} as const;
