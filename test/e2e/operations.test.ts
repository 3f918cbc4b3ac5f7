// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the daemon reports about itself: whether it is alive, whether it is ready, its metrics, its log of requests. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

function ask(daemon: DaemonProcess, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
}

async function metrics(daemon: DaemonProcess): Promise<ReadonlyMap<string, number>> {
  const text = await (await ask(daemon, '/metrics')).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const blank = line.lastIndexOf(' ');
      return [line.slice(0, blank), Number(line.slice(blank + 1))];
    }),
  );
}

for (const threads of ['1', '3']) {
  test(`metrics count what came and went, on ${threads} threads`, async () => {
    await using daemon = await DaemonProcess.start([`--threads=${threads}`, '-r', '-j']);
    using peer = await UdpPeer.open();
    await peer.send(sipRequest(), daemon.ports.udp);
    using stream = await StreamPeer.open(daemon.ports.tcp);
    await stream.send(sipRequest({ branch: 'z9hG4bK-2', callId: '2' }));
    await daemon.recorded(2);
    await until('counters of all threads', async () => {
      const found = await metrics(daemon);
      return (
        found.get('sentrypeer_sip_received_total{transport="UDP"}') === 1 &&
        found.get('sentrypeer_sip_received_total{transport="TCP"}') === 1 &&
        found.get('sentrypeer_sip_replies_total') === 2 &&
        found.get('sentrypeer_sip_connections') === 1 &&
        found.get('sentrypeer_delivery_lag_events{consumer="json-log"}') === 0
      );
    });
    const found = await metrics(daemon);
    assert.equal(found.get('sentrypeer_events_recorded_total'), 2);
    assert.equal(found.get('sentrypeer_messages_dropped_total'), 0);
    assert.equal(found.get('sentrypeer_addresses'), 1);
    assert.ok((found.get('sentrypeer_database_bytes') ?? 0) > 4096);
    assert.ok((found.get('process_resident_memory_bytes') ?? 0) > 1e7);
    assert.ok(
      (found.get('sentrypeer_http_requests_total{route="operations",status="200"}') ?? 0) > 0,
    );
  });
}

test('a database that takes nothing makes the daemon not ready, and says why', async () => {
  await using daemon = await DaemonProcess.start();
  assert.deepEqual(await (await ask(daemon, '/livez')).json(), { status: 'alive' });
  const ready = await ask(daemon, '/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), { status: 'ready' });
  {
    using _lock = daemon.lockDatabase();
    using peer = await UdpPeer.open();
    await peer.send(sipRequest(), daemon.ports.udp);
    await until('not ready', async () => (await ask(daemon, '/readyz')).status === 503);
    const body = (await (await ask(daemon, '/readyz')).json()) as {
      readonly reasons: readonly { readonly part: string; readonly why: string }[];
    };
    assert.equal(body.reasons[0]?.part, 'database');
    assert.match(body.reasons[0].why, /locked|busy|use/);
    assert.equal((await metrics(daemon)).get('sentrypeer_store_stalled'), 1);
  }
  await until('ready again', async () => (await ask(daemon, '/readyz')).status === 200);
  await daemon.recorded(1);
});

test('--api-log prints a line a request, without keys and without control characters', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1', '--api-log']);
  await (await ask(daemon, '/numbers/123?x=%0Aforged')).text();
  await (await ask(daemon, '/api/sentrypeer_secret/banned')).text();
  await until('the lines', () => daemon.stderr.includes('/banned 404'));
  assert.match(
    daemon.stderr,
    /^\S+Z 127\.0\.0\.1 - GET \/numbers\/123\?x=%0Aforged 404 \d+\.\d ms$/m,
  );
  assert.match(daemon.stderr, / GET \/api\/KEY\/banned 404 /);
  assert.doesNotMatch(daemon.stderr, /sentrypeer_secret/);
});
