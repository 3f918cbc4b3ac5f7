// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does one request cost in the receiving thread, apart from the socket? Parsing alone; with the judgement, passive
 * and with an answer; and with writing into a batch for the store.
 */

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, do_not_optimize, run } from 'mitata';
import { EVENT_BATCH_OCTETS_MIN, EventCollector, type CollectedMethod } from '@sentrypeer/event';
import { Honeypot, personaByName, type Received } from '@sentrypeer/honeypot';
import { systemClock } from '@sentrypeer/kernel';
import { parseMessage } from '@sentrypeer/sip';

const octets = readFileSync(
  join(import.meta.dirname, '../test/corpus/sip/samples/svmap-options.sip'),
);
const random = { fill: (into: Uint8Array) => randomFillSync(into) };
const persona = personaByName('asterisk');
assert.ok(persona !== undefined);

function newHoneypot(mode: CollectedMethod): Honeypot<undefined> {
  assert.ok(persona !== undefined);
  const secret = new Uint8Array(32);
  const secrets = { tag: secret, nonce: secret, policy: secret };
  return new Honeypot({ clock: systemClock, random }, { mode, persona, secrets });
}

const received: Received<undefined> = {
  octets,
  transport: 'UDP',
  sourceIp: '192.0.2.1',
  sourcePort: 5070,
  destinationIp: '198.51.100.1',
  destinationPort: 5060,
  epochUs: systemClock.epochUs(),
  framingAnomalies: [],
  path: undefined,
};
const unanswered = { ...received, isUnanswered: true };
const passive = newHoneypot('passive');
const responsive = newHoneypot('responsive');

function newCollector(foldWindowMs: number): EventCollector {
  const block = new Uint8Array(EVENT_BATCH_OCTETS_MIN);
  const blocks = {
    backlog: false,
    exhausted: false,
    take: () => block,
    takeLast: () => block,
    post: () => undefined,
  };
  return new EventCollector(
    { random, blocks },
    { nodeId: 'bench', collectedMethod: 'passive', foldWindowMs },
  );
}
const folding = newCollector(60_000);
const distinct = newCollector(0);

// The variants must agree on what they read before anything is timed.
assert.equal(parseMessage(octets).called.number, '100');
assert.equal(passive.receive(received).observation.calledNumber, '100');
assert.equal(responsive.receive(received).replies.length, 1);

bench('parse and read the called number', () =>
  do_not_optimize(parseMessage(octets).called.number));
bench('passive judgement', () => do_not_optimize(passive.receive(received)));
bench('passive judgement, folded', () =>
  folding.record(passive.receive(received).observation, systemClock.nowMs()));
bench('passive judgement, written into a batch', () =>
  distinct.record(passive.receive(received).observation, systemClock.nowMs()));
bench('responsive judgement where no answer may go out', () =>
  do_not_optimize(responsive.receive(unanswered)));
bench('responsive judgement where no answer may go out, folded', () =>
  folding.record(responsive.receive(unanswered).observation, systemClock.nowMs()));
bench('responsive judgement with its answer', () => do_not_optimize(responsive.receive(received)));
await run();
