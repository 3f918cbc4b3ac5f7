// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Whom one family pings, and what the answers mean. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { PROBE_PAUSE_MS, PROBES_MAX, UNPROVED_OCTETS_PER_HOUR } from '../../src/engine/limits.ts';
import { infoHash, type InfoHash } from '../../src/info-hash.ts';
import { NODE_HEARD_MS_MAX } from '../../src/limits.ts';
import type { RemoteNode } from '../../src/routing/remote-node.ts';
import { encodeError, encodeReply } from '../../src/wire/encode-message.ts';
import { ENVELOPE, KEY, PEER, SOURCE } from '../parts.ts';
import { ELSEWHERE, overlaid } from './overlaid.ts';

test('probe() pings an address once, and a node only now and then', () => {
  const { overlay, node, pings, pass } = overlaid();
  overlay.probe(node(), ELSEWHERE);
  assert.deepEqual(pings(), ['192.0.2.2 4222']);
  pass(PROBE_PAUSE_MS - 1);
  overlay.probe(node(), ELSEWHERE);
  assert.deepEqual(pings(), []);
  pass(1);
  overlay.probe(node(), ELSEWHERE);
  assert.deepEqual(pings(), ['192.0.2.2 4222']);
  pass(60_000);
  assert.deepEqual(pings(), [], 'it is not repeated');
  assert.ok(!node().expired, 'which says nothing about its own address');
});

test('probe() sends no more than an address may get that has never answered', () => {
  const { overlay, node, pings, admission, counters } = overlaid();
  assert.ok(admission.spend(ELSEWHERE, UNPROVED_OCTETS_PER_HOUR - 60, 0));
  overlay.probe(node(), ELSEWHERE);
  assert.deepEqual([pings(), counters.unprovedWithheld], [[], 1]);
  admission.prove(ELSEWHERE, 0);
  assert.ok(admission.spend(ELSEWHERE, UNPROVED_OCTETS_PER_HOUR - 60, 0));
  overlay.probe(node(), ELSEWHERE);
  assert.deepEqual([pings(), counters.unprovedWithheld], [['192.0.2.2 4222'], 1]);
});

test('so many addresses are probed at a time; an answer, an error or silence makes room', () => {
  const { overlay, node, pings, pong, pass, core, admission, sends, receiver } = overlaid();
  const idOf = (number: number): InfoHash => infoHash(`node ${number}`);
  let lastTid = 0;
  const at = (number: number): Endpoint => ({
    address: `10.${number >> 8}.${number & 255}.1`,
    port: 4222,
  });
  const probe = (number: number): number => {
    pings();
    admission.prove(at(number), core.clock.nowMs());
    overlay.probe(node(SOURCE, idOf(number)), at(number));
    const [ping] = sends();
    if (ping?.message.kind === 'query') lastTid = ping.message.tid;
    return ping === undefined ? 0 : 1;
  };
  for (let number = 0; number < PROBES_MAX - 1; number += 1) assert.equal(probe(number), 1);
  overlay.probe(node(), ELSEWHERE);
  pong(ELSEWHERE);
  assert.equal(probe(PROBES_MAX), 1, 'room after an answer');
  assert.equal(probe(PROBES_MAX + 1), 0);
  receiver.receive(
    encodeError(ENVELOPE, lastTid, { code: 401, text: 'no' }, idOf(PROBES_MAX)),
    at(PROBES_MAX),
  );
  assert.equal(probe(PROBES_MAX + 3), 1, 'room after an error');
  assert.equal(probe(PROBES_MAX + 4), 0);
  pass(60_000);
  assert.equal(probe(PROBES_MAX + 2), 1, 'room after silence');
});

test('a node that answers a ping of bootstrap is good, and at that address', () => {
  const { overlay, pong, node, core } = overlaid();
  const known = node(ELSEWHERE);
  known.expired = true;
  known.heardOnly = true;
  overlay.bootstrap.add([SOURCE]);
  pong(SOURCE);
  assert.deepEqual([known.endpoint, known.isGood(core.clock.nowMs())], [SOURCE, true]);
  assert.deepEqual([known.expired, known.heardOnly], [false, false]);
  assert.deepEqual(overlay.table.nodes(), [known]);
  assert.equal(overlay.table.buckets[0]?.repliedAtMs, core.clock.nowMs());
});

