// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress } from '@sentrypeer/ip';
import type { Evidence } from '../evidence.ts';
import type { Feed } from '../feed.ts';
import { isTold, LevelledLookUp, type LevelledPorts, type LookUpLevel } from '../look-up-levels.ts';
import { addRoute, answerLater, sendInvalid } from '../routes.ts';

/** Addresses of one page, as APIBAN sends them. */
const PAGE_ADDRESSES = 250;
const ACCESS = { need: 'read', keyInPath: true } as const;
/** Ids of listings; those of that service, with which clients start, are numbers such as 100. */
const OWN_ID = /^listing-([0-9]{1,15})$/;
const FOREIGN_ID = /^[0-9]{1,15}$/;

/** Ids of the `known` list: the total at which a page ended. */
const KNOWN_ID = /^known-([0-9]{1,15})$/;

type BannedFeed = Pick<Feed, 'listings' | 'changeIds' | 'knows'>;

interface BannedPorts extends LevelledPorts {
  readonly feed: BannedFeed;
  readonly evidence: Pick<Evidence, 'address' | 'addressesFrom'>;
}

const BANNED = { kinds: ['address'], levels: ['listed'] } as const;

/**
 * APIBAN's list of what the judge lists: each page names the id after which the next one begins, until there are no new
 * bans. The id stays valid: asked again later it gives what was listed since, whenever it was seen.
 */
export function addBannedList(app: FastifyInstance, ports: BannedPorts, level: LookUpLevel): void {
  if (level !== 'listed') return addKnownList(app, ports, level);
  const { feed, reputation, clock } = ports;
  const page = (request: FastifyRequest, reply: FastifyReply): void => {
    const { id } = request.params as { readonly id?: string };
    const after = afterOf(id);
    if (after === undefined) return sendInvalid(reply);
    return sendPage(feed, after, reply);
  };
  addRoute(app, '/api/:key/banned', ACCESS, page);
  addRoute(app, '/api/:key/banned/:id', ACCESS, page);
  addRoute(app, '/api/:key/check/:address', ACCESS, (request, reply) => {
    const address = canonicalAddress((request.params as { readonly address: string }).address);
    if (address === undefined) return sendInvalid(reply);
    // Also because a network around it is listed.
    const { listed } = reputation.judge.judge({ address }, clock.epochUs());
    if (listed) return send(reply, 200, [address], 'none');
    return send(reply, 404, ['not blocked'], 'none');
  });
}

/**
 * The same for a weaker level, in the order in which it became known. What other nodes shared before it came here keeps
 * its place.
 */
function addKnownList(app: FastifyInstance, ports: BannedPorts, level: LookUpLevel): void {
  const { evidence, clock, reputation } = ports;
  const levelled = new LevelledLookUp(ports, level);
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { id = '' } = request.params as { readonly id?: string };
    const known = KNOWN_ID.exec(id)?.[1];
    const isFirst = id === '' || FOREIGN_ID.test(id) || OWN_ID.test(id);
    if (known === undefined && !isFirst) return sendInvalid(reply);
    let after = Number(known ?? 0);
    const found: string[] = [];
    while (found.length === 0) {
      const items = evidence.addressesFrom(after, PAGE_ADDRESSES);
      const last = items.at(-1);
      if (last === undefined) return send(reply, 404, ['no new bans'], 'none');
      after = last.totalId;
      const nowEpochUs = clock.epochUs();
      for (const { address } of items) {
        const standing = reputation.judge.addressStanding(address, nowEpochUs);
        if (isTold(level, standing, () => true)) found.push(address);
      }
      if (found.length === 0) await nextTurn(); // Look-ups can run in between.
    }
    send(reply, 200, found, `known-${after}`);
  };
  const sendPage = (request: FastifyRequest, reply: FastifyReply): void =>
    answerLater(reply, page(request, reply));
  addRoute(app, '/api/:key/banned', ACCESS, sendPage);
  addRoute(app, '/api/:key/banned/:id', ACCESS, sendPage);
  addRoute(app, '/api/:key/check/:address', ACCESS, (request, reply) => {
    const address = canonicalAddress((request.params as { readonly address: string }).address);
    if (address === undefined) return sendInvalid(reply);
    const isKnown = levelled.hasAddress(address, () => evidence.address(address) !== undefined);
    return isKnown
      ? send(reply, 200, [address], 'none')
      : send(reply, 404, ['not blocked'], 'none');
  });
}

/** The listing after which a page begins; `undefined` if that id was never issued. */
function afterOf(id: string | undefined): number | undefined {
  if (id === undefined || FOREIGN_ID.test(id)) return 0;
  const [, listingId] = OWN_ID.exec(id) ?? [];
  return listingId === undefined ? undefined : Number(listingId);
}

function sendPage(feed: BannedFeed, after: number, reply: FastifyReply): void {
  // An id from a database that is gone: everything in this one is new.
  const { oldest } = feed.changeIds();
  const begin = after >= oldest && !feed.knows(after) ? 0 : after;
  const listings = feed.listings(begin, PAGE_ADDRESSES, BANNED);
  const last = listings.at(-1);
  if (last === undefined) return send(reply, 404, ['no new bans'], 'none');
  const addresses = listings.map(({ value }) => value);
  send(reply, 200, addresses, `listing-${last.listingId}`);
}

function send(reply: FastifyReply, status: number, ipaddress: readonly string[], id: string): void {
  const text = JSON.stringify({ ipaddress, ID: id });
  reply
    .code(status)
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
