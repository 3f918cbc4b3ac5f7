// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import type { SipMessage } from '@sentrypeer/sip';
import type { Persona } from '../src/index.ts';
import {
  Bench,
  credentialsFor,
  type Overrides,
  persona,
  registerText,
  secret,
  SECRETS,
} from './bench.ts';
import { differences, messageOf, type Said } from './replies.ts';
import { PRODUCTS, type Product } from './trades.ts';

/*
 * Sends what was sent to real products and compares each answer, field by field, with theirs. Intended differences are
 * listed with their reasons in trades.ts and explained in docs/personas.md: nothing else may differ, and nothing listed
 * may be the same.
 */

interface Probe {
  readonly name: string;
  readonly sent: string;
  readonly replies: readonly string[];
}

/** The path of a probe: its transport is in its Via, its source in its Contact. */
function pathOf({ sent }: Probe): Overrides {
  const { port = '5070' } = /198\.51\.100\.7:(?<port>\d+)/u.exec(sent)?.groups ?? {};
  return {
    transport: sent.includes('SIP/2.0/TCP') ? 'TCP' : 'UDP',
    sourceIp: '198.51.100.7',
    sourcePort: Number(port),
    destinationIp: '192.0.2.30',
    destinationPort: 5060,
  };
}

/** The account 100 exists here as it did there, and 4412345678 does not. */
const REPLAY_SECRETS = { ...SECRETS, policy: secret(seedWithAccount()) };

function seedWithAccount(): number {
  for (let seed = 1; seed < 256; seed += 1) {
    const bench = new Bench({ secrets: { ...SECRETS, policy: secret(seed) } });
    if (bench.statuses(registerText('100'))[0] === 401) return seed;
  }
  throw new TypeError('no such seed');
}

function probesOf(file: string): readonly Probe[] {
  const url = new URL(`../../../test/corpus/personas/${file}`, import.meta.url);
  const sections = latin1Text(readFileSync(url)).split('=== ').slice(1);
  return sections.map((section) => {
    const [head = '', ...replies] = section.split('\n<<<\n');
    const [name = '', sent = ''] = head.split('\n>>>\n');
    return { name, sent: messageOf(sent), replies: replies.map(messageOf) };
  });
}

function dressed(product: Product): Persona {
  const worn = persona(product.persona);
  const { realms = worn.challenge.realms } = product;
  return {
    ...worn,
    products: [product.product],
    allow: [product.allow],
    challenge: { ...worn.challenge, realms },
  };
}

/** Our answers: at once and, if it rings, later. */
function answersTo(product: Product, probe: Probe): readonly string[] {
  const bench = new Bench({ persona: dressed(product), secrets: REPLAY_SECRETS });
  bench.honeypot.win('100');
  const path = pathOf(probe);
  const challenge = becomeKnown(bench, path);
  const sent = withOurNonce(probe, challenge);
  if (!probe.name.endsWith('second-source')) return repliesOf(bench, sent, path);
  const other = { ...path, sourceIp: '203.0.113.9', sourcePort: 5080, path: 'other' };
  becomeKnown(bench, other);
  repliesOf(bench, sent, path);
  return repliesOf(bench, sent, other);
}

/** Only a source that has proved itself hears everything, and its calls are taken once it insisted. */
function becomeKnown(bench: Bench, path: Overrides): SipMessage | undefined {
  const [challenge] = bench.answers(registerText('100'), path);
  const headers = [credentialsFor(challenge, { user: '100', password: 'x' })];
  bench.receive(registerText('100', { headers }), path);
  for (let count = 0; count < 40; count += 1) bench.receive(insisting(count), path);
  bench.wait(60_000);
  return challenge;
}

function repliesOf(bench: Bench, sent: string, path: Overrides): readonly string[] {
  const replies = bench.receive(sent, path).replies.map((octets) => latin1Text(octets));
  if (!sent.startsWith('INVITE')) return replies;
  // What is still on its way to another source is not for this one.
  const later = bench
    .wait(6000)
    .filter(({ vias }) => [undefined, path.sourceIp].includes(vias[0]?.received))
    .map(({ octets }) => latin1Text(octets));
  return [...replies, ...later.filter((reply) => !replies.includes(reply)).slice(0, 1)];
}

function insisting(count: number): string {
  return registerText('100', { method: 'INVITE', uri: 'sip:00442079460123@h', callId: `c${count}` })
    .replace('sip:100@203.0.113.5>;tag', 'sip:4412345678@h>;tag')
    .replace('To: <sip:100@203.0.113.5>', 'To: <sip:00442079460123@h>');
}

/** Credentials as they were sent, for a nonce of ours instead of one of theirs. */
function withOurNonce({ name, sent }: Probe, challenge: SipMessage | undefined): string {
  const line = sent.split('\r\n').find((each) => each.startsWith('Authorization: '));
  if (line === undefined || name.includes('invented')) return sent;
  const user = line.split('username="')[1]?.split('"')[0] ?? '';
  const password = name.includes('wrong') ? 'wrong' : PASSWORD;
  return sent.replace(line, credentialsFor(challenge, { user, password }));
}

const PASSWORD = passwordOfAccount();

function passwordOfAccount(): string {
  for (const password of ['100', '100100', '1234', '12345', '123456', 'password']) {
    const bench = new Bench({ secrets: REPLAY_SECRETS });
    bench.honeypot.win('100');
    const [challenge] = bench.answers(registerText('100'));
    const headers = [credentialsFor(challenge, { user: '100', password })];
    if (bench.statuses(registerText('100', { headers }))[0] === 200) return password;
  }
  throw new TypeError('no such password');
}

for (const product of PRODUCTS) {
  for (const probe of probesOf(product.file)) {
    test(`${product.persona} answers ${probe.name} over ${pathOf(probe).transport} as ${product.product} does`, () => {
      const ours: Said = { sent: probe.sent, replies: answersTo(product, probe) };
      const found = differences(ours, { sent: probe.sent, replies: probe.replies }, product);
      const traded = product.trades
        .filter(({ probes }) => probes.some((start) => probe.name.startsWith(start)))
        .flatMap(({ fields }) => fields);
      assert.deepEqual(found.toSorted(), [...new Set(traded)].toSorted());
    });
  }
}
