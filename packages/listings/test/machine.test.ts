// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatPrefix } from '@sentrypeer/ip';
import { ConnectionAges, parseConnections } from '../src/connections.ts';
import {
  addressOfHost,
  Machine,
  sparedTexts,
  systemMachine,
  type MachineOptions,
  type MachinePorts,
} from '../src/machine.ts';
import { CONNECTIONS_COUNT_MAX, SESSIONS_COUNT_MAX, TRUSTED_CONNECTION_MS } from '../src/limits.ts';

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

test('Machine spares no client of an API that only answers this machine', () => {
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

test('parseConnections() leaves out what is not a line of the table', () => {
  const texts = ['', 'x', '0: 1 2 01', '0: 0:0 zz:0 01', `0: 0:0 ${'0'.repeat(31)}:1 01`];
  for (const text of texts) assert.deepEqual(parseConnections(text, true), [], text);
});

/** A machine of which only this is known. */
function alone(ports: Partial<MachinePorts>, options: Partial<MachineOptions> = {}): Machine {
  return new Machine(
    {
      readFile: () => '',
      listDirectory: () => [],
      interfaces: () => ({}),
      isLittleEndian: true,
      ...ports,
    },
    { sshConnection: '', sshPorts: [[22, 22]], apiPort: undefined, ...options },
  );
}

const file =
  (path: string, text: string): MachinePorts['readFile'] =>
  (name) =>
    name === path ? text : '';

/** One line of /proc/net/tcp for each port of this machine, from 45.1.2.3. */
function connectionsTo(...ports: readonly number[]): string {
  return ports
    .map((port) => {
      const local = port.toString(16).padStart(4, '0');
      return `0: 0100A8C0:${local} 0302012D:${local} 01 0 0`;
    })
    .join('\n');
}

test('Machine knows nobody where nothing is known of the machine', () => {
  assert.deepEqual(alone({}).spared(0), []);
  assert.deepEqual(alone({ interfaces: () => ({ eth0: undefined }) }).spared(0), []);
});

test('Machine spares an SSH session on every port of every range, both ends included, and on no other', () => {
  for (const [port, isSpared] of [
    [22, true],
    [2199, false],
    [2200, true],
    [2210, true],
    [2211, false],
    [80, false],
  ] as const) {
    const machine = alone(
      { readFile: file('/proc/self/net/tcp', connectionsTo(port)) },
      {
        sshPorts: [
          [22, 22],
          [2200, 2210],
        ],
      },
    );
    assert.equal(sparedBy(machine, 0).has('45.1.2.3'), isSpared, String(port));
  }
});

test('Machine reads sessions of systemd-logind up to a limit, and no other lines of theirs', () => {
  const names = Array.from({ length: SESSIONS_COUNT_MAX + 1 }, (_, index) => String(index));
  const machine = alone({
    listDirectory: (path) => (path === '/run/systemd/sessions' ? names : []),
    readFile: (path) => {
      const [, index] = path.split('/run/systemd/sessions/');
      return `OTHER_HOST=46.1.1.1\nREMOTE_HOST=45.1.${Number(index) >> 8}.${Number(index) & 255}\nHOST=46.1.1.2`;
    },
  });
  const spared = sparedBy(machine, 0);
  assert.equal(spared.size, SESSIONS_COUNT_MAX);
  assert.ok(!spared.has('46.1.1.1') && !spared.has('46.1.1.2'));
});

test('Machine spares only the neighbours of a small network', () => {
  const of = (cidr: string | null): readonly string[] => {
    const [text = ''] = (cidr ?? '45.9.0.1/32').split('/');
    const eth0 = [{ ...address(text, ''), cidr }];
    return [...sparedBy(alone({ interfaces: () => ({ eth0 }) }), 0).keys()];
  };
  assert.deepEqual(of('45.9.0.1/24'), ['45.9.0.1', '45.9.0.0/24']);
  assert.deepEqual(of('45.9.0.1/23'), ['45.9.0.1']);
  assert.deepEqual(of('2a00:1::1/64'), ['2a00:1::1', '2a00:1::/64']);
  assert.deepEqual(of('2a00:1::1/63'), ['2a00:1::1']);
  assert.deepEqual(of(null), ['45.9.0.1']);
});

test('Machine takes no line for a gateway that has none, nor a network that is reached directly', () => {
  const four = alone({
    readFile: file('/proc/self/net/route', `${ROUTE}\n\neth0\t1\neth0\t1\tzz`),
  });
  assert.deepEqual([...sparedBy(four, 0).keys()], ['192.168.0.1']);
  const direct = ROUTE6.replace('2a000001000000000000000000000001', '0'.repeat(32));
  const six = alone({ readFile: file('/proc/self/net/ipv6_route', `${direct}\nx\n`) });
  assert.deepEqual([...sparedBy(six, 0).keys()], []);
});

test('Machine reads name servers of both files, with any blanks before and between the words', () => {
  for (const path of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    const text =
      '  nameserver   9.9.9.9\n\tnameserver\t \t9.9.9.10  trust-ad\nsearch 9.9.9.11\nnameserver\n9.9.9.12\nnameservers 9.9.9.13';
    const spared = sparedBy(alone({ readFile: file(path, text) }), 0);
    assert.deepEqual([...spared.keys()], ['9.9.9.9', '9.9.9.10'], path);
  }
});

test('parseConnections() reads the octets of an address in the order of the machine', () => {
  const line = '0: 0100A8C0:0016 0302012D:C350 01';
  assert.deepEqual(parseConnections(line, true), [
    { localPort: 22, remoteAddress: '45.1.2.3', remotePort: 50_000 },
  ]);
  const blanks = '   0:  0100A8C0:0016   0302012D:C350  01';
  assert.deepEqual(parseConnections(blanks, true), parseConnections(line, true));
  assert.deepEqual(parseConnections(line.replace('0302012D', 'zz02012D'), true), []);
  assert.deepEqual(parseConnections(line, false), [
    { localPort: 22, remoteAddress: '3.2.1.45', remotePort: 50_000 },
  ]);
  const six = '0: 0:0016 0100002A000000000000000005000000:C353 01';
  assert.equal(parseConnections(six, true)[0]?.remoteAddress, '2a00:1::5');
  const big = '0: 0:0016 2A000001000000000000000000000005:C353 01';
  assert.equal(parseConnections(big, false)[0]?.remoteAddress, '2a00:1::5');
});

test('ConnectionAges believes what is there at the first look, and what lasts, up to a limit', () => {
  const of = (index: number) => ({ localPort: 22, remoteAddress: '45.1.2.3', remotePort: index });
  const ages = new ConnectionAges();
  assert.deepEqual(ages.lasting([of(1)], 1000), [of(1)]);
  assert.deepEqual(ages.lasting([of(1), of(2)], 2000), [of(1)]);
  assert.deepEqual(ages.lasting([of(2)], 1999 + TRUSTED_CONNECTION_MS), []);
  assert.deepEqual(ages.lasting([of(1), of(2)], 2000 + TRUSTED_CONNECTION_MS), [of(2)]);
  const many = Array.from({ length: CONNECTIONS_COUNT_MAX + 1 }, (_, index) => of(index));
  assert.equal(new ConnectionAges().lasting(many, 0).length, CONNECTIONS_COUNT_MAX);
  // Another port here, or there, or another address is another connection.
  const same = new ConnectionAges();
  same.lasting([of(1)], 0);
  for (const other of [
    { ...of(1), localPort: 23 },
    { ...of(1), remoteAddress: '45.1.2.4' },
    { ...of(1), remotePort: 2 },
  ])
    assert.deepEqual(same.lasting([other, of(1)], 1), [of(1)]);
});

test('systemMachine reads what there is, and takes what is not there for empty', () => {
  assert.equal(systemMachine.readFile('/nonexistent/file'), '');
  assert.deepEqual(systemMachine.listDirectory('/nonexistent'), []);
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-machine-'));
  try {
    const text = 'nameserver 9.9.9.9\n'.repeat(10_000);
    writeFileSync(join(folder, 'one'), text);
    assert.equal(systemMachine.readFile(join(folder, 'one')), text);
    assert.deepEqual(systemMachine.listDirectory(folder), ['one']);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const words = new Uint8Array(new Uint32Array([1]).buffer);
  assert.equal(systemMachine.isLittleEndian, words[0] === 1);
});

test('sparedTexts() takes addresses and networks, and leaves other texts out', () => {
  const texts = [
    '45.1.2.3',
    '45.1.2.3/24',
    'fe80::7%eth0',
    '2a00:1::5/64',
    'office',
    '',
    '1/2',
    '45.1.2.0/40',
  ];
  assert.deepEqual(
    sparedTexts(texts, 'it is ours').map(({ prefix, why }) => `${formatPrefix(prefix)} ${why}`),
    ['45.1.2.3', '45.1.2.0/24', 'fe80::7', '2a00:1::/64'].map((text) => `${text} it is ours`),
  );
});

test('addressOfHost() knows an address in a URL, in brackets where it is of IPv6', () => {
  assert.equal(addressOfHost('45.1.2.3'), '45.1.2.3');
  assert.equal(addressOfHost('[2a00:1::5]'), '2a00:1::5');
  assert.equal(addressOfHost('2a00:1::5'), '2a00:1::5');
  for (const host of ['localhost', '[office]', '', '45.1.2.3]'])
    assert.equal(addressOfHost(host), undefined, host);
});
