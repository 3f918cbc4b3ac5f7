// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Webhooks of real daemons: one posts to another, which is killed meanwhile; and what operators see of it. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NOT_FOUND } from '@sentrypeer/event';
import { WebhookReceiver } from '@sentrypeer/delivery/receiver';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

/** Runs a command as an operator does. */
async function command(daemon: DaemonProcess, ...words: readonly string[]): Promise<string> {
  const run = await DaemonProcess.run(['-f', daemon.dbFile, ...words]);
  return run.status === 0 ? run.stdout : run.stderr;
}

function ask(daemon: DaemonProcess, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
}

/** One event each. */
async function attack(peer: UdpPeer, daemon: DaemonProcess, first: number, count: number) {
  for (let index = first; index < first + count; index += 1) {
    const user = `0044${index}`;
    await peer.send(sipRequest({ user, callId: `call-${index}` }), daemon.ports.udp);
  }
}

test('a daemon posts to its webhook what SentryPeer 4.x posts, and tells how it goes', async () => {
  // Like the receiver of SentryPeerHQ: a token first, then events with thirteen members, none of them empty.
  const members = (
    'app_name app_version event_timestamp event_uuid created_by_node_id collected_method transport_type ' +
    'source_ip destination_ip called_number sip_method sip_user_agent sip_message'
  ).split(' ');
  await using hub = await WebhookReceiver.open({
    behave: ({ url, body, headers }) => {
      const value = JSON.parse(body) as Readonly<Record<string, unknown>>;
      if (url === '/oauth/token') {
        const token =
          '{"access_token":"t0ken-of-the-hub","expires_in":86400,"token_type":"Bearer"}';
        return value['client_secret'] === 's3cret-word' ? { status: 200, body: token } : 401;
      }
      if (headers.authorization !== 'Bearer t0ken-of-the-hub') return 401;
      if (value['called_number'] === '666') return { status: 422, body: '{"errors":{"x":["y"]}}' };
      const isWhole = members.every(
        (name) => typeof value[name] === 'string' && value[name].trim() !== '',
      );
      return isWhole ? 201 : 422;
    },
  });
  const origin = `http://127.0.0.1:${hub.port}`;
  await using daemon = await DaemonProcess.start([
    '-w',
    `${origin}/api/events`,
    '-i',
    'node-1',
    '-c',
    's3cret-word',
    '-d',
    '--oauth2-token-url',
    `${origin}/oauth/token`,
    '--threads=1',
  ]);
  using peer = await UdpPeer.open();
  await attack(peer, daemon, 0, 2);
  await peer.send(sipRequest({ user: '666' }), daemon.ports.udp);
  await peer.send('', daemon.ports.udp);
  await daemon.recorded(4);
  const name = `127.0.0.1:${hub.port}`;
  await until('four answers', () => hub.requests.length === 5);
  const bodies = hub.requests
    .slice(1)
    .map(({ body }) => JSON.parse(body) as { event_uuid: string });
  assert.deepEqual(
    bodies.map((body) => body.event_uuid),
    daemon.rows('SELECT event_uuid FROM honey ORDER BY honey_id').map((row) => row['event_uuid']),
  );
  assert.equal((bodies[3] as unknown as Record<string, string>)['sip_message'], NOT_FOUND);

  await until('its status', async () =>
    (await command(daemon, 'webhook', 'status')).includes('accepted      3'),
  );
  const status = await command(daemon, 'webhook', 'status');
  assert.match(status, new RegExp(`^${name}\n  waiting       0\n  accepted      3, 20`));
  assert.match(status, /refused {7}1 \(1 dead letters\)/);
  const uuid = bodies[2]?.event_uuid ?? '';
  const dead = await command(daemon, 'webhook', 'dead', name);
  assert.ok(dead.includes(uuid) && dead.includes('422 {"errors":{"x":["y"]}}'), dead);
  const { items } = (await (await ask(daemon, '/v1/webhooks')).json()) as {
    readonly items: readonly Readonly<Record<string, unknown>>[];
  };
  assert.equal(items[0]?.['name'], name);
  assert.equal(items[0]['dead_letters'], 1);
  assert.equal((items[0]['last_error'] as { code: string }).code, 'refused');
  const metrics = await (await ask(daemon, '/metrics')).text();
  assert.ok(metrics.includes(`sentrypeer_webhook_accepted_events_total{webhook="${name}"} 3\n`));
  assert.ok(metrics.includes(`sentrypeer_delivery_lag_events{consumer="webhook:${name}"} 0\n`));
  const ready = await ask(daemon, '/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), {
    status: 'ready',
    webhooks: [{ name, lag: 0, last_error: 'refused' }],
  });

  assert.match(await command(daemon, 'webhook', 'resend', name), /^1 event will be sent again/);
  await until('it was sent again', () => hub.requests.length === 6);
  assert.ok(hub.requests[5]?.body.includes(uuid));
  assert.match(await command(daemon, 'webhook', 'resend', 'nobody'), /there is no webhook nobody/);
  assert.match(await command(daemon, 'webhook', 'discard', name, uuid), /^1 event refused by/);
  assert.equal(await command(daemon, 'webhook', 'dead', name), '');

  // Secrets appear nowhere: not in the output, nor in `ps`, nor in the database.
  const told = [
    daemon.output(),
    status,
    dead,
    metrics,
    JSON.stringify(items),
    readFileSync(`/proc/${daemon.pid}/cmdline`, 'latin1'),
    JSON.stringify(daemon.rows('SELECT * FROM endpoint_status')),
  ].join('\n');
  for (const secret of ['s3cret-word', 't0ken-of-the-hub', '/api/events']) {
    assert.ok(!told.includes(secret), secret);
  }
});

