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
  for (let index = 1; index <= 20; index += 1) {
    const port = index % 2 === 0 ? daemon.ports.tcp : daemon.ports.tls;
    const silent = open.use(await StreamPeer.open(port, `127.2.1.${index}`));
    // Half a head, or half a ClientHello.
    await silent.send(
      index % 2 === 0 ? 'OPTIONS sip:100@h SIP/2.0\r\n' : '\x16\x03\x01\x02\x00\x01',
    );
  }
  await until('20 connections', async () => hasMetric(daemon, 'sentrypeer_sip_connections 20'));
  for (let index = 1; index <= 3; index += 1) {
    const newcomer = open.use(await StreamPeer.open(daemon.ports.tcp, `127.2.2.${index}`));
    await newcomer.send(sipRequest({ callId: `newcomer-${index}` }));
    await newcomer.heard(`Call-ID: newcomer-${index}`);
  }
  await daemon.recorded(6);
  // What the closed ones had said is recorded.
  const cut = daemon.rows(
    `SELECT count(DISTINCT source_ip) AS sources, count(*) AS messages FROM honey WHERE source_ip LIKE '127.2.1.%'
      AND (anomalies LIKE '%head_unfinished%' OR anomalies LIKE '%tls_handshake_failed%')`,
  );
  assert.deepEqual(cut, [{ sources: 3, messages: 3 }]);
  const counted = 'sentrypeer_sip_connections_exceeded_total{limit="all"} 3';
  await until(counted, async () => hasMetric(daemon, counted));
  assert.equal(daemon.output().split('sip_connections_full').length, 2, 'said once');
});

async function hasMetric(daemon: DaemonProcess, line: string): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${daemon.ports.api}/metrics`);
  return (await answer.text()).split('\n').includes(line);
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
