// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Somebody on a simulated network who sends whatever a test wants. */

import type { Endpoint } from '@sentrypeer/ip';
import { infoHash, type InfoHash } from '../src/info-hash.ts';
import type { Host } from '../src/testing/index.ts';
import { decodeMessage } from '../src/wire/decode-message.ts';
import {
  encodeError,
  encodeQuery,
  encodeReply,
  type OutgoingArguments,
} from '../src/wire/encode-message.ts';
import type { Envelope, Message, QueryMessage, QueryName } from '../src/wire/message.ts';
import type { TestDht } from './engines.ts';

const ENVELOPE: Envelope = { network: 0, client: false, agent: undefined };

export class Stranger implements Host {
  readonly nextAtMs = undefined;
  readonly id: InfoHash;
  readonly at: Endpoint;
  readonly received: Message[] = [];
  receivedOctets = 0;
  /** How it answers queries; by default it does not. */
  onQuery: (query: QueryMessage, from: Endpoint) => void = () => undefined;
  readonly #dht: TestDht;
  #tid = 0;

  constructor(dht: TestDht, address: string, id: InfoHash = infoHash(address)) {
    this.#dht = dht;
    this.at = { address, port: 4222 };
    this.id = id;
    dht.network.attach(this.at, this);
  }

  advance(): void {
    // It has no timers.
  }

  receive(octets: Uint8Array, source: Endpoint): void {
    this.receivedOctets += octets.length;
    const decoded = decodeMessage(octets);
    if (!decoded.ok) return;
    this.received.push(decoded.message);
    if (decoded.message.kind === 'query') this.onQuery(decoded.message, source);
  }

  send(octets: Uint8Array, to: Endpoint, from: Endpoint = this.at): void {
    this.#dht.network.send(octets, from, to);
  }

  /** Sends a query. @returns The transaction id. */
  query(
    to: Endpoint,
    name: QueryName,
    args: Omit<OutgoingArguments, 'id'>,
    from: Endpoint = this.at,
  ): number {
    this.#tid += 1;
    this.send(encodeQuery(ENVELOPE, name, this.#tid, { ...args, id: this.id }), to, from);
    return this.#tid;
  }

  reply(
    to: Endpoint,
    tid: number,
    args: Omit<OutgoingArguments, 'id'>,
    from: Endpoint = this.at,
  ): void {
    this.send(encodeReply(ENVELOPE, tid, { ...args, id: this.id }), to, from);
  }

  refuse(to: Endpoint, tid: number, code: number): void {
    this.send(encodeError(ENVELOPE, tid, { code, text: 'no' }, this.id), to);
  }

  /** Behaves like a node that has nothing, so that others consider it a good one. */
  pretend(token: Uint8Array): void {
    this.onQuery = (query, from) =>
      this.reply(from, query.tid, { token, valueId: query.args.valueId });
  }

  repliesTo(tid: number): readonly Message[] {
    return this.received.filter((message) => message.kind !== 'query' && message.tid === tid);
  }

  /** A token of this node for this stranger, who answers its ping. */
  token(of: Endpoint): Uint8Array {
    const { onQuery } = this;
    this.onQuery = ({ tid: asked }, from) => this.reply(from, asked, {});
    const tid = this.query(of, 'find', { target: this.id });
    this.#dht.network.run(1000);
    this.onQuery = onQuery;
    const [reply] = this.repliesTo(tid);
    return (reply?.kind === 'reply' ? reply.args.token : undefined) ?? new Uint8Array(0);
  }
}
