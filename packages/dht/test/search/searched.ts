// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A search whose nodes are numbered by their distance, the closest first, and answer when a test says so. */

import assert from 'node:assert/strict';
import { divergingAt, infoHash, type InfoHash } from '../../src/info-hash.ts';
import { RemoteNode, type Request, type RequestHandlers } from '../../src/routing/remote-node.ts';
import { Requests, type RequestContent } from '../../src/routing/requests.ts';
import { Search } from '../../src/search/search.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeReply, type OutgoingArguments } from '../../src/wire/encode-message.ts';
import type { NodeRecord } from '../../src/wire/message.ts';
import { testCore } from '../core-for-tests.ts';

export const KEY = infoHash('key');
export const TOKEN = Uint8Array.of(1, 2, 3, 4);
/** Bits that the node 0 and the key have in common. */
const BITS = 100;

/** A request that waits for its answer. */
export interface Asked extends RequestContent {
  readonly number: number;
  readonly handlers: RequestHandlers;
  readonly request: Request;
}

/** Requests that are noted, not sent. */
class NotedRequests extends Requests {
  readonly open: Asked[] = [];
  readonly sent: string[] = [];
  numberOf: (node: RemoteNode) => number = () => 0;

  override send(node: RemoteNode, content: RequestContent, handlers: RequestHandlers): Request {
    const { endpoint } = node;
    const counts = { attemptsCount: 1, attemptsMax: 3, waitMs: 0 };
    const request = {
      node,
      tid: 0,
      endpoint,
      handlers,
      datagrams: [],
      timer: undefined,
      ...counts,
    };
    const number = this.numberOf(node);
    this.open.push({ ...content, number, handlers, request });
    this.sent.push(`${number} ${content.name}`);
    return request;
  }

  override cancel(request: Request | undefined): void {
    const at = this.open.findIndex((each) => each.request === request);
    if (at !== -1) this.open.splice(at, 1);
  }
}

/** The id of a node at this place among those close to the key. */
export function idOf(number: number): InfoHash {
  return divergingAt(KEY, BITS - number, new Uint8Array(20));
}

export function recordOf(number: number): NodeRecord {
  return { id: idOf(number), endpoint: { address: `10.0.${number + 100}.1`, port: 4222 } };
}

/** @param count Nodes that are known at the beginning, from 1. */
export function searched(count: number) {
  const { core, pass } = testCore();
  const requests = new NotedRequests(core);
  const events: string[] = [];
  const numbers = new Map<RemoteNode, number>();
  const nodes = new Map<number, RemoteNode>();
  requests.numberOf = (each) => numbers.get(each) ?? -99;
  let drawn = 0;
  const node = (number: number): RemoteNode => {
    const known = nodes.get(number);
    if (known !== undefined) return known;
    const { id, endpoint } = recordOf(number);
    const made = new RemoteNode(id, endpoint, () => (drawn += 1));
    made.heardAtMs = core.clock.nowMs();
    nodes.set(number, made);
    numbers.set(made, number);
    return made;
  };
  /** What is known besides the nodes of the search. */
  const known: RemoteNode[] = [];
  for (let number = 1; number <= count; number += 1) known.push(node(number));
  const search = new Search(
    {
      core,
      family: 4,
      requests,
      closest: (key, most) => {
        assert.equal(key, KEY);
        events.push('closest');
        return known.slice(0, most);
      },
      learn: (records, from) => {
        events.push(`learn ${records.length} from ${numbers.get(from)}`);
        for (const { id } of records)
          for (const each of nodes.values()) if (each.id === id) search.offer(each);
      },
      ban: (each) => events.push(`ban ${numbers.get(each)}`),
      onSearchExpired: () => events.push('expired'),
    },
    KEY,
  );
  const step = (): void => pass(0);
  step();
  /** The oldest request to this node, which is no longer open. */
  const take = (number: number): Asked => {
    const at = requests.open.findIndex((each) => each.number === number);
    const asked = requests.open[at];
    assert.ok(asked !== undefined, `nothing is asked of ${number}: ${requests.sent.join(', ')}`);
    requests.open.splice(at, 1);
    return asked;
  };
  const heard = (number: number): void => {
    const each = node(number);
    each.heardAtMs = core.clock.nowMs();
    each.repliedAtMs = core.clock.nowMs();
    each.expired = false;
  };
  /** Answers the oldest request to this node; with a token unless another is given. */
  const answer = (number: number, args: Omit<OutgoingArguments, 'id'> = {}): Asked => {
    const asked = take(number);
    heard(number);
    const decoded = decodeMessage(
      encodeReply({ network: 0, client: false, agent: undefined }, 1, {
        token: TOKEN,
        ...args,
        id: idOf(number),
      }),
    );
    assert.ok(decoded.ok && decoded.message.kind === 'reply');
    asked.handlers.onReply(decoded.message);
    step();
    return asked;
  };
  const refuse = (number: number, code: number): Asked => {
    const asked = take(number);
    heard(number);
    assert.equal(asked.handlers.onError?.(code), true, 'an error ends it');
    step();
    return asked;
  };
  /** Its first attempt is left unanswered, for a while after its last answer; the request stays open. */
  const stale = (number: number): void => {
    pass(1);
    requests.open.find((each) => each.number === number)?.handlers.onStale?.();
    step();
  };
  /** It answers nothing: all of its requests fail. */
  const expire = (...silent: readonly number[]): void => {
    for (const number of silent) {
      node(number).expired = true;
      node(number).sockets.clear();
      for (const each of requests.open.filter((asked) => asked.number === number))
        take(each.number).handlers.onExpired?.();
    }
    step();
  };
  /** What is asked and not yet answered, in the order of asking. */
  const open = (): readonly string[] =>
    requests.open.map(({ number, name }) => `${number} ${name}`);
  /** What was asked since the last call. */
  const sent = (): readonly string[] => requests.sent.splice(0);
  /** All nodes answer all searches, until none is asked any more. */
  const sync = (): void => {
    for (let asked = requests.open[0]; asked !== undefined; asked = requests.open[0])
      answer(asked.number, { valueId: undefined });
    sent();
  };
  return {
    core,
    search,
    node,
    known,
    events,
    pass,
    step,
    take,
    answer,
    refuse,
    stale,
    expire,
    open,
    sent,
    sync,
    asked: requests.open,
  };
}

/** The numbers from the first to the last. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
