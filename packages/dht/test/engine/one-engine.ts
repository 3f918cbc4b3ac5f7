// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One engine, what it sends, and peers that answer when a test says so. Nobody calls it but the test. */

import assert from 'node:assert/strict';
import type { Endpoint } from '@sentrypeer/ip';
import { DhtEngine, type EngineOptions, type EnginePorts } from '../../src/engine/engine.ts';
import type { InfoHash } from '../../src/info-hash.ts';
import type { ListenEvent } from '../../src/node/listen-operation.ts';
import type { Value } from '../../src/values/value.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeQuery, encodeReply, type OutgoingArguments } from '../../src/wire/encode-message.ts';
import type { Condition, Message, QueryMessage, QueryName } from '../../src/wire/message.ts';
import { textOf } from '../engines.ts';
import { ENVELOPE, KEY, PEER, SOURCE } from '../parts.ts';

const TOKEN = Uint8Array.of(1, 2, 3);

interface Sent {
  readonly message: Message;
  readonly to: Endpoint;
}

export function oneEngine(
  options: Partial<EngineOptions> = {},
  ports: Partial<Omit<EnginePorts, 'clock'>> = {},
) {
  let nowMs = 0;
  let state = 1;
  let sent: Sent[] = [];
  const clock = { nowMs: () => nowMs, epochUs: () => 1_700_000_000_000_000 + nowMs * 1000 };
  const random = {
    fill: (octets: Uint8Array) =>
      octets.map((_, index) => (octets[index] = state = (state * 75 + 74) % 65_537)),
  };
  const send = (octets: Uint8Array, to: Endpoint): void => {
    const decoded = decodeMessage(octets);
    assert.ok(decoded.ok);
    sent.push({ message: decoded.message, to });
  };
  const engine = new DhtEngine({ clock, random, send, ...ports }, { families: [4], ...options });
  const pass = (ms: number): void => {
    const endMs = nowMs + ms;
    for (let at = engine.nextAtMs; at !== undefined && at <= endMs; at = engine.nextAtMs) {
      nowMs = Math.max(nowMs, at);
      engine.advance();
    }
    nowMs = endMs;
  };
  /** The queries that were sent since the last call. */
  const queries = (): readonly (Sent & { readonly message: QueryMessage })[] => {
    const taken = sent;
    sent = [];
    return taken.flatMap(({ message, to }) => (message.kind === 'query' ? [{ message, to }] : []));
  };
  const asked = (): readonly string[] => queries().map(({ message: { name } }) => name);
  /** The peer answers all that it was asked and has not answered. */
  const answer = (args: Partial<OutgoingArguments> = {}, from = SOURCE, id = PEER): void => {
    for (const { message, to } of queries())
      if (to.address === from.address)
        engine.receive(encodeReply(ENVELOPE, message.tid, { id, token: TOKEN, ...args }), from);
  };
  /** Answers until nothing is asked any more. */
  const settle = (args: Partial<OutgoingArguments> = {}): void => {
    for (
      let round = 0;
      round < 20 && sent.some(({ message }) => message.kind === 'query');
      round += 1
    )
      answer(args);
  };
  /** A peer that has answered. */
  const connect = (from = SOURCE, id: InfoHash = PEER): void => {
    engine.bootstrap([from]);
    answer({}, from, id);
    assert.equal(engine.connectivity(from.address.includes(':') ? 6 : 4), 'connected');
  };
  const tell = (
    name: QueryName,
    args: Omit<OutgoingArguments, 'id'>,
    from = SOURCE,
    id: InfoHash = PEER,
  ): Message | undefined => {
    engine.receive(encodeQuery(ENVELOPE, name, 9, { ...args, id }), from);
    return sent.find(({ message }) => message.kind !== 'query')?.message;
  };
  const listen = (where: readonly Condition[] = [], key = KEY) => {
    const told: string[] = [];
    const stop = engine.listen(key, where, (event: ListenEvent) =>
      told.push(event.kind === 'value' ? textOf(event.value) : `end of ${event.id}`),
    );
    return { told, stop };
  };
  /** Puts a value that is made now unless it is said when. */
  const put = (
    value: Value,
    permanent = false,
    created = clock.epochUs() / 1_000_000,
    key = KEY,
  ) => {
    const settled: string[] = [];
    const isTaken = engine.put(key, value, {
      permanent,
      created,
      onSettled: (ok, count) => settled.push(`${ok} ${count}`),
    });
    return { settled, isTaken };
  };
  const get = (where: readonly Condition[] = [], key = KEY) => {
    const told: string[] = [];
    engine.get(key, where, {
      onValue: (value) => told.push(textOf(value)),
      onDone: () => told.push('done'),
    });
    return told;
  };
  return { engine, clock, pass, queries, asked, answer, settle, connect, tell, listen, put, get };
}