test('every event is on the hub exactly once, though both are killed while it is sent', async () => {
  using folder = new TemporaryFolder();
  using hubFolder = new TemporaryFolder();
  let hub = await DaemonProcess.start([], { folder: hubFolder.path });
  let sender: DaemonProcess | undefined;
  try {
    const key = (await command(hub, 'keys', 'add', 'node', 'write')).split('\n')[0] ?? '';
    const hubPort = hub.ports.api;
    const config = join(folder.path, 'config.toml');
    writeFileSync(
      config,
      `[[webhook]]\nname = "hub"\nurl = "http://127.0.0.1:${hubPort}/api/events"\n` +
        `batch = 50\nbatch_wait = 100\nheaders = { Authorization = "Bearer ${key}" }\n`,
    );
    const start = () => DaemonProcess.start(['-g', config], { folder: folder.path });
    const restartHub = async (): Promise<void> => {
      hub.signal('SIGKILL');
      await hub.ended();
      hub = await DaemonProcess.start(['--api-port', String(hubPort)], { folder: hubFolder.path });
    };
    sender = await start();
    using peer = await UdpPeer.open();
    let sentCount = 0;
    /** Events that the sender has recorded, or will record, of those sent to it since it was started. */
    let expectedCount = 0;
    const send = async (daemon: DaemonProcess): Promise<void> => {
      await attack(peer, daemon, sentCount, 400);
      sentCount += 400;
      expectedCount += 400;
    };
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([send(sender), restartHub()]);
      await send(sender);
      if (round === 1) {
        await sender.recorded(expectedCount - 200);
        sender.signal('SIGKILL');
        await sender.ended();
        // Only what it had not committed is lost with it.
        sender = await start();
        expectedCount = sender.number('SELECT count(*) FROM honey');
      }
    }
    const uuids = (daemon: DaemonProcess): readonly unknown[] =>
      daemon
        .rows('SELECT event_uuid FROM honey ORDER BY event_uuid')
        .map((row) => row['event_uuid']);
    await sender.recorded(expectedCount);
    await until('all on the hub', () => hub.number('SELECT count(*) FROM honey') === expectedCount);
    assert.deepEqual(uuids(hub), uuids(sender));
    assert.equal(new Set(uuids(hub)).size, uuids(hub).length);
  } finally {
    await sender?.[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  }
});

test('an endpoint that hangs holds up no answer to SIP, with one thread as with more', async () => {
  await using hanging = await WebhookReceiver.open({ script: ['hang'] });
  for (const threads of ['--threads=1', '--threads=2']) {
    await using daemon = await DaemonProcess.start(['-r', threads, '-w', hanging.url.href]);
    using peer = await UdpPeer.open();
    const asked = hanging.requests.length;
    await attack(peer, daemon, 0, 1);
    await until('the endpoint to be asked', () => hanging.requests.length > asked);
    // SentryPeer 4.x would take two seconds for each of them.
    await attack(peer, daemon, 1, 60);
    await until('all answers', () => peer.received.length === 61);
    await daemon.recorded(61);
    await daemon.stop();
  }
});

test('a daemon that cannot go through the proxy says so and ends', async () => {
  const args = ['-w', 'https://hub.example.org/', '--threads=2'];
  const env = { HTTPS_PROXY: 'socks5://someone:pa55word@127.0.0.1:9' };
  const { status, stderr } = await DaemonProcess.run(args, { env });
  assert.equal(status, 1);
  assert.match(stderr, /^sentrypeer: HTTPS_PROXY is not a proxy/);
  assert.ok(!stderr.includes('pa55word'));
});
