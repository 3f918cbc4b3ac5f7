// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Evidence, PageEnd } from '../evidence.ts';
import { PAGE_SCAN_MAX } from '../limits.ts';
import { isListed } from '../list-query.ts';
import { isJudgedBad, type Reputation } from '../reputation.ts';
import { parseAddress } from '../request-target.ts';
import { addRoute, sendInvalid } from '../routes.ts';
import { formatCursor, totalsCursor } from '../v1/cursor.ts';

/** Addresses of one page, as APIBAN sends them. */
const PAGE_ADDRESSES = 250;
const BEGINNING: PageEnd = { lastSeenEpochUs: 0, totalId: 0 };
/** What is handed out is acted on, so what may be forged stays out. */
const ENFORCED = { grade: 'returned', minCount: 1, afterEpochUs: 0, family: 0 } as const;
const ACCESS = { need: 'read', keyInPath: true } as const;

interface BannedListPorts {
  readonly evidence: Evidence;
  readonly reputation: Pick<Reputation, 'listing'>;
}

/**
 * APIBAN's list: each page names the id behind which the next one begins, until there are no new bans. The id
 * stays good: asked again later it gives what came since.
 */
export function addBannedList(app: FastifyInstance, ports: BannedListPorts): void {
  const { evidence, reputation } = ports;
  const page = (request: FastifyRequest, reply: FastifyReply): void => {
    const { id } = request.params as { readonly id?: string };
    // Clients begin with a number of that service, such as 100.
    const after = id === undefined || /^[0-9]{1,15}$/.test(id) ? BEGINNING : totalsCursor.read(id);
    if (after === undefined) return sendInvalid(reply);
    return sendPage(ports, after, reply);
  };
  addRoute(app, '/api/:key/banned', ACCESS, page);
  addRoute(app, '/api/:key/banned/:id', ACCESS, page);
  addRoute(app, '/api/:key/check/:address', ACCESS, (request, reply) => {
    const text = (request.params as { readonly address: string }).address;
    const address = parseAddress(text);
    if (address === undefined) return sendInvalid(reply);
    const found = evidence.address(address);
    const isBanned =
      found !== undefined &&
      isListed(address, found.lastSeenEpochUs, found, ENFORCED) &&
      isJudgedBad(reputation, address);
    if (isBanned) return send(reply, 200, [address], 'none');
    return send(reply, 404, ['not blocked'], 'none');
  });
}

function sendPage(
  { evidence, reputation }: BannedListPorts,
  after: PageEnd,
  reply: FastifyReply,
): void {
  const addresses: string[] = [];
  let end: PageEnd = after;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; scanned += PAGE_ADDRESSES) {
    const page = evidence.addressesSince(PAGE_ADDRESSES, end);
    for (const item of page.items) {
      if (addresses.length === PAGE_ADDRESSES) break;
      end = item;
      const isBanned =
        isListed(item.address, item.lastSeenEpochUs, item, ENFORCED) &&
        isJudgedBad(reputation, item.address);
      if (isBanned) addresses.push(item.address);
    }
    if (page.next === undefined || addresses.length === PAGE_ADDRESSES) break;
  }
  if (addresses.length === 0) send(reply, 404, ['no new bans'], 'none');
  else send(reply, 200, addresses, formatCursor(end));
}

function send(reply: FastifyReply, status: number, ipaddress: readonly string[], id: string): void {
  const text = JSON.stringify({ ipaddress, ID: id });
  reply
    .code(status)
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
