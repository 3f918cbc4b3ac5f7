// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A family's overlay, and the pings that leave it. */

import assert from 'node:assert/strict';
import type { Endpoint } from '@sentrypeer/ip';
import type { InfoHash } from '../../src/info-hash.ts';
import { BUCKET_NODES_MAX } from '../../src/limits.ts';
import type { RemoteNode } from '../../src/routing/remote-node.ts';
import { encodeReply } from '../../src/wire/encode-message.ts';
import { ENVELOPE, farFrom, idsNear, parts, PEER, SOURCE } from '../parts.ts';

export const ELSEWHERE: Endpoint = { address: '192.0.2.2', port: 4222 };

export function overlaid() {
  const all = parts();
  const { overlay, sends, receiver } = all;
  let hastenedCount = 0;
  overlay.maintenance.hasten = () => (hastenedCount += 1);
  /** Where the pings went since the last call. */
  const pings = (): readonly string[] =>
    sends().flatMap(({ message, to }) =>
      message.kind === 'query' && message.name === 'ping' ? [to] : [],
    );
  /** The node answers each ping that was sent to it. */
  const pong = (from: Endpoint, id: InfoHash = PEER): void => {
    for (const { message, to } of sends())
      if (message.kind === 'query' && to === `${from.address} ${from.port}`)
        receiver.receive(encodeReply(ENVELOPE, message.tid, { id }), from);
  };
  const node = (endpoint = SOURCE, id: InfoHash = PEER): RemoteNode =>
    overlay.cache.mentioned(id, endpoint, all.core.clock.nowMs());
  /** Lets time pass until no ping of bootstrap is under way. */
  const settle = (): void => {
    for (let count = 0; count < 100 && overlay.bootstrap.isPending; count += 1) all.pass(100);
    assert.ok(!overlay.bootstrap.isPending);
  };
  /** Fills two buckets with good nodes. @returns An id in the range of the farther one. */
  const fill = (): InfoHash => {
    const far = farFrom(all.core.id, 0);
    for (const base of [far, farFrom(all.core.id, 1)])
      for (const id of idsNear(base, 20, BUCKET_NODES_MAX))
        all.good(id, { address: `10.0.${overlay.table.nodes().length}.1`, port: 4222 });
    return far;
  };
  return { ...all, pings, pong, node, settle, fill, hastened: () => hastenedCount };
}
