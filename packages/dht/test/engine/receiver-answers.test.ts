// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Whom a receiver takes a datagram to be from, and to whom it hands what it says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { AUTH_ERRORS_MAX, NODES_KNOWN_MAX, SESSION_IDLE_MS_MAX } from '../../src/limits.ts';
import { infoHash, type InfoHash } from '../../src/info-hash.ts';
import type { RemoteNode } from '../../src/routing/remote-node.ts';
import {
  encodeError,
  encodeLegacyUpdate,
  encodePart,
  encodeQuery,
  encodeReply,
  type OutgoingArguments,
} from '../../src/wire/encode-message.ts';
import { fragment } from '../../src/wire/fragment.ts';
import type { QueryName } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textOf, textValue } from '../engines.ts';
import { ENVELOPE, KEY, parts, PEER, SOURCE } from '../parts.ts';

const ELSEWHERE: Endpoint = { address: '192.0.2.2', port: 4222 };
const TOKEN = Uint8Array.of(1, 2, 3);

function made() {
  const all = parts();
  const { overlay, receiver } = all;
  const told: string[] = [];
  /** Asks the node for something. @returns The transaction id. */
  const ask = (node: RemoteNode): number =>
    overlay.requests.send(
      node,
      { name: 'get', args: { key: KEY } },
      {
        onReply: ({ args }) => {
          const texts = (args.slots ?? []).map((slot) =>
            'value' in slot ? textOf(slot.value) : '',
          );
          told.push(`reply ${texts.map((text) => text.slice(0, 3)).join(' ')}`.trim());
        },
        onError: (code) => (told.push(`error ${code}`), true),
        onExpired: () => told.push('expired'),
      },
    ).tid;
  const known = (): RemoteNode => overlay.cache.mentioned(PEER, SOURCE, 0);
  const send = (octets: Uint8Array, from = SOURCE): void => receiver.receive(octets, from);
  const say = (
    name: QueryName,
    args: Omit<OutgoingArguments, 'id'>,
    from = SOURCE,
    id: InfoHash = PEER,
  ): void => send(encodeQuery(ENVELOPE, name, 5, { ...args, id }), from);
  const reply = (tid: number, args: Partial<OutgoingArguments> = {}, from = SOURCE): void =>
    send(encodeReply(ENVELOPE, tid, { id: PEER, ...args }), from);
  /** A reply with these values in parts: its header, and the parts. */
  const inParts = (tid: number, ...texts: readonly string[]): readonly Uint8Array[] => {
    const packed = texts.map((text, index) => encodeValue(textValue(BigInt(index + 1), text)));
    return fragment(packed, { network: 0, tid }, (values) =>
      encodeReply(ENVELOPE, tid, { id: PEER, token: TOKEN, values }),
    );
  };
  return { ...all, told, ask, known, send, say, reply, inParts };
}

test('a reply counts with its node, transaction and address, and only once', () => {
  const { ask, known, reply, told, counters, send, admission } = made();
  const tid = ask(known());
  reply(tid, {}, ELSEWHERE);
  reply((tid ^ 1) >>> 0);
  send(encodeReply(ENVELOPE, tid, { id: infoHash('another') }));
  send(encodeLegacyUpdate(ENVELOPE, tid, { id: PEER, refreshed: [1n] }));
  assert.deepEqual([told, counters.repliesUnmatched], [[], 4]);
  assert.ok(!admission.isProved(SOURCE, 0));
  reply(tid);
  assert.deepEqual([told, counters.repliesUnmatched], [['reply'], 4]);
  assert.ok(admission.isProved(SOURCE, 0));
  reply(tid);
  assert.equal(counters.repliesUnmatched, 5);
});

test('who has answered is in the table, and the address it sees is noted if it says one', () => {
  const { ask, known, reply, reported, overlay, core, pass } = made();
  pass(1000);
  const node = known();
  reply(ask(node));
  assert.deepEqual(reported.list(), []);
  assert.deepEqual(overlay.table.nodes(), [node]);
  assert.equal(overlay.table.buckets[0]?.repliedAtMs, core.clock.nowMs());
  reply(ask(node), { seenAddress: Uint8Array.of(203, 0, 113, 5) });
  assert.deepEqual(reported.list(), [{ address: '203.0.113.5', votes: 1 }]);
});

