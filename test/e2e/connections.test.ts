// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
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

test('silent connections from many addresses fill all places, and newcomers are heard all the same', async () => {
  await using daemon = await DaemonProcess.start([
    '-ra',
    '--threads=1',
    '--fold-window=0',
    '-z',
    '127.0.0.1:0',
    '--max-connections=20',
    '--max-connections-per-source=20',
  ]);
  using open = new DisposableStack();
  let count = 0;
  const fill = async (): Promise<void> => {
    for (let more = 0; more < 24; more += 1) {
      count += 1;
      const isTls = count % 2 === 0;
      const port = isTls ? daemon.ports.tls : daemon.ports.tcp;
      const address = `127.2.${1 + Math.floor(count / 250)}.${1 + (count % 250)}`;
      const silent = open.use(await StreamPeer.open(port, address));
      // Half a ClientHello, or half a head; the connection may already be closed for the next one.
      const half = isTls ? '\x16\x03\x01\x02\x00\x01' : 'OPTIONS sip:100@h SIP/2.0\r\n';
      await silent.send(half).catch(() => undefined);
    }
  };
  // They are waited for only so long, so on a slow machine it takes more of them to fill all places at once.
  await until('a connection over the limit', async () => {
    await fill();
    return daemon.output().includes('sip_connections_full');
  });
  for (let index = 1; index <= 3; index += 1) {
    const newcomer = open.use(await StreamPeer.open(daemon.ports.tcp, `127.3.0.${index}`));
    await newcomer.send(sipRequest({ callId: `newcomer-${index}` }));
    await newcomer.heard(`Call-ID: newcomer-${index}`);
  }
  // What the closed ones had said is recorded.
  for (const anomaly of ['head_unfinished', 'tls_handshake_failed']) {
    const found = `SELECT count(*) FROM honey WHERE source_ip LIKE '127.2.%' AND anomalies LIKE '%${anomaly}%'`;
    await until(anomaly, () => daemon.number(found) > 0);
  }
  await until('the metric', async () => (await exceeded(daemon)) > 0);
});

/** Connections that were over the limit for all. */
async function exceeded(daemon: DaemonProcess): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${daemon.ports.api}/metrics`);
  const counted = /^sentrypeer_sip_connections_exceeded_total\{limit="all"\} (\d+)$/m;
  return Number(counted.exec(await answer.text())?.[1] ?? 0);
}

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
