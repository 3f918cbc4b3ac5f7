// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which packets `sentrypeer firewall` refuses and which it lets through, in each of its scopes, in the real kernel. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { until } from '../e2e/daemon-process.ts';
import type { Background } from './background.ts';
import { ATTACKER, ATTACKER6, FirewallWorld, HOST, HOST6, SIP_PORT } from './firewall-world.ts';
import { peer } from './peer.ts';

const MEDIA_PORT = 12_000;

async function world(context: TestContext): Promise<FirewallWorld | undefined> {
  for (const name of ['nft', 'ip', 'nsenter', 'curl'] as const) {
    if (peer(name, context) === undefined) return undefined;
  }
  const unshare = peer('unshare', context);
  return unshare === undefined ? undefined : FirewallWorld.open(unshare);
}

/** Proves over a connection that its address is not forged, and shows which tool it uses. */
const PROVE = `
const socket = require('node:net').connect(${SIP_PORT}, '${HOST6}', () => socket.write([
  'OPTIONS sip:100@[${HOST6}] SIP/2.0', 'Via: SIP/2.0/TCP [${ATTACKER6}]:5070;branch=z9hG4bK1', 'From: <sip:a@b>;tag=1',
  'To: <sip:100@[${HOST6}]>', 'Call-ID: prove', 'CSeq: 1 OPTIONS', 'User-Agent: friendly-scanner', 'Content-Length: 0', '', ''].join('\\r\\n')));
socket.on('data', () => process.exit());
`;

const ECHO = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (octets, from) => socket.send(octets, from.port, from.address));
socket.bind(${MEDIA_PORT}, () => console.log('ready'));
`;

/** Media as in a call: a packet every 20 ms, and a line for each that comes back. */
const CALL = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => console.log('heard'));
socket.bind(40000, () => setInterval(() => socket.send('media', ${MEDIA_PORT}, '${HOST}'), 20));
`;

/** Ends with status 0 if media from a port that is not in a call comes back within 400 ms. */
const SECOND_CALL = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => process.exit(0));
socket.send('media', ${MEDIA_PORT}, '${HOST}');
setTimeout(() => process.exit(3), 400);
`;

/** Packets that come through may be late on a busy machine. */
async function passes(isThrough: () => Promise<boolean>): Promise<void> {
  await until('packets to come through', isThrough);
}

async function untilHeld(there: FirewallWorld, element: string): Promise<void> {
  await until(`${element} to be refused`, async () =>
    (await there.output('host', 'nft', 'list', 'ruleset')).includes(`${element} timeout`),
  );
}

const heard = (call: Pick<Background, 'output'>): number => call.output.split('heard').length - 1;

test('--firewall-keep-calls leaves media that already flow alone, and refuses everything else over IPv4 and IPv6', async (t) => {
  await using there = await world(t);
  if (there === undefined) return;
  await using daemon = await there.daemon();
  await using firewall = await there.firewall('--firewall-keep-calls');
  await using echo = there.background('host', ECHO);
  await echo.printed('ready');
  await using call = there.background('attacker', CALL);
  await until('the call', () => heard(call) > 0);
  for (const place of ['attacker', 'bystander'] as const) {
    await passes(() => there.isReachable(place, HOST6));
  }

  // Over IPv6 a whole /64 is one attacker.
  await there.output('attacker', process.execPath, '-e', PROVE);
  await untilHeld(there, '2a02:11:1:1::');
  assert.ok(!(await there.isReachable('attacker', HOST6)));
  await passes(() => there.isReachable('bystander', HOST6));
  await passes(() => there.isReachable('attacker'));

  await there.sentrypeer('block', ATTACKER);
  await untilHeld(there, ATTACKER);
  const before = heard(call);
  assert.ok(!(await there.isReachable('attacker')));
  await until('the call to go on', () => heard(call) > before + 20);
  const second = await there.run('attacker', process.execPath, '-e', SECOND_CALL);
  assert.equal(second.status, 3, 'another call is refused');

  // Without the option the call ends with the listing.
  await firewall.end('SIGTERM');
  await using _strict = await there.firewall();
  await untilHeld(there, ATTACKER);
  assert.ok(!(await there.isReachable('attacker')));
  const at = heard(call);
  assert.ok(!(await there.isReachable('attacker')));
  assert.equal(heard(call), at);
  await daemon.stop();
});

test('--firewall-scope sip refuses only SIP and media, mark only marks and counts', async (t) => {
  await using there = await world(t);
  if (there === undefined) return;
  await using daemon = await there.daemon();
  await there.sentrypeer('block', ATTACKER);
  await until('an answer', () => there.isAnswered('attacker'));
  {
    await using sip = await there.firewall(
      '--firewall-scope=sip',
      '--firewall-media-port=10000-10002',
    );
    await untilHeld(there, ATTACKER);
    assert.ok(!(await there.isAnswered('attacker')));
    assert.ok(!(await there.isReachable('attacker', HOST, 10_001)));
    for (const port of [9, 10_003]) {
      await passes(() => there.isReachable('attacker', HOST, port));
    }
    await passes(() => there.isReachable('bystander', HOST, 10_001));
    assert.equal(await sip.end('SIGTERM'), 0);
  }
  // An operator's own rule for marked packets.
  await there.output(
    'host',
    'nft',
    'add table ip own; add chain ip own in { type filter hook input priority 0; }; add rule ip own in meta mark 0x1000000 tcp dport 9 counter reject with tcp reset',
  );
  const counted = async (): Promise<number> =>
    Number(
      /counter packets (\d+)/.exec(
        await there.output('host', 'nft', 'list', 'table', 'ip', 'own'),
      )?.[1],
    );
  await using _mark = await there.firewall('--firewall-scope=mark');
  await untilHeld(there, ATTACKER);
  await passes(() => there.isAnswered('attacker'));
  await passes(() => there.isReachable('attacker'));
  assert.ok((await counted()) > 0);
  const marked = await counted();
  await passes(() => there.isReachable('bystander'));
  assert.equal(await counted(), marked);
  await until('what was marked to be counted', () => (there.note().refusedPackets ?? 0) >= 2);
  await daemon.stop();
});