test('an answer to a ping of bootstrap is an answer', () => {
  const { overlay, reply, sends, reported, counters, admission } = made();
  overlay.bootstrap.add([SOURCE]);
  const [ping] = sends();
  assert.ok(ping?.message.kind === 'query');
  reply(ping.message.tid, { seenAddress: Uint8Array.of(203, 0, 113, 5) });
  assert.equal(counters.repliesUnmatched, 0);
  assert.equal(reported.list().length, 1);
  assert.ok(admission.isProved(SOURCE, 0));
});

test('who refuses for the last time has expired and is not in the table', () => {
  const { ask, known, send, overlay, told } = made();
  const node = known();
  for (let count = 0; count < AUTH_ERRORS_MAX; count += 1)
    send(encodeError(ENVELOPE, ask(node), { code: 401, text: 'no' }, PEER));
  assert.deepEqual(overlay.table.nodes(), [node]);
  node.expired = true;
  overlay.table.dropExpired();
  send(encodeError(ENVELOPE, ask(node), { code: 401, text: 'no' }, PEER));
  assert.ok(node.expired);
  assert.deepEqual(overlay.table.nodes(), []);
  assert.equal(told.length, AUTH_ERRORS_MAX + 1);
});

test('searches hear of a node that answers when it had been silent, and not each time', () => {
  const { ask, known, reply, overlay } = made();
  const node = known();
  let offersCount = 0;
  const search = overlay.search(KEY);
  search.offer = () => {
    offersCount += 1;
  };
  reply(ask(node));
  assert.equal(offersCount, 1);
  reply(ask(node));
  assert.equal(offersCount, 1);
});

test('the waiting questions of who answers are answered', () => {
  const { say, sends, reply } = made();
  say('get', { key: KEY });
  const [ping] = sends();
  assert.ok(ping?.message.kind === 'query' && ping.message.name === 'ping');
  reply(ping.message.tid);
  const [answer] = sends();
  assert.ok(answer?.message.kind === 'reply' && answer.message.tid === 5);
});

test('a query puts its sender into the table only from an address that has shown itself', () => {
  const { say, overlay, admission } = made();
  say('ping', {});
  assert.deepEqual(overlay.table.nodes(), []);
  admission.prove(SOURCE, 0);
  say('ping', {});
  assert.deepEqual(
    overlay.table.nodes().map(({ id }) => id),
    [PEER],
  );
});

test('a sender who is a client is never in the table', () => {
  const { send, overlay, admission } = made();
  admission.prove(SOURCE, 0);
  send(encodeQuery({ ...ENVELOPE, client: true }, 'ping', 5, { id: PEER }));
  assert.equal(overlay.cache.get(PEER)?.client, true);
  assert.deepEqual(overlay.table.nodes(), []);
});

test('an address that claims to be a node of elsewhere is pinged there, if it has shown itself', () => {
  for (const isProved of [true, false]) {
    const { say, sends, admission, overlay } = made();
    overlay.cache.mentioned(PEER, ELSEWHERE, 0);
    if (isProved) admission.prove(SOURCE, 0);
    say('ping', {});
    const pings = sends().filter(({ message }) => message.kind === 'query');
    assert.deepEqual(
      pings.map(({ to }) => to),
      isProved ? ['192.0.2.1 4222'] : [],
    );
    assert.deepEqual(overlay.table.nodes(), []);
  }
});

test('only an update brings what is pushed, and each value of one in parts as it comes', () => {
  const { say, known, send } = made();
  const pushed: string[] = [];
  known().sockets.set(9, ({ slots = [] }) =>
    pushed.push(slots.map((slot) => ('value' in slot ? textOf(slot.value)[0] : '?')).join(' ')),
  );
  const values = [encodeValue(textValue(1n, 'a')), encodeValue(textValue(2n, 'b'))];
  say('put', { key: KEY, socketId: 9, values });
  say('listen', { key: KEY, socketId: 9, version: 1, token: TOKEN });
  say('update', { key: KEY, values });
  assert.deepEqual(pushed, []);
  say('update', { key: KEY, socketId: 9, values });
  assert.deepEqual(pushed, ['a b']);
  const packed = ['c', 'd'].map((text, index) =>
    encodeValue(textValue(BigInt(index + 3), text.repeat(1000))),
  );
  const [header, first, second] = fragment(packed, { network: 0, tid: 6 }, (sizes) =>
    encodeQuery(ENVELOPE, 'update', 6, {
      id: PEER,
      key: KEY,
      socketId: 9,
      version: 1,
      values: sizes,
    }),
  );
  assert.ok(header !== undefined && first !== undefined && second !== undefined);
  send(header);
  send(first);
  assert.deepEqual(pushed, ['a b', 'c']);
  send(second);
  assert.deepEqual(pushed, ['a b', 'c', 'd']);
});

