// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKET_NODES_MAX } from '../../src/limits.ts';
import { WANT_IPV4, WANT_IPV6 } from '../../src/wire/message.ts';
import { encodeReply } from '../../src/wire/encode-message.ts';
import { ENVELOPE, farFrom, idsNear } from '../parts.ts';
import { oneEngine } from './one-engine.ts';

test('who knows one family well asks it for nodes of the other', () => {
  const { engine, queries, pass } = oneEngine({ families: [4, 6] });
  const ids = idsNear(farFrom(engine.id, 0), 20, BUCKET_NODES_MAX);
  const ats = ids.map((_, index) => ({ address: `192.0.${index}.1`, port: 4222 }));
  for (const [index, endpoint] of ats.entries()) {
    const id = ids[index];
    assert.ok(id !== undefined);
    engine.learn({ id, endpoint });
  }
  const wants: (readonly number[])[] = [];
  for (let second = 0; second < 900; second += 1) {
    for (const { message, to } of queries()) {
      const id = ids[ats.findIndex(({ address }) => address === to.address)];
      assert.ok(id !== undefined);
      if (second > 200 && message.args.want !== undefined) wants.push(message.args.want);
      const token = Uint8Array.of(1);
      engine.receive(encodeReply(ENVELOPE, message.tid, { id, token }), to);
    }
    pass(1000);
  }
  assert.deepEqual(wants[0], [WANT_IPV4, WANT_IPV6]);
});
