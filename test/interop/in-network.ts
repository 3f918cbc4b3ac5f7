// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A test file that runs a second time in an otherwise empty network. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

/** Set when the file runs the second time. */
const INSIDE = 'SENTRYPEER_TEST_IN_NETWORK';

/** Whether this is the second time, so that the tests themselves are to be defined. */
export const isInNetwork = process.env[INSIDE] !== undefined;

/**
 * One test that runs all tests of a file in a separate network.
 *
 * @param programs What the file needs besides `unshare`; the test skips if one of them is missing.
 * @param passCount How many tests must pass there, so that none is silently left out.
 */
export function testInNetwork(
  name: string,
  {
    file,
    programs,
    passCount,
  }: {
    readonly file: string;
    readonly programs: readonly Parameters<typeof peer>[0][];
    readonly passCount: number;
  },
): void {
  test(name, async (t) => {
    const unshare = peer('unshare', t);
    for (const program of programs) if (peer(program, t) === undefined) return;
    if (unshare === undefined) return;
    using folder = new TemporaryFolder();
    // Without the runner's variable, which would make this one print the runner's format.
    const inside = ['env', '-u', 'NODE_TEST_CONTEXT', `${INSIDE}=1`];
    const words = ['-rn', ...inside, process.execPath, '--test-reporter=tap', file];
    const run = await runTool(unshare, words, { folder: folder.path });
    assert.equal(run.status, 0, run.output);
    assert.equal(/^# pass (\d+)$/m.exec(run.stdout)?.[1], String(passCount), run.output);
  });
}
