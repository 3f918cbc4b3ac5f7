// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The examples of the client's README, as they stand there, against the running daemon. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTool } from '../interop/tool.ts';
import { DaemonProcess } from './daemon-process.ts';
import { sipRequest, StreamPeer } from './sip-peers.ts';

const CLIENT = join(import.meta.dirname, '../../packages/client');
const EXAMPLES = [
  ...readFileSync(join(CLIENT, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs),
].map((match) => match[1] ?? '');

test('the examples of the README do what it says', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  using peer = await StreamPeer.open(daemon.ports.tcp);
  await peer.send(sipRequest({ user: '900442071234567' }));
  await peer.send(sipRequest({ user: '0046123', callId: '2', branch: 'z9hG4bK-2' }));
  await daemon.recorded(2);
  const printed: string[] = [];
  for (const example of EXAMPLES) {
    const code = example.replace('127.0.0.1:8082', `127.0.0.1:${daemon.ports.api}`);
    const run = await runTool(
      process.execPath,
      ['--input-type=module-typescript', '--eval', code],
      { folder: CLIENT },
    );
    assert.equal(run.status, 0, run.output);
    printed.push(run.stdout);
  }
  assert.deepEqual(printed, [
    'refused: the number was called once at the honeypot\n',
    '127.0.0.1 2\n',
    '127.0.0.1 900442071234567\n127.0.0.1 0046123\n',
  ]);
});