test('a node that answers elsewhere is not moved by the answer to a ping of bootstrap', () => {
  const { overlay, pong, pings, good } = overlaid();
  const known = good(PEER, ELSEWHERE);
  overlay.bootstrap.add([SOURCE]);
  pong(SOURCE);
  assert.deepEqual(known.endpoint, ELSEWHERE);
  assert.deepEqual(pings(), ['192.0.2.1 4222'], 'it is asked whether it is there');
});

test('a node that is banned has expired, and its address is not heard', () => {
  const { overlay, node, admission } = overlaid();
  overlay.ban(node());
  assert.ok(node().expired && admission.isBlacklisted(SOURCE));
});

test('after a change of addresses all nodes are doubtful, and bootstrap begins again', () => {
  const { overlay, good, pings, pass, hastened } = overlaid();
  overlay.bootstrap.add([ELSEWHERE]);
  pass(NODE_HEARD_MS_MAX);
  const node = good(PEER, SOURCE);
  node.expired = true;
  pings();
  const before = hastened();
  overlay.connectivityChanged();
  assert.deepEqual([node.expired, node.heardAtMs, hastened()], [false, -Infinity, before + 1]);
  assert.deepEqual(pings(), ['192.0.2.2 4222']);
  assert.equal(overlay.connectivity(), 'connecting');
});

test('when all nodes of a search have expired, the family begins again', () => {
  const { overlay, good, pass, hastened, pings } = overlaid();
  overlay.bootstrap.add([ELSEWHERE]);
  pass(60_000);
  const node = good(PEER, SOURCE);
  overlay.search(KEY);
  pass(0);
  pings();
  const before = hastened();
  overlay.requests.expire(node);
  pass(0);
  assert.equal(hastened(), before + 1);
  assert.ok(pings().includes('192.0.2.2 4222'));
});

test('a node that answers a search without a token is banned', () => {
  const { overlay, good, sends, receiver, pass, admission } = overlaid();
  good(PEER, SOURCE);
  overlay.search(KEY);
  pass(0);
  const [find] = sends();
  assert.ok(find?.message.kind === 'query' && find.message.name === 'find');
  receiver.receive(encodeReply(ENVELOPE, find.message.tid, { id: PEER }), SOURCE);
  assert.ok(admission.isBlacklisted(SOURCE));
});

test('while a node answers, bootstrap does not ping again', () => {
  const { overlay, pong, pings, pass } = overlaid();
  overlay.bootstrap.add([SOURCE, ELSEWHERE]);
  pong(SOURCE);
  pass(30_000);
  pings();
  pass(60_000);
  overlay.bootstrap.restart();
  assert.deepEqual(pings(), []);
});

test('the answer to a ping is good for the node, and for nothing else', () => {
  const { overlay, node, pong, core } = overlaid();
  overlay.ping(node());
  pong(SOURCE);
  assert.ok(node().isGood(core.clock.nowMs()));
});

test('a known node that answers a ping of bootstrap is news for searches', () => {
  const { overlay, good, pong } = overlaid();
  const node = good(PEER, SOURCE);
  overlay.bootstrap.add([SOURCE]);
  node.expired = true;
  const offered: RemoteNode[] = [];
  overlay.search(KEY).offer = (each) => void offered.push(each);
  pong(SOURCE);
  assert.deepEqual(offered, [node]);
});

test('a probe that is refused is over, and not waited for', () => {
  const { overlay, node, sends, receiver } = overlaid();
  overlay.probe(node(), ELSEWHERE);
  const [ping] = sends();
  assert.ok(ping?.message.kind === 'query');
  assert.equal(node().requests.size, 1);
  const refusal = { code: 401, text: 'no' };
  receiver.receive(encodeError(ENVELOPE, ping.message.tid, refusal, PEER), ELSEWHERE);
  assert.equal(node().requests.size, 0);
});
