// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Each runs in a separate process and simulated network (namespaces.ts). */

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DhtNode } from '@sentrypeer/dht';
import { openDht } from '@sentrypeer/dht/udp';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Rendezvous } from '@sentrypeer/pool/rendezvous';
import { authorOf } from '../../../packages/pool/test/pages/pages.ts';
import { claimOf, NODE_A } from '../../e2e/other-node.ts';
import { DaemonProcess, until } from '../../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../../e2e/sip-peers.ts';
import { Dhtnode, PythonNode } from '../opendht/real-nodes.ts';
import { Fleet } from './fleet.ts';
import { onMachine } from './namespaces.ts';

const KEY = 'bad_actors';
const WAIT_MS = 60_000;
const MEMBERS = [
  'app_name',
  'app_version',
  'event_timestamp',
  'event_uuid',
  'created_by_node_id',
  'collected_method',
  'transport_type',
  'source_ip',
  'destination_ip',
  'called_number',
  'sip_method',
  'sip_user_agent',
  'sip_message',
];

const isReady = (daemon: DaemonProcess) => async (): Promise<boolean> =>
  (await (await fetch(`http://127.0.0.1:${daemon.ports.api}/readyz`)).text()) ===
  '{"status":"ready"}';

/** A 4.x node, played by python3-opendht, and a daemon of ours, over Debian's dhtnode. */
async function bothWays(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222);
  await using python = await PythonNode.start(4301, { bootstrap: 4222 });
  await python.listen(KEY);
  const syslog = createSocket('udp4').bind(0, '127.0.0.1');
  await once(syslog, 'listening');
  const lines: string[] = [];
  syslog.on('message', (octets) => lines.push(octets.toString('latin1')));
  await using daemon = await DaemonProcess.start([
    '-p',
    '--bootstrap-node=127.0.0.1',
    '--dht-port=4400',
    '--neighbours=off',
    '--sip-address=45.0.0.2',
    '--share-delay=0',
    '-j',
    `--syslog-target=udp://127.0.0.1:${syslog.address().port}`,
  ]);
  await until('the daemon to be connected', isReady(daemon), WAIT_MS);

  using attacker = await UdpPeer.open('45.0.0.1');
  await attacker.send(
    sipRequest({ method: 'INVITE', user: '00442071234567' }),
    daemon.ports.udp,
    '45.0.0.2',
  );
  await until('our event at the node of 4.x', () => python.events('value').length > 0, WAIT_MS);
  const [value] = python.events('value');
  assert.equal(value?.user_type, 'text/plain');
  assert.ok((value?.size ?? 1000) <= 544, String(value?.size));
  const object = JSON.parse(value?.text ?? '') as Readonly<Record<string, unknown>>;
  for (const name of MEMBERS) assert.equal(typeof object[name], 'string', name);
  assert.equal(object['source_ip'], '45.0.0.1');
  assert.equal(object['called_number'], 'NOT_FOUND', 'nobody else dialled it');
  assert.match(String(object['event_timestamp']), /:00:00\.000$/, 'no time finer than the hour');
  assert.equal(
    object['created_by_node_id'],
    daemon.rows('SELECT created_by_node_id AS id FROM honey')[0]?.['id'],
  );
  assert.ok(!(value?.text ?? '').includes('45.0.0.2'), 'where the honeypot is');

  using another = await UdpPeer.open('20.100.0.1');
  await another.send(
    sipRequest({ method: 'INVITE', user: '00442071234567' }),
    daemon.ports.udp,
    '45.0.0.2',
  );
  await until('the number', () => python.events('value').length > 1, WAIT_MS);
  assert.match(python.events('value')[1]?.text ?? '', /"called_number":"00442071234567"/);

  const legacy = new TextDecoder().decode(claimOf({ node: NODE_A, source: '20.0.0.99' }));
  await python.put(KEY, legacy);
  await until(
    'their event at the daemon',
    () => daemon.number('SELECT count(*) FROM honey') === 3,
    WAIT_MS,
  );
  const row = daemon.rows(`SELECT h.*, o.public_key, s.address FROM honey h
    JOIN shared_event s USING (honey_id) JOIN origin o USING (origin_id)`)[0];
  assert.equal(row?.['event_uuid'], (JSON.parse(legacy) as { event_uuid: string }).event_uuid);
  assert.equal(row?.['created_by_node_id'], NODE_A);
  assert.equal(row?.['grade'], null);
  assert.equal(row?.['public_key'], null, 'unsigned');
  assert.equal(row?.['address'], '127.0.0.1');
  await attacker.send(
    sipRequest({ method: 'INVITE', user: '1', callId: '2' }),
    daemon.ports.udp,
    '45.0.0.2',
  );
  await until('all own events in syslog', () => lines.length === 3, WAIT_MS);
  assert.ok(
    lines.every((line) => /Source IP: (45\.0\.0\.1|20\.100\.0\.1),/.test(line)),
    lines.join('\n'),
  );
  const log = readFileSync(join(daemon.folder, 'sentrypeer_json.log'), 'utf8');
  assert.ok(!log.includes('20.0.0.99'), log);
  assert.match(await dhtnode.ask(`g ${KEY}`, 'Get: completed'), /sentrypeer/);
  syslog.close();
}

