// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey, type Endpoint, type Family } from '@sentrypeer/ip';
import { addressOctets, sameEndpoint } from '../address.ts';
import type { Admission } from '../engine/admission.ts';
import type { Core } from '../engine/core.ts';
import { matches, selectFields } from '../values/filter.ts';
import { compareDistance, type InfoHash } from '../info-hash.ts';
import {
  ANSWER_VALUES_COUNT_MAX,
  ANSWER_VALUES_OCTETS_MAX,
  INLINE_VALUES_OCTETS,
  NODES_IN_REPLY_MAX,
  SCANNED_VALUE_OCTETS,
  SCANNED_VALUES_MAX,
  SEARCH_NODES_MAX,
  TARGET_NODES,
  VALUES_PER_PUT_MAX,
} from '../limits.ts';
import { PING_OCTETS_MAX, UNPROVED_RATIO_MAX } from '../engine/limits.ts';
import type { Overlay } from '../routing/overlay.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import { HeldQuestions } from './held-questions.ts';
import type { Storage, StoredValue } from './storage.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Tokens } from './tokens.ts';
import type { Value } from '../values/value.ts';
import { lifetimeMs } from '../values/value-types.ts';
import { encodeError, encodeReply, type OutgoingArguments } from '../wire/encode-message.ts';
import { fragment } from '../wire/fragment.ts';
import {
  ErrorCode,
  Field,
  WANT_IPV4,
  WANT_IPV6,
  type Arguments,
  type Condition,
  type QueryMessage,
} from '../wire/message.ts';

export interface ServerPorts {
  readonly core: Core;
  readonly admission: Admission;
  readonly tokens: Tokens;
  readonly storage: Storage;
  readonly subscriptions: Subscriptions;
  readonly overlayOf: (family: Family) => Overlay | undefined;
}

/** A query, its sender and its source. */
interface Question {
  readonly message: QueryMessage;
  readonly args: Arguments;
  readonly node: RemoteNode;
  readonly source: Endpoint;
  readonly nowMs: number;
}

type Answer = Omit<OutgoingArguments, 'id' | 'seenAddress' | 'values'>;

/**
 * Answers the queries of other nodes, PROTOCOL 4. A source address may be forged, so an address that has not shown that
 * it receives our datagrams gets at most one datagram per query, no longer than 1.2 times what it sent: a pong for a
 * ping, and our ping for everything else; the query is answered when the pong arrives.
 */
export class Server {
  readonly #ports: ServerPorts;
  readonly #held = new HeldQuestions();

  constructor(ports: ServerPorts) {
    this.#ports = ports;
  }

  /**
   * @param values The values of the query, assembled if they came in parts.
   * @param octets Size of the query; one in parts is at least as long as a message that does not go inline.
   */
  answer(
    message: QueryMessage,
    node: RemoteNode,
    source: Endpoint,
    values: readonly Value[],
    octets = INLINE_VALUES_OCTETS,
  ): void {
    const { core, admission, tokens } = this.#ports;
    const nowMs = core.clock.nowMs();
    const question: Question = { message, args: message.args, node, source, nowMs };
    const isProved = admission.isProved(source, nowMs);
    if (isProved || tokens.matches(message.args.token, source, nowMs))
      this.#answer(question, values);
    else if (message.name === 'ping' || message.name === 'update') this.#pong(question, octets);
    else this.#hold(question, octets);
  }

  /** The address has answered our ping: answers its waiting requests. */
  release(source: Endpoint): void {
    const { core } = this.#ports;
    const nowMs = core.clock.nowMs();
    for (const { message, node } of this.#held.release(source, nowMs)) {
      core.counters.questionsReleased += 1;
      this.#answer({ message, args: message.args, node, source, nowMs }, []);
    }
  }

  #hold({ message, node, source, nowMs }: Question, octets: number): void {
    const { core, overlayOf } = this.#ports;
    if (octets * UNPROVED_RATIO_MAX < PING_OCTETS_MAX) return; // Too short for a real node.
    if (!this.#held.hold(message, node, source, nowMs)) return;
    core.counters.questionsHeld += 1;
    overlayOf(node.family)?.probe(node, source);
  }

