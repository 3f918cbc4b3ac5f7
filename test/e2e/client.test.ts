// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the client can ask, against the running daemon. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SentryPeerClient } from '../../packages/client/src/index.ts';
import { DaemonProcess, DEADLINE_MS, until } from './daemon-process.ts';
import { sipRequest, StreamPeer } from './sip-peers.ts';

test('whatever the client can ask, the node understands', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  using peer = await StreamPeer.open(daemon.ports.tcp);
  await peer.send(sipRequest({ method: 'INVITE', user: '0046701234567' }));
  await daemon.recorded(1);
  const client = new SentryPeerClient({
    baseUrl: `http://127.0.0.1:${daemon.ports.api}`,
    timeoutMs: DEADLINE_MS,
  });
  const since = '2026-01-01T00:00:00Z';
  const end = '2099-01-01T00:00:00Z';
  const address = '127.0.0.1';
  const grade = 'seen' as const;
  const totals = { since, minCount: 1 };
  // An unknown parameter or an invalid value would be refused.
  const all = { ...totals, grade, maxAge: '7d', family: 4 as const, network: '127.0.0.0/24' };
  const [first] = await Array.fromAsync(client.addresses(all));
  assert.equal(first?.address, address);
  assert.deepEqual(await client.address(address), first);
  assert.equal((await Array.fromAsync(client.numbers(totals))).length, 1);
  assert.equal((await client.number('0046701234567'))?.seen_count, 1);
  assert.equal((await Array.fromAsync(client.userAgents(totals))).length, 1);
  await until('the number to be judged', async () => {
    const { verdict } = await client.check({ number: '0046701234567', address });
    return verdict === 'watch';
  });
  assert.equal((await client.methods({ since, until: end })).items[0]?.method, 'INVITE');
  assert.equal((await client.totals({ interval: 'day', since, until: end })).items.length, 1);
  assert.equal((await client.explain({ number: '0701234567', address })).address?.listed, false);
  await Array.fromAsync(client.listings());
  await Array.fromAsync(client.listingChanges({ after: 0 }));
  assert.deepEqual((await client.allowlist()).items, []);
  assert.ok(Array.isArray(await client.countries()));
  await Array.fromAsync(client.networks());
  const events = await Array.fromAsync(
    client.events({
      sourceIp: address,
      calledNumber: '0046701234567',
      method: 'INVITE',
      transport: 'TCP',
      grade: 'handshake',
      since,
      until: end,
      userAgent: await newestAgent(client),
    }),
  );
  assert.equal(events.length, 1);
  const event = await client.event(events[0]?.event_uuid ?? '');
  assert.deepEqual(event, events[0]);
  await assert.rejects(client.event(event?.event_uuid ?? '', { include: 'message' }), {
    name: 'ApiError',
    status: 401,
  });
});

async function newestAgent(client: SentryPeerClient): Promise<string> {
  const [agent] = await Array.fromAsync(client.userAgents());
  return agent?.user_agent ?? '';
}
