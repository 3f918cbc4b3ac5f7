// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { count, object, text, textOrNull, time, timeOrNull } from './schema-parts.ts';

const KEY = 'Ed25519 public key, base64url; null if it is not known.';

/** The parts of the pool's overview. */
export const POOL_SCHEMAS = {
  Pool: object({
    sharing: { type: 'boolean', description: 'Whether this node shares (--peer-to-peer).' },
    node_id: textOrNull('The id of this node; null while it does not share.'),
    key: textOrNull('Its Ed25519 public key, base64url: by this others can trust it.'),
    key_state: {
      type: 'string',
      enum: ['alive', 'retired', 'liar'],
      description:
        'retired: pool retire ended it. liar: two different pages with one serial were signed with it, for example because a copy of this node runs as well. In both cases other nodes accept nothing from this one.',
    },
    ahead_until: timeOrNull(
      'Before this time other nodes accept nothing from this one, because its clock was ahead when it wrote pages, or is behind now; at most a day after the clock is right, it writes them again. Null if they are accepted.',
    ),
    voters: count('Nodes that have a vote here.'),
    unproved_voters: count(
      'Of these, those whose vote does not count, because no link proved where they are.',
    ),
    pages: count('Pages of all.'),
    claims: count('Claims in them.'),
    authors: count('Who wrote them.'),
    items: {
      type: 'array',
      items: { $ref: '#/components/schemas/PoolNode' },
      description:
        'Up to 200: first those with links, then those that the operator judged, then those that count more.',
    },
  }),
  PoolNode: object({
    node_id: text('Its id; or unsigned, or a distrusted network.'),
    name: textOrNull('What the operator calls it.'),
    key: textOrNull(KEY),
    trust: { type: 'string', enum: ['none', 'trusted', 'distrusted'] },
    standing: {
      type: 'string',
      enum: ['stranger', 'known', 'voter', 'distrusted', 'out', 'retired', 'liar'],
      description:
        'voter: it has a vote. known: it was right before, so it is heard first in a flood. out: it was met only in distrusted networks. liar: two pages with one serial prove that.',
    },
    link: {
      oneOf: [
        object({
          address: text('Its address.'),
          outward: { type: 'boolean', description: 'Whether this node dialled.' },
          since: time('When the link began.'),
        }),
        { type: 'null' },
      ],
      description:
        'Null if there is none now: what it says comes over other nodes, or came in a file.',
    },
    network: textOrNull('The network in which it was last linked.'),
    country: textOrNull(
      'The country of that network (ISO 3166-1 alpha-2); null if it is not known.',
    ),
    first_seen: timeOrNull('When something from it was first accepted.'),
    last_seen: timeOrNull('When something from it was last accepted.'),
    claims: count('Claims in its pages.'),
    foretold: count('Addresses that it was the first to name and that came here after that.'),
    events: count('Its events that are in the log.'),
  }),
};
