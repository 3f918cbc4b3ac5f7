// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance } from 'fastify';
import { nodeIdOfKey } from '@sentrypeer/event';
import { parseNodeNetwork } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { uuid, type Parameter } from '../parameters.ts';
import type { PeerTrust, Peer, Peers, PoolNode, PoolView } from '../peers.ts';
import { sendProblem } from '../problem.ts';
import { rfc3339 } from '../rfc3339.ts';
import { limit, pageOf, totalsCursor } from './cursor.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const JSON_TYPE = 'application/json';
const UNKNOWN = 'Nothing is known of this node.';
const UNSIGNED = 'unsigned';
/** Of an Ed25519 key in base64url. */
const KEY_CHARACTERS = 43;
const TRUST: Readonly<Record<string, PeerTrust>> = {
  trust: 'trusted',
  distrust: 'distrusted',
  forget: 'forgotten',
};
const nodeUuid = uuid('The node.');

const node: Parameter<string> = {
  description:
    'The node by its id or by its key, unsigned for all that sign nothing, or a distrusted network: a prefix with its slash as %2F, or an autonomous system.',
  schema: { type: 'string' },
  right:
    'the UUID of a node, its key in base64url, unsigned, a network such as 45.10.0.0%2F16, or AS64500',
  read: (text) =>
    text === UNSIGNED
      ? text
      : (parseNodeNetwork(text)?.text ?? nodeOfKey(text) ?? nodeUuid.read(text)),
};

/** The id of the node with this key, as operators pass it on. */
function nodeOfKey(text: string): string | undefined {
  if (text.length !== KEY_CHARACTERS) return undefined;
  try {
    return nodeIdOfKey(Uint8Array.fromBase64(text, { alphabet: 'base64url' }));
  } catch {
    return undefined;
  }
}

export const PEERS_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/pool',
    summary: 'The pool at a glance: the nodes in it, and this node’s part',
    need: 'read',
    query: {},
    mediaType: JSON_TYPE,
    schema: reference('Pool'),
    isConditional: () => false,
    handle: (call) => sendJson(call, poolEntry(call.ports.peers.pool())),
  }),
  operation({
    path: '/v1/peers',
    summary: 'Other nodes that shared events, most recently seen first',
    need: 'read',
    query: { limit, cursor: totalsCursor },
    mediaType: JSON_TYPE,
    schema: reference('PeerPage'),
    isConditional: () => true,
    handle: (call) => {
      const { values, ports } = call;
      const { items, next } = pageOf((count, after) => ports.peers.page(count, after), {
        after: values.cursor,
        limit: values.limit,
        sinceEpochUs: -1,
        fits: () => true,
      });
      sendJson(call, { items: items.map(peerEntry), next });
    },
  }),
  operation({
    path: '/v1/peers/{node_id}',
    summary: 'One node that shared events, or was judged',
    need: 'read',
    query: {},
    place: { name: 'node_id', parameter: node },
    mediaType: JSON_TYPE,
    schema: reference('Peer'),
    notFound: UNKNOWN,
    isConditional: () => true,
    handle: (call) => {
      const peer = call.ports.peers.peer(call.place);
      if (peer === undefined) sendProblem(call.reply, 404, UNKNOWN);
      else sendJson(call, peerEntry(peer));
    },
  }),
];

/** `POST /v1/peers/{node_id}/trust`, `/distrust` and `/forget`, for those who may do everything. */
export function addTrustRoutes(app: FastifyInstance, peers: Peers): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // Everything is in the path; a body is skipped.
    scope.addContentTypeParser('*', (_request, payload, parsed) => {
      payload.resume();
      parsed(null);
    });
    for (const [word, trust] of Object.entries(TRUST)) {
      const url = `/v1/peers/:node_id/${word}`;
      scope.route({
        method: 'POST',
        url,
        config: { access: { need: 'decide' } },
        handler: async (request, reply) => {
          const { node_id: text = '' } = request.params as { readonly node_id?: string };
          const nodeId = node.read(text);
          if (nodeId === undefined) sendProblem(reply, 400, `node_id must be ${node.right}`);
          else if (trust === 'trusted' && parseNodeNetwork(nodeId) !== undefined)
            sendProblem(reply, 400, 'a network can be distrusted and forgotten, not trusted');
          else
            try {
              if (await peers.setTrust(nodeId, trust)) reply.code(204).send();
              else sendProblem(reply, 404, UNKNOWN);
            } catch (error) {
              if (!(error instanceof OperatingError)) throw error;
              reply.header('Retry-After', '5');
              sendProblem(reply, 503, `nothing can be recorded at present: ${error.code}`);
            }
          return reply;
        },
      });
    }
    done();
  });
}

function poolEntry({ self, nodes, keyState, aheadUntilEpochUs, ...counts }: PoolView): Json {
  return {
    sharing: self !== undefined,
    node_id: self?.nodeId ?? null,
    key: keyText(self?.publicKey),
    key_state: keyState,
    ahead_until: aheadUntilEpochUs === undefined ? null : rfc3339(aheadUntilEpochUs),
    voters: counts.voters,
    unproved_voters: counts.unproved,
    pages: counts.pages,
    claims: counts.claims,
    authors: counts.authors,
    items: nodes.map(nodeEntry),
  };
}

function nodeEntry({ link, ...node }: PoolNode): Json {
  return {
    node_id: node.nodeId,
    name: node.name === '' ? null : node.name,
    key: keyText(node.publicKey),
    trust: node.trust,
    standing: standingOf(node),
    link:
      link === undefined
        ? null
        : {
            address: link.address,
            outward: link.isOutward,
            since: rfc3339(link.sinceEpochUs),
          },
    network: node.network ?? null,
    country: node.country ?? null,
    first_seen: node.firstSeenEpochUs === 0 ? null : rfc3339(node.firstSeenEpochUs),
    last_seen: node.lastSeenEpochUs === 0 ? null : rfc3339(node.lastSeenEpochUs),
    claims: node.claimsCount,
    foretold: node.foretoldCount,
    events: node.eventsCount,
  };
}

function standingOf(node: Omit<PoolNode, 'link'>): string {
  if (node.trust === 'distrusted') return 'distrusted';
  if (node.state !== 'alive') return node.state;
  if (node.isOut) return 'out';
  if (node.isVoter) return 'voter';
  return node.isKnown ? 'known' : 'stranger';
}

function keyText(key: Uint8Array | undefined): string | null {
  return key?.toBase64({ alphabet: 'base64url', omitPadding: true }) ?? null;
}

function peerEntry(peer: Peer): Json {
  return {
    node_id: peer.nodeId,
    trust: peer.trust,
    key: keyText(peer.publicKey),
    address: peer.address === '' ? null : peer.address,
    first_seen: rfc3339(peer.firstSeenEpochUs),
    last_seen: rfc3339(peer.lastSeenEpochUs),
    events: peer.seenCount,
    voter: peer.isVoter,
    name: peer.name === '' ? null : peer.name,
  };
}
