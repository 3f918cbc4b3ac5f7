// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix } from '@sentrypeer/ip';
import { parseConnections } from '../src/connections.ts';
import { Machine, type MachinePorts } from '../src/machine.ts';
import { TRUSTED_CONNECTION_MS } from '../src/limits.ts';

/** Lines of /proc/net/tcp: 45.1.2.3 connected to port 22, 45.1.2.4 to 8082; one listens, one is being closed. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100A8C0:0016 0302012D:C350 01 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100A8C0:1F92 0402012D:C351 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3
   3: 0100A8C0:0016 0502012D:C352 06 00000000:00000000 00:00000000 00000000     0        0 4
`;
/** 2a00:1::5 and, IPv4-mapped, 45.1.2.6, both to port 22. */
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:0016 0100002A000000000000000005000000:C353 01 0
   1: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000602012D:C354 01 0
`;
const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
const ROUTE6 =
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00 2a000001000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n';

function machineOf(files: Record<string, string>, apiPort?: number, sshConnection = ''): Machine {
  const ports: MachinePorts = {
    readFile: (path) => files[path] ?? '',
    listDirectory: (path) =>
      Object.keys(files).flatMap((name) =>
        name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [],
      ),
    interfaces: () => ({
      eth0: [
        address('45.9.0.1', '45.9.0.1/24'),
        address('46.9.0.1', '46.9.0.1/16'),
        { ...address('fe80::1', 'fe80::1/64'), family: 'IPv6', scopeid: 2 },
      ],
    }),
    isLittleEndian: true,
  };
  return new Machine(ports, { sshConnection, sshPorts: [[22, 22]], apiPort });
}

function address(text: string, cidr: string) {
  return { address: text, netmask: '', family: 'IPv4', mac: '', internal: false, cidr } as const;
}

function sparedBy(machine: Machine, nowMs: number): ReadonlyMap<string, string> {
  return new Map(machine.spared(nowMs).map(({ prefix, why }) => [formatPrefix(prefix), why]));
}

test('Machine spares sessions, gateways, name servers, own addresses and small networks', () => {
  const spared = sparedBy(
    machineOf(
      {
        '/proc/self/net/tcp': TCP,
        '/proc/self/net/tcp6': TCP6,
        '/proc/self/net/route': ROUTE,
        '/proc/self/net/ipv6_route': ROUTE6,
        '/etc/resolv.conf':
          '# one\nnameserver 9.9.9.9\nnameserver\tfe80::7%eth0\nsearch example.org\n',
        '/run/systemd/sessions/4': 'UID=0\nREMOTE_HOST=45.1.2.8\nSERVICE=sshd\n',
      },
      8082,
      '45.1.2.7 50000 45.9.0.1 22',
    ),
    0,
  );
  assert.deepEqual(Object.fromEntries(spared), {
    '45.1.2.7': 'this SSH session comes from it',
    '45.1.2.8': 'somebody who has logged in comes from it',
    '45.1.2.3': 'an SSH session comes from it',
    '2a00:1::5': 'an SSH session comes from it',
    '45.1.2.6': 'an SSH session comes from it',
    '45.1.2.4': 'it is a client of the API',
    '45.9.0.1': 'it is an address of this machine',
    '45.9.0.0/24': 'it is in the network of eth0',
    '46.9.0.1': 'it is an address of this machine',
    'fe80::1': 'it is an address of this machine',
    'fe80::/64': 'it is in the network of eth0',
    '192.168.0.1': 'it is a gateway',
    '2a00:1::1': 'it is a gateway',
    '9.9.9.9': 'it is a name server',
    'fe80::7': 'it is a name server',
  });
});

test('Machine spares no client of an API that answers this machine alone', () => {
  assert.ok(!sparedBy(machineOf({ '/proc/self/net/tcp': TCP }), 0).has('45.1.2.4'));
});

test('Machine spares a later connection to the SSH port only when it lasts longer than a login', () => {
  const files: Record<string, string> = {};
  const machine = machineOf(files);
  machine.spared(0);
  files['/proc/self/net/tcp'] = TCP;
  assert.ok(!sparedBy(machine, 1000).has('45.1.2.3'), 'it may be an attacker who only connects');
  assert.ok(!sparedBy(machine, TRUSTED_CONNECTION_MS).has('45.1.2.3'));
  assert.ok(sparedBy(machine, 1000 + TRUSTED_CONNECTION_MS).has('45.1.2.3'));
  files['/proc/self/net/tcp'] = TCP.replace('C350', 'C360');
  assert.ok(!sparedBy(machine, 2000 + TRUSTED_CONNECTION_MS).has('45.1.2.3'), 'another connection');
});

test('parseConnections() leaves out what is no line of the table', () => {
  const texts = ['', 'x', '0: 1 2 01', '0: 0:0 zz:0 01', `0: 0:0 ${'0'.repeat(31)}:1 01`];
  for (const text of texts) assert.deepEqual(parseConnections(text, true), [], text);
});
