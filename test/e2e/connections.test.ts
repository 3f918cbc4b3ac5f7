// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { assertAnswers, sipRequest, StreamPeer } from './sip-peers.ts';

/** SentryPeer 4.x aborts at 1,020. */
const IDLE_COUNT = 1100;

test('1,100 idle TCP connections harm nothing', async () => {
  await using daemon = await DaemonProcess.start([
    '-r',
    '--max-connections=3000',
    '--max-connections-per-source=3000',
  ]);
  using idle = new DisposableStack();
  const open = async (): Promise<StreamPeer> => {
    const peer = await StreamPeer.open(daemon.ports.tcp);
    return idle.use(peer);
  };
  const peers: StreamPeer[] = [];
  while (peers.length < IDLE_COUNT) {
    peers.push(...(await Promise.all(Array.from({ length: 100 }, open))));
  }
  await assertAnswers(daemon);
  const late = await open();
  await late.send(sipRequest({ callId: 'late' }));
  await late.heard('Call-ID: late');
  assert.equal(peers.filter(({ ended }) => ended).length, 0);
  const first = peers[0];
  assert.ok(first !== undefined);
  await first.send(sipRequest({ callId: 'first' }));
  await first.heard('Call-ID: first');
});

test('connections over the limit of one source are closed, recorded, and harm nobody else', async () => {
  await using daemon = await DaemonProcess.start([
    '-r',
    '--threads=1',
    '--max-connections-per-source=5',
  ]);
  // A connection that is reset at once may look like a failure to connect.
  const attempts = await Promise.allSettled(
    Array.from({ length: 8 }, () => StreamPeer.open(daemon.ports.tcp, '127.2.0.1')),
  );
  using open = new DisposableStack();
  for (const attempt of attempts) if (attempt.status === 'fulfilled') open.use(attempt.value);
  await daemon.recorded(3);
  const counts = daemon.rows(
    `SELECT sum(seen_count) AS messages, source_ip FROM honey GROUP BY source_ip`,
  );
  assert.deepEqual(counts, [{ messages: 3, source_ip: '127.2.0.1' }]);
  const other = open.use(await StreamPeer.open(daemon.ports.tcp, '127.2.0.2'));
  await other.send(sipRequest({ callId: 'other' }));
  await other.heard('Call-ID: other');
});
