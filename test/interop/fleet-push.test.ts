// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Events of a running node reach a fleet on Debian's PostgreSQL, and what is reported if they do not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

test('what a node records is in the fleet within seconds, also what it recorded before it joined', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const file = await world.join('berlin-1');
  await using daemon = await DaemonProcess.start([
    '-r',
    '--threads=1',
    `--fleet-file=${file}`,
    '--fleet-messages',
  ]);
  const early = (await (await ask(daemon, '/v1/fleet')).json()) as { readonly push: unknown };
  assert.notEqual(early.push, null);
  using peer = await UdpPeer.open();
  await peer.send(
    sipRequest({ method: 'INVITE', user: '+46701234567', callId: 'one' }),
    daemon.ports.udp,
  );
  await daemon.recorded(1);
  await until(
    'the event in the fleet',
    async () => (await world.number('SELECT count(*) FROM fleet.event')) === 1,
  );
  const [event] = await world.rows(`
    SELECT node, epoch, honey_id::integer, host(source_ip) AS source, transport_type, method, called_number, grade,
      seen_count, created_by_node_id, event_uuid::text, sip_message,
      abs(extract(epoch FROM received_at - event_time)) < 60 AS is_timely FROM fleet.event`);
  const [own] = daemon.rows('SELECT event_uuid, created_by_node_id, sip_message FROM honey');
  assert.deepEqual(event, {
    node: 'berlin-1',
    epoch: 1,
    honey_id: 1,
    source: '127.0.0.1',
    transport_type: 'UDP',
    method: 'INVITE',
    called_number: '+46701234567',
    grade: 'seen',
    seen_count: 1,
    is_timely: true,
    ...own,
  });
  assert.equal(await world.number('SELECT count(*) FROM fleet.event_default'), 0);

  // The same message again is counted on the row, and follows.
  await peer.send(
    sipRequest({ method: 'INVITE', user: '+46701234567', callId: 'one' }),
    daemon.ports.udp,
  );
  await until(
    'the repeat in the fleet',
    async () => (await world.number('SELECT sum(added) FROM fleet.repeat')) === 1,
  );

  const status = JSON.parse(await world.command('status', '--json')) as {
    readonly nodes: readonly Record<string, unknown>[];
  };
  assert.equal(status.nodes[0]?.['node_id'], own?.['created_by_node_id']);
  assert.equal(status.nodes[0]?.['events'], 1);

  // The fleet goes away: nothing else waits for it, and this is reported.
  await world.postgres.kill();
  await peer.send(
    sipRequest({ method: 'INVITE', user: '+46701234568', callId: 'two' }),
    daemon.ports.udp,
  );
  await daemon.recorded(3);
  const ready = await until200(daemon, 'degraded');
  assert.match(ready, /"status":"ready".*"part":"fleet","why":"the fleet's database fleet on 127/);
  // What this node follows may have failed before there was anything to push.
  await until('the push to fail', async () => {
    const { push } = (await (await ask(daemon, '/v1/fleet')).json()) as {
      readonly push: Readonly<Record<string, unknown>>;
    };
    const isBehind = push['connected'] === false && push['lag'] === 1;
    return (
      isBehind && push['pushed_events'] === 1 && /does not answer/.test(String(push['trouble']))
    );
  });
  await world.postgres.begin();
  await until(
    'the second event',
    async () => (await world.number('SELECT count(*) FROM fleet.event')) === 2,
  );
  await until('the all-clear', () => daemon.output().includes('fleet_push_resumed'));
  assert.match(daemon.output(), /fleet_push_failed/);
  await until('no lag', async () =>
    (await metricsOf(daemon)).text.includes('lag_events{consumer="fleet"} 0'),
  );

  const secret = world.password('berlin-1');
  const commandLine = readFileSync(`/proc/${daemon.pid}/cmdline`, 'latin1');
  const { text } = await metricsOf(daemon);
  for (const shown of [daemon.output(), commandLine, text]) assert.ok(!shown.includes(secret));
  assert.match(text, /sentrypeer_delivery_lag_events\{consumer="fleet"\} 0/);
  await daemon.stop();
});

function ask(daemon: DaemonProcess, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
}

/** The text of `/readyz` once it mentions the word, with status 200. */
async function until200(daemon: DaemonProcess, word: string): Promise<string> {
  let text = '';
  await until(`/readyz to say ${word}`, async () => {
    const response = await ask(daemon, '/readyz');
    assert.equal(response.status, 200);
    text = await response.text();
    return text.includes(word);
  });
  return text;
}

async function metricsOf(daemon: DaemonProcess): Promise<{ readonly text: string }> {
  return { text: await (await ask(daemon, '/metrics')).text() };
}
