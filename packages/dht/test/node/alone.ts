// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A node whose sockets, clock and name service are the test's. */

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Endpoint, Family } from '@sentrypeer/ip';
import { silentLogger } from '@sentrypeer/kernel';
import { DhtNode, type DhtOptions } from '../../src/node/dht-node.ts';
import type { DhtPorts, OnDatagram } from '../../src/ports.ts';
import { decodeDiscovery } from '../../src/routing/discovery.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeReply, type OutgoingArguments } from '../../src/wire/encode-message.ts';
import type { QueryMessage } from '../../src/wire/message.ts';
import { ENVELOPE, PEER, SOURCE } from '../parts.ts';

export const LOCAL: Endpoint = { address: '198.51.100.1', port: 5000 };
/** The peer, as a bootstrap node. */
export const HOST = `${SOURCE.address}:${SOURCE.port}`;
/** A name of the peer. */
export const NAME = 'peer.example';
const TOKEN = Uint8Array.of(1, 2, 3);

interface Wake {
  readonly atMs: number;
  readonly waitMs: number;
  readonly run: () => void;
}

export async function alone(
  options: DhtOptions = {},
  { locals = [LOCAL], ...more }: Partial<DhtPorts> & { readonly locals?: readonly Endpoint[] } = {},
) {
  let nowMs = 0;
  let state = 1;
  const wakes = new Set<Wake>();
  const closed: string[] = [];
  /** What was said to the groups: `query`, or the announced port. */
  const groups: string[] = [];
  const resolved: string[] = [];
  let sent: { readonly message: QueryMessage; readonly to: Endpoint }[] = [];
  const hears: Partial<Record<'datagrams' | 'discovery', OnDatagram>> = {};
  const discoveryFamilies: (readonly Family[])[] = [];
  const clock = { nowMs: () => nowMs, epochUs: () => 1_700_000_000_500_000 + nowMs * 1000 };
  const ports: DhtPorts = {
    clock,
    random: {
      fill: (octets) =>
        octets.map((_, index) => (octets[index] = state = (state * 75 + 74) % 65_537)),
    },
    logger: silentLogger,
    wakeAfter: (waitMs, run) => {
      const wake = { atMs: nowMs + waitMs, waitMs, run };
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    openDatagrams: (onDatagram) => {
      hears.datagrams = onDatagram;
      return Promise.resolve({
        locals,
        send: (octets, to) => {
          const decoded = decodeMessage(octets);
          assert.ok(decoded.ok);
          if (decoded.message.kind === 'query') sent.push({ message: decoded.message, to });
        },
        close: () => Promise.resolve(void closed.push('datagrams')),
      });
    },
    openDiscovery: (families, onDatagram) => {
      hears.discovery = onDatagram;
      discoveryFamilies.push(families);
      return Promise.resolve({
        locals: [],
        send: (octets, to) => {
          const said = decodeDiscovery(octets);
          groups.push(`${typeof said === 'object' ? said.port : said} to ${to.address}`);
        },
        close: () => Promise.resolve(void closed.push('discovery')),
      });
    },
    resolve: (host) => {
      resolved.push(host);
      return Promise.resolve([host === NAME ? SOURCE.address : host]);
    },
    ...more,
  };
  const node = await DhtNode.open(ports, options);
  await turn();
  const pass = (ms: number): void => {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = [...wakes].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      wakes.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.run();
    }
    nowMs = endMs;
  };
  const queries = () => {
    const taken = sent;
    sent = [];
    return taken;
  };
  const asked = (): readonly string[] => queries().map(({ message: { name } }) => name);
  const hear = (octets: Uint8Array, from = SOURCE): void => hears.datagrams?.(octets, from);
  /** The peer answers what it was asked; as a storer, it confirms and lists what `args` says. */
  const answer = (args: (query: QueryMessage) => Partial<OutgoingArguments> = () => ({})): void => {
    for (let left = queries(); left.length > 0; left = queries())
      for (const { message, to } of left)
        if (to.address === SOURCE.address)
          hear(
            encodeReply(ENVELOPE, message.tid, { id: PEER, token: TOKEN, ...args(message) }),
            SOURCE,
          );
  };
  return {
    node,
    clock,
    pass,
    wakes,
    closed,
    groups,
    resolved,
    queries,
    asked,
    hear,
    hears,
    answer,
    discoveryFamilies,
    turn: () => turn(),
  };
}

/** What the peer confirms: the value that is put. */
export function confirming({ name, args }: QueryMessage): Partial<OutgoingArguments> {
  const [slot] = args.slots ?? [];
  return name === 'put' && slot !== undefined && 'value' in slot ? { valueId: slot.value.id } : {};
}

/** A node whose only peer has answered. */
export async function connected(options: DhtOptions = {}) {
  const all = await alone({ bootstrap: [HOST], ...options });
  all.answer();
  assert.ok(all.node.isConnected);
  return all;
}
