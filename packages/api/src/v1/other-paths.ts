// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Schema } from '../parameters.ts';

/* Routes whose contracts are defined by others, as described in the OpenAPI document; docs/api.md says by whom. */

const object = { type: 'object' };

function answers(texts: Readonly<Record<string, string>>): Schema {
  return Object.fromEntries(
    Object.entries(texts).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: object } } },
    ]),
  );
}

function inPath(...names: readonly string[]): readonly Schema[] {
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

const LOOK_UP = {
  '200': 'Known bad.',
  '404': 'Not known.',
  '400': 'The text in the path is not valid.',
};
const DELIVERED = {
  summary: 'Records an event of another node, or an array of them; needs a key that may write',
  requestBody: { required: true, content: { 'application/json': { schema: object } } },
  responses: answers({
    '201': 'Recorded.',
    '422': 'What is wrong, by field.',
    '503': 'Try again later.',
  }),
};

function judgement(summary: string): Schema {
  return {
    post: {
      summary: `${summary}; needs a key of the role admin`,
      parameters: inPath('node_id'),
      responses: answers({
        '204': 'Done.',
        '400':
          'The text in the path is neither a node nor a network, or the request is to trust a network.',
        '404': 'Nothing is known of this node.',
        '503': 'Try again later.',
      }),
    },
  };
}

export const OTHER_PATHS: Readonly<Record<string, Schema>> = {
  '/v1/peers/{node_id}/trust': judgement('Takes more of what this node shares'),
  '/v1/peers/{node_id}/distrust': judgement(
    'Withdraws everything that only this node, or the nodes of this network, said, and accepts nothing more from it',
  ),
  '/v1/peers/{node_id}/forget': judgement('Takes a judgement back'),
  '/ip-addresses': {
    get: {
      summary: 'SentryPeer 4.x: all addresses',
      responses: answers({ '200': 'All.', '404': 'None.' }),
    },
  },
  '/ip-addresses/{address}': {
    get: {
      summary: 'SentryPeer 4.x: one address',
      parameters: inPath('address'),
      responses: answers(LOOK_UP),
    },
  },
  '/numbers': {
    get: {
      summary: 'SentryPeer 4.x: all called numbers',
      responses: answers({ '200': 'All.', '404': 'None.' }),
    },
  },
  '/numbers/{number}': {
    get: {
      summary: 'SentryPeer 4.x: one called number',
      parameters: inPath('number'),
      responses: answers(LOOK_UP),
    },
  },
  '/health-check': {
    get: {
      summary: 'SentryPeer 4.x: whether this node is up',
      responses: answers({ '200': 'It is.' }),
    },
  },
  '/v1/decisions/stream': {
    get: {
      summary:
        'CrowdSec: all decisions with startup=true, otherwise what changed since the last pull',
      responses: answers({ '200': 'Decisions, new and deleted.', '403': 'No such key.' }),
    },
  },
  '/livez': {
    get: { summary: 'Whether the program runs', responses: answers({ '200': 'It does.' }) },
  },
  '/readyz': {
    get: {
      summary: 'What this node does not do although others need it, why, and what else is degraded',
      responses: answers({ '200': 'All they ask for.', '503': 'Not all they ask for.' }),
    },
  },
  '/metrics': {
    get: {
      summary: 'Metrics for Prometheus',
      responses: {
        '200': {
          description: 'Text of version 0.0.4.',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
  },
  '/oauth/token': {
    post: {
      summary: 'OAuth 2.0 client credentials: the name of a key and the key',
      requestBody: { required: true, content: { 'application/json': { schema: object } } },
      responses: answers({
        '200': 'The token.',
        '400': 'Another grant was asked for.',
        '401': 'There is no such key.',
      }),
    },
  },
  '/v1/decisions': {
    get: {
      summary:
        'CrowdSec: the decisions on an address or a network, or all of them; needs a key that may read',
      responses: answers({ '200': 'An array of decisions, or null.', '403': 'No such key.' }),
    },
    post: {
      summary:
        'Allow, disallow, block, unblock or delist; needs a key of the role admin. {"allow": WHAT, "comment", "until", "yes"}, {"disallow": WHAT}, {"block": WHAT, "comment", "until", "yes"}, {"unblock": WHAT} or {"delist": ADDRESS or NUMBER, "comment"}',
      requestBody: { required: true, content: { 'application/json': { schema: object } } },
      responses: {
        '204': { description: 'It is written, and takes effect within a second.' },
        ...answers({
          '400': 'The body says something that is not so.',
          '404': 'The entry is not on the allowlist, or not blocked.',
          '409': 'The allowlist or the blocklist is full.',
          '503': 'Try again later.',
        }),
      },
    },
  },
  '/v1/session': {
    get: {
      summary: 'Whether reading needs a key, and whose session the cookie of this browser is',
      responses: answers({
        '200': 'key_required, and session: name, role, token and until, or null.',
      }),
    },
    post: {
      summary:
        'Takes {"key": KEY} from a browser and gives it a session: a cookie, and a token that every change must send in X-CSRF-Token',
      requestBody: { required: true, content: { 'application/json': { schema: object } } },
      responses: answers({
        '200': 'As for GET.',
        '401': 'There is no such key.',
        '403': 'This key may not read.',
        '429': 'Too many wrong keys.',
      }),
    },
    delete: {
      summary: 'Ends the session of this browser; needs its token in X-CSRF-Token',
      responses: { '204': { description: 'It is over.' } },
    },
  },
  '/api/events': { post: DELIVERED },
  '/api/{key}/events': { post: { ...DELIVERED, parameters: inPath('key') } },
  '/api/phone-numbers/{number}': {
    get: {
      summary: 'SentryPeerHQ: one called number',
      parameters: inPath('number'),
      responses: answers(LOOK_UP),
    },
  },
  '/api/ip-addresses/{address}': {
    get: {
      summary: 'SentryPeerHQ: one address',
      parameters: inPath('address'),
      responses: answers(LOOK_UP),
    },
  },
  '/api/{key}/banned': {
    get: {
      summary: 'APIBAN: addresses to ban, a page',
      parameters: inPath('key'),
      responses: answers({ '200': 'A page.', '404': 'No more.' }),
    },
  },
  '/api/{key}/banned/{id}': {
    get: {
      summary: 'APIBAN: the page after an id',
      parameters: inPath('key', 'id'),
      responses: answers({ '200': 'A page.', '404': 'No more.' }),
    },
  },
  '/api/{key}/check/{address}': {
    get: {
      summary: 'APIBAN: one address',
      parameters: inPath('key', 'address'),
      responses: answers({ '200': 'Banned.', '404': 'Not banned.' }),
    },
  },
};
