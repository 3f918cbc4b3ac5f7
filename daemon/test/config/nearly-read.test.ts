// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Values that are nearly right are refused; none of them is read as another one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, run } from './sources.ts';

/** Each line is refused with a message that quotes the value. */
function refuseEach(lines: readonly string[]): void {
  for (const line of lines) {
    const message = refused(line);
    assert.match(message, /" is not /u, message);
    assert.ok(message.includes(line.split(' ').at(-1)?.split(',')[0] ?? ''), message);
  }
}

test('loadConfig() reads the figures of a policy as decimal digits', () => {
  refuseEach(
    ['0x3c', '6e1', '+60', '60.0', '0b111100', '６０', ''].map(
      (value) => `--policy address-threshold=${value}`,
    ),
  );
});

test('loadConfig() refuses two values for the same line of the policy, or the same family of routes', () => {
  refuseEach([
    '--policy address-threshold=60 --policy address-threshold=70',
    '-a --lookup-level 4.x=known,4.x=listed',
  ]);
  const twice = run('--policy address-threshold=60 --policy address-threshold=60');
  assert.deepEqual(twice.config.policy, [{ name: 'address-threshold', value: 60 }]);
});

test('loadConfig() wants both ends of a range of ports', () => {
  refuseEach(['5060-', '5060--5061', '5061-5060'].map((ports) => `--firewall-sip-port ${ports}`));
  const { firewallSipPorts } = run('--firewall-sip-port 5070,5080-5090').config;
  assert.deepEqual(firewallSipPorts, [
    [5070, 5070],
    [5080, 5090],
  ]);
});

test('loadConfig() takes no slip in an address, and no word, for the name of a host', () => {
  const slips = ['192.0.2.300', '192.0.2', '1234', 'node.1', '192..0.2.1', 'a..b', '...', '.a'];
  refuseEach(slips.map((host) => `-p -b ${host}`));
  refuseEach(slips.map((host) => `-p --pool-peer ${host}:4222`));
  refuseEach(slips.map((host) => `-s --syslog-target udp://${host}:514`));
  refuseEach(slips.map((host) => `-a --api-host ${host}`));
  refuseEach(['None', 'off', 'all', 'auto'].map((word) => `-p -b ${word}`));
  refuseEach(['-p --pool-peer none', '-p -b none,node.example.org']);
  const names = 'localhost,db_1,1a.example.org,node.example.org.,xn--bcher-kva.example';
  assert.equal(run(`-p -b ${names}`).config.bootstrapNodes.length, 5);
  assert.deepEqual(run('-a --api-host 192.0.2.3').config.apiHosts, ['192.0.2.3']);
});

test('loadConfig() takes an address of HTTP only if its host is what was written', () => {
  const wrong = [
    'http://1.2.3/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://127.1:8082/',
    'http://192.0.2.01/',
    'http://192.0.2.300/',
    'http:hub.example',
    'http:/hub.example',
    'http:///hub.example',
    'http:\\\\hub.example',
    'http://hub..example/',
    'http://.hub.example/',
    'http://hub.example:0/',
    'http://hub.\u0009example/',
  ];
  for (const option of ['-w', '--analytics --analytics-summary', '--oauth2-token-url']) {
    for (const url of wrong) assert.match(refused(`${option} ${url}`), /is not an address/u, url);
  }
  for (const option of ['--firewall-node', '--bgp-node']) {
    for (const url of wrong) assert.match(refused(`${option} ${url}`), /is not where a node/u, url);
  }
  const right = [
    'HTTP://Hub.Example/A',
    'http://[2001:DB8::1]:8080/',
    'http://192.0.2.1',
    'https://bücher.example/',
    'http://hub.example./',
  ];
  assert.equal(run(`-w ${right.join(',')}`).config.webhooks.length, 5);
});

test('loadConfig() knows an address in every spelling', () => {
  refuseEach(['::0', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'].map((all) => `--sip-address ${all}`));
  const { sipAddresses, apiAddress, sipAgent } = run(
    '--sip-address 0:0::1,::1,::ffff:127.0.0.1,127.0.0.1 -a --api-address 2001:DB8::0:1 --sip-agent [::0]:5062',
  ).config;
  assert.deepEqual(sipAddresses, ['::1', '127.0.0.1']);
  assert.equal(apiAddress, '2001:db8::1');
  assert.deepEqual(sipAgent, [{ address: '::', port: 5062 }]);
  assert.match(
    refused('-a --api-port 5062 --api-address 0::1 --sip-agent [::1]:5062'),
    /both open TCP port/u,
  );
});

test('loadConfig() takes no wildcard for the address of a host', () => {
  for (const all of ['0.0.0.0', '::', '0::0', '0.0.0.0:4222', '[::]:4222'])
    refuseEach([`-p --pool-address ${all}`]);
  const bgp = (key: string, address: string): string =>
    refused('-g /c', {
      files: {
        '/c': `[bgp]\nasn = 64512\nrouter_id = "203.0.113.5"\n[[bgp.neighbour]]\nasn = 64496\n${key === 'address' ? '' : 'address = "203.0.113.1"\n'}${key} = "${address}"`,
      },
    });
  for (const key of ['address', 'router_id', 'next_hop_ipv4', 'next_hop_ipv6'])
    for (const all of ['0.0.0.0', '::'])
      assert.match(bgp(key, all), /" is not an? |" is not the /u);
  assert.match(bgp('next_hop_ipv4', '2001:db8::1%eth0'), /is not an IP address without a zone/u);
});

test('loadConfig() takes no directory for the database', () => {
  refuseEach(['-f honey.db/', '-f /', '-f ./']);
});
