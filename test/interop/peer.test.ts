// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { missingPeers, peer, PEERS } from './peer.ts';

/** The part of a test's context that `peer` uses. */
function fakeContext(): { readonly context: TestContext; readonly skips: string[] } {
  const skips: string[] = [];
  const context = {
    name: 'nothing (this is the test of peer itself)',
    skip: (reason: string) => skips.push(reason),
  };
  return { context: context as unknown as TestContext, skips };
}

/** `svmap` is in no folder that is searched without a PATH. */
const NOTHING_INSTALLED = { PATH: '/nowhere' };

test('peer() skips naming the Debian package where the program is missing', () => {
  const { context, skips } = fakeContext();
  assert.equal(peer('svmap', context, NOTHING_INSTALLED), undefined);
  assert.deepEqual(skips, ['svmap is missing: apt-get install sipvicious']);
});

test('peer() throws instead of skipping with CI=true', () => {
  const { context, skips } = fakeContext();
  assert.throws(() => peer('svmap', context, { ...NOTHING_INSTALLED, CI: 'true' }), {
    message: 'svmap is missing: apt-get install sipvicious (CI=true, so nothing is skipped)',
  });
  assert.deepEqual(skips, []);
});

test('missingPeers() lists what is not installed, with its package', () => {
  const missing = missingPeers(NOTHING_INSTALLED);
  assert.ok(
    missing.some(({ name, debianPackage }) => debianPackage === PEERS.svmap && name === 'svmap'),
  );
});
