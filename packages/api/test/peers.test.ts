// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeIdOfKey } from '@sentrypeer/event';
import type { PeerTrust } from '../src/peers.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

const KEY = new Uint8Array(32).fill(7);
const KEY_TEXT = KEY.toBase64({ alphabet: 'base64url', omitPadding: true });

test('a node is named by its id or by its key, as in the command; a network can only be distrusted', async () => {
  const evidence = new MemoryEvidence();
  evidence.keys.set('boss', { name: 'boss', role: 'admin' });
  const set: [string, PeerTrust][] = [];
  const peers = {
    pool: () => assert.fail(),
    page: () => assert.fail(),
    peer: () => undefined,
    setTrust: async (nodeId: string, trust: PeerTrust): Promise<boolean> => {
      set.push([nodeId, trust]);
      return true;
    },
  };
  await using api = await openApi({ evidence, peers });
  const post = async (place: string, word: string): Promise<number> => {
    const url = `http://127.0.0.1:${api.address.port}/v1/peers/${place}/${word}`;
    return (await fetch(url, { method: 'POST', headers: { 'x-api-key': 'boss' } })).status;
  };
  const nodeId = nodeIdOfKey(KEY);
  assert.equal(await post(KEY_TEXT, 'trust'), 204);
  assert.equal(await post(nodeId, 'distrust'), 204);
  assert.equal(await post('45.10.0.0%2F16', 'distrust'), 204);
  assert.equal(await post(KEY_TEXT, 'forget'), 204);
  assert.deepEqual(set, [
    [nodeId, 'trusted'],
    [nodeId, 'distrusted'],
    ['45.10.0.0/16', 'distrusted'],
    [nodeId, 'forgotten'],
  ]);
  for (const place of ['45.10.0.0%2F16', KEY_TEXT.slice(1), `${KEY_TEXT.slice(1)}!`, 'alice']) {
    assert.equal(await post(place, 'trust'), 400, place);
  }
  assert.equal(set.length, 4);
});
