// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { count, object, text, textOrNull, time, timeOrNull } from './schema-parts.ts';

const KEY = 'Ed25519 public key, base64url; null if it is not known.';

/** What the pool at a glance is made of. */
export const POOL_SCHEMAS = {
  Pool: object({
    sharing: { type: 'boolean', description: 'Whether this node shares (--peer-to-peer).' },
    node_id: textOrNull('The id of this node; null while it does not share.'),
    key: textOrNull('Its Ed25519 public key, base64url: what others trust it by.'),
    voters: count('Nodes that have a vote here.'),
    unproved_voters: count('Of these, whose vote does not count: no link proved where they are.'),
    pages: count('Pages of all.'),
    claims: count('Claims in them.'),
    authors: count('Who wrote them.'),
    items: {
      type: 'array',
      items: { $ref: '#/components/schemas/PoolNode' },
      description:
        'Up to 200: with links first, then whom the operator judged, then those who count more.',
    },
  }),
  PoolNode: object({
    node_id: text(
      'Its id; unsigned, or a network that is distrusted, stands here by its own text.',
    ),
    name: textOrNull('What the operator calls it.'),
    key: textOrNull(KEY),
    trust: { type: 'string', enum: ['none', 'trusted', 'distrusted'] },
    standing: {
      type: 'string',
      enum: ['stranger', 'known', 'voter', 'distrusted', 'out', 'retired', 'liar'],
      description:
        'voter: its word counts by quorum. known: its word was checked, so it is heard first in a flood. out: it was met in distrusted networks alone. liar: two pages of one serial prove it.',
    },
    link: {
      oneOf: [
        object({
          address: text('Where it is.'),
          outward: { type: 'boolean', description: 'Whether this node dialled.' },
          since: time('Since when there is the link.'),
        }),
        { type: 'null' },
      ],
      description: 'Null where there is none now: what it says comes over others, or came by file.',
    },
    network: textOrNull('Where a link with it was last.'),
    country: textOrNull('ISO 3166-1 alpha-2 of that; null if it is not known.'),
    first_seen: timeOrNull('When something of it was taken first.'),
    last_seen: timeOrNull('When something of it was taken last.'),
    claims: count('Claims in its pages.'),
    foretold: count('Addresses that it named first of all and that came here after that.'),
    events: count('Its events that are in the log.'),
  }),
};
