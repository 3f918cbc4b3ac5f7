// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The parts of an engine, each of which a test may use by itself. */

import assert from 'node:assert/strict';
import type { Endpoint, Family } from '@sentrypeer/ip';
import { Receiver } from '../src/engine/receiver.ts';
import { divergingAt, infoHash, type InfoHash } from '../src/info-hash.ts';
import { Overlay } from '../src/routing/overlay.ts';
import type { RemoteNode } from '../src/routing/remote-node.ts';
import { ReportedAddresses } from '../src/routing/reported-addresses.ts';
import { Server } from '../src/serving/server.ts';
import { Storage } from '../src/serving/storage.ts';
import { Subscriptions } from '../src/serving/subscriptions.ts';
import { Tokens } from '../src/serving/tokens.ts';
import { decodeMessage } from '../src/wire/decode-message.ts';
import { encodeQuery, type OutgoingArguments } from '../src/wire/encode-message.ts';
import type { Message, QueryMessage, QueryName } from '../src/wire/message.ts';
import { testCore } from './core-for-tests.ts';

export const ENVELOPE = { network: 0, client: false, agent: undefined };
export const KEY = infoHash('key');
export const SOURCE: Endpoint = { address: '192.0.2.1', port: 4222 };
export const PEER = infoHash('peer');

export function parts(families: readonly Family[] = [4]) {
  const { core, sent, sentTo, admission, pass } = testCore();
  const overlays = new Map<Family, Overlay>();
  const overlayOf = (family: Family): Overlay | undefined => overlays.get(family);
  const events: string[] = [];
  const overlayPorts = {
    core,
    admission,
    families,
    learn: (records: readonly unknown[]) => events.push(`learn ${records.length}`),
    onBootstrapDue: () => events.push('due'),
  };
  for (const family of families) overlays.set(family, new Overlay(overlayPorts, family));
  const overlay = overlays.get(families[0] ?? 4) ?? assert.fail();
  const tokens = new Tokens(core.chance, 0);
  const storage = new Storage(core, () => undefined);
  const subscriptions = new Subscriptions(core, tokens, () => overlay.requests);
  const server = new Server({ core, admission, tokens, storage, subscriptions, overlayOf });
  const reported = new ReportedAddresses();
  const receiver = new Receiver({ core, admission, server, reported, overlayOf });
  /** What was sent since the last call, as `message to address`. */
  const sends = (): readonly { readonly message: Message; readonly to: string }[] =>
    sent.splice(0).map((octets) => {
      const decoded = decodeMessage(octets);
      assert.ok(decoded.ok);
      const { address = '', port = 0 } = sentTo.shift() ?? {};
      return { message: decoded.message, to: `${address} ${port}` };
    });
  /** A node that has just answered us, in the table. */
  const good = (id: InfoHash, endpoint: Endpoint): RemoteNode => {
    const nowMs = core.clock.nowMs();
    const node = overlay.cache.mentioned(id, endpoint, nowMs);
    node.heardAtMs = nowMs;
    node.repliedAtMs = nowMs;
    overlay.table.offer(node, 'replied', nowMs);
    return node;
  };
  return {
    core,
    counters: core.counters,
    admission,
    overlay,
    overlayOf,
    tokens,
    storage,
    server,
    subscriptions,
    reported,
    receiver,
    events,
    sends,
    good,
    pass,
  };
}

export function query(
  name: QueryName,
  args: Omit<OutgoingArguments, 'id'>,
  id: InfoHash = PEER,
): QueryMessage {
  const decoded = decodeMessage(encodeQuery(ENVELOPE, name, 7, { ...args, id }));
  assert.ok(decoded.ok && decoded.message.kind === 'query');
  return decoded.message;
}

/** An id that shares exactly so many bits with this one. */
export function farFrom(id: InfoHash, bits: number): InfoHash {
  return divergingAt(id, bits, new Uint8Array(20).fill(1));
}

/** Ids that share so many bits with this one, all different. */
export function idsNear(id: InfoHash, bits: number, count: number): readonly InfoHash[] {
  return Array.from({ length: count }, (_, index) =>
    divergingAt(id, bits, new Uint8Array(20).fill(index + 1)),
  );
}