  /** An unproved node is told its own address only if the answer stays short enough. */
  #pong({ message, source }: Question, octets: number): void {
    const { id, outbox, counters, envelope } = this.#ports.core;
    const seenAddress = addressOctets(source.address);
    const terse = { ...envelope, agent: undefined };
    const pong = [
      encodeReply(envelope, message.tid, { id, seenAddress }),
      encodeReply(terse, message.tid, { id, seenAddress }),
      encodeReply(terse, message.tid, { id }),
    ].find(({ length }) => length <= octets * UNPROVED_RATIO_MAX);
    if (pong === undefined) return;
    counters.queriesAnswered += 1;
    outbox.transmit([pong], source);
  }

  #answer(question: Question, values: readonly Value[]): void {
    const { message } = question;
    switch (message.name) {
      case 'ping':
      case 'update':
        this.#reply(question, {});
        return;
      case 'find':
        if (message.args.target !== undefined)
          this.#reply(question, this.#nodesAndToken(question, message.args.target));
        return;
      case 'get':
        this.#get(question);
        return;
      case 'put':
        this.#put(question, values);
        return;
      case 'refresh':
        this.#refresh(question);
        return;
      case 'listen':
        this.#listen(question);
        return;
      default:
        message.name satisfies never;
    }
  }

  #get(question: Question): void {
    const { args } = question;
    const { storage } = this.#ports;
    if (args.key === undefined) {
      this.#error(question, ErrorCode.malformed, 'Get_values with no info_hash');
      return;
    }
    const answer = this.#nodesAndToken(question, args.key);
    const { select, where } = args.filter ?? { select: [], where: [] };
    const stored = storage.values(args.key);
    if (!this.#affords(question, scanCost(stored, where))) return;
    const matching = matchingValues(stored, where);
    if (matching.length === 0) this.#reply(question, answer);
    else if (select.length > 0)
      this.#reply(question, { ...answer, fields: selectFields(matching, select) });
    else {
      const packed = limited(matching.map((each) => each.packed));
      const octets = packed.reduce((sum, { length }) => sum + length, 0);
      if (this.#affords(question, octets)) this.#replyWithValues(question, answer, packed);
    }
  }

  /** Whether the node's budget allows an answer of this cost. If not, the node asks again in a second. */
  #affords({ source, nowMs }: Question, octets: number): boolean {
    const { admission, core } = this.#ports;
    if (admission.mayAnswer(source, octets, nowMs)) return true;
    core.counters.answersWithheld += 1;
    return false;
  }

  #put(question: Question, values: readonly Value[]): void {
    const { args, node, source, nowMs } = question;
    const { storage, core } = this.#ports;
    const { key } = args;
    if (key === undefined) {
      this.#error(question, ErrorCode.malformed, 'Put with no info_hash');
      return;
    }
    if (!this.#authorized(question, 'Put with wrong token')) return;
    const far = this.#isFar(key, node.family);
    const nowEpochMs = core.clock.epochUs() / 1000;
    // A creation time in the future counts as now (PROTOCOL 4.5).
    const ageMs = args.created === undefined ? 0 : Math.max(0, nowEpochMs - args.created * 1000);
    for (const value of values.slice(0, VALUES_PER_PUT_MAX)) {
      if (value.id === 0n) {
        this.#error(question, ErrorCode.malformed, 'Put with invalid id');
        continue;
      }
      if (far) core.counters.valuesRefused += 1;
      else {
        const expiresAtMs = nowMs + lifetimeMs(value.type) - ageMs;
        const { address } = source;
        storage.putRemote(key, value, sourceKey(address), expiresAtMs, nowMs, address);
      }
      this.#reply(question, { valueId: value.id });
    }
  }

  #refresh(question: Question): void {
    const { args, nowMs } = question;
    const { storage } = this.#ports;
    if (!this.#authorized(question, 'Access with wrong token')) return;
    if (args.key === undefined || args.valueId === undefined || !storage.has(args.key)) {
      this.#error(question, ErrorCode.notFound, 'Access operation for unknown storage');
      return;
    }
    storage.refresh(args.key, args.valueId, nowMs);
    this.#reply(question, { valueId: args.valueId });
  }

  #listen(question: Question): void {
    const { args, node, source, nowMs } = question;
    const { storage, subscriptions, tokens } = this.#ports;
    const { key, socketId, version, filter } = args;
    if (key === undefined) {
      this.#error(question, ErrorCode.malformed, 'Listen with no info_hash');
      return;
    }
    if (!this.#authorized(question, 'Listen with wrong token')) return;
    if (!sameEndpoint(node.endpoint, source)) {
      // The node is known at another address, and pushes would go there. It asks again, and by then its address here is
      // known.
      this.#ports.overlayOf(node.family)?.probe(node, source);
      return;
    }
    // Listeners of version 0 would get pushes that nobody answers: their listen is confirmed, but they get no pushes
    // (PROTOCOL 10.5).
    if (version !== undefined && version > 0 && socketId !== undefined) {
      const stored = storage.values(key).values();
      if (!subscriptions.renew(key, node, socketId, filter?.where ?? [], stored)) return;
    }
    this.#reply(question, { token: tokens.make(source, nowMs) });
  }

  /** A node that sends our token receives our datagrams at its address; others get 401. */
  #authorized(question: Question, refusal: string): boolean {
    const { args, node, source, nowMs } = question;
    const { tokens, admission, core } = this.#ports;
    if (!tokens.matches(args.token, source, nowMs)) {
      core.counters.tokensRefused += 1;
      this.#error(question, ErrorCode.unauthorized, refusal);
      return false;
    }
    admission.prove(source, nowMs);
    if (!node.isGood(nowMs)) node.endpoint = source;
    return true;
  }

  /** PROTOCOL 9.1, step 2: enough other nodes are closer. */
  #isFar(key: InfoHash, family: Family): boolean {
    const { overlayOf, core } = this.#ports;
    const closest = overlayOf(family)?.closestGood(key, SEARCH_NODES_MAX) ?? [];
    const farthest = closest.at(-1);
    if (farthest === undefined || closest.length < TARGET_NODES) return false;
    return compareDistance(key, farthest.id, core.id) < 0;
  }

  #nodesAndToken({ args, source, node, nowMs }: Question, near: InfoHash): Answer {
    const { tokens, overlayOf } = this.#ports;
    const want = args.want ?? [node.family === 4 ? WANT_IPV4 : WANT_IPV6];
    const listOf = (family: Family, number: number) => {
      if (!want.includes(number)) return undefined;
      const records = overlayOf(family)?.closestGood(near, NODES_IN_REPLY_MAX) ?? [];
      return records.length === 0 ? undefined : records;
    };
    return {
      n4: listOf(4, WANT_IPV4),
      n6: listOf(6, WANT_IPV6),
      token: tokens.make(source, nowMs),
    };
  }

  #reply(question: Question, answer: Answer): void {
    this.#replyWithValues(question, answer, undefined);
  }

  #replyWithValues(
    { message, source }: Question,
    answer: Answer,
    packed: readonly Uint8Array[] | undefined,
  ): void {
    const { envelope, id, outbox, counters } = this.#ports.core;
    const args = { ...answer, id, seenAddress: addressOctets(source.address) };
    const { tid } = message;
    const datagrams =
      packed === undefined
        ? [encodeReply(envelope, tid, args)]
        : fragment(packed, { network: envelope.network, tid }, (values) =>
            encodeReply(envelope, tid, { ...args, values }),
          );
    counters.queriesAnswered += 1;
    outbox.transmit(datagrams, source);
  }

  #error({ message, source }: Question, code: number, text: string): void {
    const { envelope, id, outbox } = this.#ports.core;
    outbox.transmit([encodeError(envelope, message.tid, { code, text }, id)], source);
  }
}