/**
 * Five daemons on five machines and a dhtnode: all get everything; two are killed and come back; nothing is said twice.
 */
async function fiveMachines(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222);
  await using fleet = await Fleet.start(`20.0.0.254:${dhtnode.port}`);
  await fleet.attack(1);
  await fleet.converge();
  const from = fleet.attacksCount;
  await fleet.attack(5);
  await fleet.converge();
  const to = fleet.attacksCount;
  await fleet.restart([1, 3]);
  await fleet.attack(2);
  await fleet.converge();
  fleet.assertNothingTwice();
  console.log(`# first contacts: ${fleet.report(0, from)}`);
  console.log(`# then: ${fleet.report(from, to)}`);
  console.log(`# after two were killed: ${fleet.report(to, fleet.attacksCount)}`);
}

/** Two daemons on one link find each other without any bootstrap node. */
async function nobodyToAsk(): Promise<void> {
  const flags = [
    '-p',
    '--bootstrap-node=none',
    '--dht-port=4300',
    '--share-delay=0',
    '--sip-address=45.0.0.2',
  ];
  await using near = await DaemonProcess.start(flags);
  await using far = await DaemonProcess.start(
    ['-p', '--bootstrap-node=none', '--dht-port=4300', '-R'],
    { under: onMachine(1) },
  );
  await until('the two to find each other', isReady(near), WAIT_MS);
  using attacker = await UdpPeer.open('45.0.0.1');
  await attacker.send(sipRequest({ method: 'INVITE', user: '4711' }), near.ports.udp, '45.0.0.2');
  await until(
    'the event at the other',
    () => far.number('SELECT count(*) FROM honey') === 1,
    WAIT_MS,
  );
  assert.equal(far.number('SELECT count(*) FROM origin WHERE public_key IS NOT NULL'), 1);
  const metrics = await (await fetch(`http://127.0.0.1:${near.ports.api}/metrics`)).text();
  assert.match(metrics, /^sentrypeer_neighbours 1$/m);
  await far.stop();
  assert.ok(existsSync(join(far.folder, 'sentrypeer-dht.json')));
}

/** The address of a pool node is stored at Debian's dhtnode, and is found there once the node that put it is gone. */
async function contactsKept(): Promise<void> {
  await using _dhtnode = await Dhtnode.start(4222);
  const open = async (port: number): Promise<DhtNode> => {
    const options = { port, addresses: ['127.0.0.1'], bootstrap: ['127.0.0.1:4222'] };
    const node = await openDht({ ...options, logger: silentLogger });
    await node.connected(AbortSignal.timeout(WAIT_MS));
    return node;
  };
  const rendezvousOf = (network: DhtNode, name: string): Rendezvous => {
    const random = { fill: (octets: Uint8Array) => randomFillSync(octets) };
    return new Rendezvous({ network, signer: authorOf(name), clock: systemClock, random }, 0);
  };
  const endpoints = [{ address: '45.0.0.9', port: 4401 }];
  {
    await using network = await open(4401);
    await rendezvousOf(network, 'Alice').announce(endpoints);
  }
  await using network = await open(4402);
  const bob = rendezvousOf(network, 'Bob');
  const options = { signal: AbortSignal.timeout(WAIT_MS), isFit: () => true };
  const found = await bob.find(authorOf('Alice').nodeId, options);
  assert.deepEqual(found?.endpoints, endpoints);
  const others: unknown[] = [];
  do {
    others.push(...(await bob.some(options)));
  } while (!bob.isThrough);
  assert.equal(others.length, 1);
}

export const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  'events go both ways between a daemon and a node of 4.x': bothWays,
  'five daemons converge although two are killed, and nothing is said twice': fiveMachines,
  'two daemons on one link find each other without a bootstrap node': nobodyToAsk,
  'where a node of the pool is stands at a real node, and is found there': contactsKept,
};