test('a reply in parts counts when all of it is there', () => {
  const { ask, known, inParts, send, told, pass, counters } = made();
  const [header, first, second] = inParts(ask(known()), 'a'.repeat(1000), 'b'.repeat(1000));
  assert.ok(header !== undefined && first !== undefined && second !== undefined);
  send(header);
  send(second);
  assert.deepEqual(told, []);
  send(first);
  assert.deepEqual(told, ['reply bbb aaa']);
  pass(10 * SESSION_IDLE_MS_MAX);
  assert.equal(counters.sessionsDropped, 0);
});

test('a reply of which some values come in parts and others do not counts when all are there', () => {
  const { ask, known, reply, send, told } = made();
  const tid = ask(known());
  const packed = encodeValue(textValue(2n, 'late'));
  reply(tid, { values: [encodeValue(textValue(1n, 'one')), packed.length] });
  assert.deepEqual(told, []);
  send(encodePart(0, tid, { index: 1, offset: 0, octets: packed }));
  assert.deepEqual(told, ['reply one lat']);
});

test('a reply in parts that comes after another reply is one too many', () => {
  const { ask, known, inParts, reply, send, told, counters } = made();
  const tid = ask(known());
  const [header, part] = inParts(tid, 'a'.repeat(1000));
  assert.ok(header !== undefined && part !== undefined);
  send(header);
  reply(tid);
  send(part);
  assert.deepEqual([told, counters.repliesUnmatched], [['reply'], 1]);
});

test('a reply whose parts never come is given up, and nothing is armed after that', () => {
  const { ask, known, inParts, send, core, pass, counters, overlay } = made();
  const node = known();
  const [header] = inParts(ask(node), 'a'.repeat(1000));
  assert.ok(header !== undefined);
  send(header);
  send(header);
  overlay.requests.expire(node);
  const before = core.timers.size;
  assert.equal(before, 1, 'one timer for all that is awaited');
  pass(2 * SESSION_IDLE_MS_MAX);
  assert.equal(counters.sessionsDropped, 1);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('a part that came long before its header is forgotten', () => {
  const { ask, known, inParts, send, told, pass, overlay, counters } = made();
  const node = known();
  const tid = ask(node);
  const [header, part] = inParts(tid, 'a'.repeat(1000));
  assert.ok(header !== undefined && part !== undefined);
  send(part);
  pass(100);
  send(header);
  assert.deepEqual(told, ['reply aaa']);
  pass(10 * SESSION_IDLE_MS_MAX);
  const late = ask(node);
  const [lateHeader, latePart] = inParts(late, 'b'.repeat(1000));
  assert.ok(lateHeader !== undefined && latePart !== undefined);
  send(latePart);
  pass(1.5 * SESSION_IDLE_MS_MAX);
  send(lateHeader);
  assert.equal(told.length, 1);
  assert.equal(counters.partsDropped, 0);
  assert.equal(overlay.requests.awaits(node, late, SOURCE), true);
});

test('a put in parts of a node that was forgotten meanwhile is left', () => {
  const { send, overlay, sends, core, storage, admission, tokens } = made();
  admission.prove(SOURCE, 0);
  const token = tokens.make(SOURCE, 0);
  const packed = [encodeValue(textValue(1n, 'a'.repeat(1000)))];
  const [header, part] = fragment(packed, { network: 0, tid: 6 }, (values) =>
    encodeQuery(ENVELOPE, 'put', 6, { id: PEER, key: KEY, token, values }),
  );
  assert.ok(header !== undefined && part !== undefined);
  send(header);
  (overlay.cache.get(PEER) ?? assert.fail()).usesCount = 0;
  for (let count = 0; count < NODES_KNOWN_MAX; count += 1)
    overlay.cache.mentioned(core.chance.infoHash(), ELSEWHERE, 0);
  assert.equal(overlay.cache.get(PEER), undefined);
  send(part);
  assert.deepEqual(sends(), []);
  assert.ok(!storage.has(KEY));
});
