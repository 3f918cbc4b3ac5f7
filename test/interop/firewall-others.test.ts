// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What `sentrypeer firewall` leaves alone: sources whose address somebody forges, and the tables of Docker and
 * firewalld.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../e2e/daemon-process.ts';
import { ATTACKER, BYSTANDER, FirewallWorld, HOST, ROUTER, SIP_PORT } from './firewall-world.ts';
import { peer } from './peer.ts';

const RULESETS = join(import.meta.dirname, 'rulesets');

async function world(
  context: TestContext,
  ...more: readonly Parameters<typeof peer>[0][]
): Promise<FirewallWorld | undefined> {
  for (const name of ['nft', 'ip', 'nsenter', 'curl', ...more] as const) {
    if (peer(name, context) === undefined) return undefined;
  }
  const unshare = peer('unshare', context);
  return unshare === undefined ? undefined : FirewallWorld.open(unshare);
}

const FORGED_COUNT = 20_000;

/** Datagrams as SIPVicious writes them, with the bystander, the gateway or anybody as the source. */
const FORGE = `
import random, socket, struct
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for n in range(${FORGED_COUNT}):
    source = ['${BYSTANDER}', '${ROUTER}', '45.77.%d.%d' % (n >> 8 & 255, n & 255)][n % 3]
    method = ['REGISTER', 'INVITE', 'OPTIONS'][n // 3 % 3]
    text = ('%s sip:%d@${HOST} SIP/2.0\\r\\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%d\\r\\nFrom: <sip:%d@${HOST}>;tag=%d\\r\\n'
        'To: <sip:00442071234567@${HOST}>\\r\\nCall-ID: %d\\r\\nCSeq: 1 %s\\r\\nUser-Agent: friendly-scanner\\r\\n'
        'Authorization: Digest username="100", realm="asterisk", nonce="%x", uri="sip:x", response="%032x"\\r\\n'
        'Content-Length: 0\\r\\n\\r\\n') % (method, n % 900, source, n, n % 900, n, n, method, n, n)
    data = struct.pack('!HHHH', 5060, ${SIP_PORT}, 8 + len(text), 0) + text.encode()
    head = struct.pack('!BBHHHBBH4s4s', 69, 0, 0, n & 65535, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton('${HOST}'))
    out.sendto(head + data, ('${HOST}', 0))
`;

test('a flood of forged sources has sentrypeer firewall refuse nobody', async (t) => {
  const python = peer('python3', t);
  await using there = await world(t);
  if (there === undefined || python === undefined) return;
  await using daemon = await there.daemon();
  await using firewall = await there.firewall();
  await there.output('attacker', python, '-c', FORGE);
  // What was received of it is recorded, and judged.
  await daemon.recorded(1000);
  await until('the judge', async () => {
    const metrics = await there.api('/metrics');
    return /^sentrypeer_delivery_lag_events\{consumer="judge"\} 0$/m.test(metrics);
  });
  await until('the bystander to be answered', () => there.isAnswered('bystander'));
  assert.deepEqual(there.note().entries, { ipv4: 0, ipv6: 0 });
  assert.equal((await there.api('/v1/listings?kind=address')).includes('"listed"'), false);

  // The forger is refused as soon as he shows himself.
  await there.output('attacker', process.execPath, '-e', PROVE);
  await until('the attacker to be refused', () => there.note().entries?.ipv4 === 1);
  assert.ok(!(await there.isAnswered('attacker')));
  await until('the bystander to be answered', () => there.isAnswered('bystander'));
  assert.equal(await firewall.end('SIGTERM'), 0);
  await daemon.stop();
});

const PROVE = `
const socket = require('node:net').connect(${SIP_PORT}, '${HOST}', () => socket.write([
  'OPTIONS sip:100@${HOST} SIP/2.0', 'Via: SIP/2.0/TCP ${ATTACKER}:5070;branch=z9hG4bK1', 'From: <sip:a@b>;tag=1',
  'To: <sip:100@${HOST}>', 'Call-ID: prove', 'CSeq: 1 OPTIONS', 'User-Agent: friendly-scanner', 'Content-Length: 0', '', ''].join('\\r\\n')));
socket.on('data', () => process.exit());
`;

/** A container on Docker's bridge, whose port 5060 is published as 5070 by the rules of the file. */
const CONTAINER = `
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add container
ip link add veth0 master docker0 type veth peer name eth0 netns container
ip link set veth0 up
ip -n container addr add 172.17.0.2/16 dev eth0
ip -n container link set eth0 up
ip -n container route add default via 172.17.0.1
echo 1 > /proc/sys/net/ipv4/ip_forward
`;

const ECHO = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (octets, from) => socket.send(octets, from.port, from.address));
socket.bind(5060, () => console.log('ready'));
`;

/** Ends with status 0 if the container answers. */
const CALL_CONTAINER = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => process.exit(0));
socket.send('hello', 5070, '${HOST}');
setTimeout(() => process.exit(3), 400);
`;

test("sentrypeer firewall covers Docker's published ports, and leaves all tables of Docker and firewalld as they are", async (t) => {
  const restore = peer('iptables-nft-restore', t);
  await using there = await world(t);
  if (there === undefined || restore === undefined) return;
  await there.output('host', 'sh', '-ec', CONTAINER);
  await there.output('host', 'nft', '-f', join(RULESETS, 'firewalld.nft'));
  await there.output('host', restore, join(RULESETS, 'docker.iptables'));
  await using container = there.background(['ip', 'netns', 'exec', 'container'], ECHO);
  await container.printed('ready');
  /** With the kernel's handles, so that anything created again is noticed; without the counters. */
  const others = async (): Promise<string> => {
    const all = await there.output('host', 'nft', '-a', '-s', 'list', 'ruleset');
    return all
      .split(/^(?=table )/mu)
      .filter((table) => !table.startsWith('table inet sentrypeer'))
      .join('');
  };
  const before = await others();
  for (const name of ['table inet firewalld', 'table ip nat', 'table ip filter']) {
    assert.ok(before.includes(`${name} {`), name);
  }
  const reaches = async (place: 'attacker' | 'bystander'): Promise<boolean> =>
    (await there.run(place, process.execPath, '-e', CALL_CONTAINER)).status === 0;
  await using daemon = await there.daemon();
  await using firewall = await there.firewall();
  await until('the container', () => reaches('attacker'));

  await there.sentrypeer('block', ATTACKER);
  await until('the attacker to be refused', () => there.note().entries?.ipv4 === 1);
  assert.ok(!(await reaches('attacker')));
  assert.ok(!(await there.isAnswered('attacker')));
  await until('the bystander to reach it', () => reaches('bystander'));
  await until('the bystander to be answered', () => there.isAnswered('bystander'));
  assert.equal(await others(), before);

  assert.equal((await there.sentrypeer('firewall', 'flush')).status, 0);
  await until('the container again', () => reaches('attacker'));
  assert.equal(await others(), before);
  assert.equal((await there.sentrypeer('firewall', 'confirm')).status, 0);
  await until('the attacker to be refused again', async () => !(await reaches('attacker')));
  assert.equal(await firewall.end('SIGTERM'), 0);
  assert.equal(await others(), before);
  assert.equal(await there.output('host', 'nft', '-a', '-s', 'list', 'ruleset'), before);
  await daemon.stop();
});
