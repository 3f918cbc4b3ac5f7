// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import { STATE_NODES_MAX } from '../../src/limits.ts';
import { nodeIdOfState, nodesOfState } from '../../src/engine/state.ts';

const ID = infoHash('node');

test('nodeIdOfState() reads an id, and nothing of another form', () => {
  assert.equal(nodeIdOfState({ nodeId: ID }), ID);
  for (const state of [undefined, null, 'text', 5, [], {}, { nodeId: 5 }, { nodeId: 'x' }])
    assert.equal(nodeIdOfState(state), undefined);
});

test('nodesOfState() reads the nodes that can be reached, whatever else the file contains', () => {
  const good = { id: ID, address: '192.0.2.1', port: 4222 };
  const records = (...nodes: readonly unknown[]) => nodesOfState({ nodes });
  assert.deepEqual(records(good), [{ id: ID, endpoint: { address: '192.0.2.1', port: 4222 } }]);
  for (const port of [1, 65_535]) assert.equal(records({ ...good, port }).length, 1);
  for (const address of ['2001:db8::1', '127.0.0.1'])
    assert.equal(records({ ...good, address }).length, 1);
  for (const change of [
    { id: 5 },
    { id: 'x' },
    { address: 5 },
    { address: 'localhost' },
    { address: '224.0.0.1' },
    { address: '::' },
    { port: '4222' },
    { port: 0 },
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { port: undefined },
  ])
    assert.deepEqual(records({ ...good, ...change }, good).length, 1, JSON.stringify(change));
  assert.equal(records(null, 'text', 5, undefined, good).length, 1);
  for (const state of [undefined, null, 5, {}, { nodes: good }, { nodes: 'text' }])
    assert.deepEqual(nodesOfState(state), []);
  const many = Array.from({ length: 3 * STATE_NODES_MAX }, () => good);
  assert.equal(records(...many).length, 2 * STATE_NODES_MAX);
});