/** The cost of looking through the values, in octets; a look-up by id is free. */
function scanCost(stored: ReadonlyMap<bigint, StoredValue>, where: readonly Condition[]): number {
  if (where.some((condition) => condition.field === Field.id)) return 0;
  return Math.min(stored.size, SCANNED_VALUES_MAX) * SCANNED_VALUE_OCTETS;
}

/** The stored values that meet all conditions; a look-up by id costs the same however many there are. */
function matchingValues(
  stored: ReadonlyMap<bigint, StoredValue>,
  where: readonly Condition[],
): readonly StoredValue[] {
  const byId = where.find((condition) => condition.field === Field.id);
  const looked =
    byId === undefined ? stored.values().take(SCANNED_VALUES_MAX) : [stored.get(byId.id)];
  const matching: StoredValue[] = [];
  for (const each of looked)
    if (each !== undefined && matches(each.value, where)) matching.push(each);
  return matching;
}

/** As many as one answer may hold. */
function limited(packed: readonly Uint8Array[]): readonly Uint8Array[] {
  let octets = 0;
  const within = packed.slice(0, ANSWER_VALUES_COUNT_MAX);
  const end = within.findIndex(({ length }) => (octets += length) > ANSWER_VALUES_OCTETS_MAX);
  return end === -1 ? within : within.slice(0, end);
}
