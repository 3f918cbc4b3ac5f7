// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNodeIdOfKey, nodeIdOfKey } from '../src/index.ts';

test('`nodeIdOfKey()` is the beginning of SHA-256 with the version 8 and the variant of RFC 9562', () => {
  // SHA-256 of 32 zeros: 66687aad f862 bd77 6c8f c18b8e9f8e20 089714856ee2…
  assert.equal(nodeIdOfKey(new Uint8Array(32)), '66687aad-f862-8d77-ac8f-c18b8e9f8e20');
  // Of 32 ones: 72cd6e84 22c4 07fb 6d09 8690f1130b7d ed7ec2f7f5e1…
  assert.equal(nodeIdOfKey(new Uint8Array(32).fill(1)), '72cd6e84-22c4-87fb-ad09-8690f1130b7d');
});

test('`isNodeIdOfKey()` knows the ids that SentryPeer 4.x draws', () => {
  assert.equal(isNodeIdOfKey('66687aad-f862-8d77-ac8f-c18b8e9f8e20'), true);
  assert.equal(isNodeIdOfKey('8503cc92-86cb-4b3e-8b33-69a83fa09321'), false);
  assert.equal(isNodeIdOfKey(''), false);
});
