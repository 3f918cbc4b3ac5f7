// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { ClientHelloReader } from '../src/client-hello.ts';
import { CLIENT_HELLO_OCTETS_MAX } from '../src/limits.ts';
import { CERTIFICATE, listen } from './stream-peer.ts';

const u8 = (value: number): number[] => [value];
const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const list8 = (octets: readonly number[]): number[] => [...u8(octets.length), ...octets];
const list16 = (octets: readonly number[]): number[] => [...u16(octets.length), ...octets];
const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];

const parseClientHello = (octets: Uint8Array): ReturnType<ClientHelloReader['push']> =>
  new ClientHelloReader().push(octets);

type Extensions = readonly (readonly [number, readonly number[]])[];

function helloOf(ciphers: readonly number[], extensions: Extensions, version = 0x0303): Uint8Array {
  const body = [
    ...u16(version),
    ...Array<number>(32).fill(7),
    ...list8(Array<number>(32).fill(1)),
    ...list16(ciphers.flatMap(u16)),
    ...list8([0]),
    ...list16(extensions.flatMap(([type, data]) => [...u16(type), ...list16(data)])),
  ];
  const message = [1, 0, ...u16(body.length), ...body];
  return Uint8Array.from([22, 3, 1, ...list16(message)]);
}

/** The Chrome of JA4's own description, with its values of GREASE. */
const CHROME_CIPHERS = [
  0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
  0x009c, 0x009d, 0x002f, 0x0035,
];
const CHROME_ALGORITHMS = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const EMPTY = [
  0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b, 0x000a, 0x0015,
];
const serverName = (name: string): number[] => list16([0, ...list16(ascii(name))]);
const CHROME_EXTENSIONS: Extensions = [
  [0x2a2a, []],
  ...EMPTY.map((type) => [type, []] as const),
  [0, serverName('pbx.example')],
  [16, list16([...list8(ascii('h2')), ...list8(ascii('http/1.1'))])],
  [13, list16(CHROME_ALGORITHMS.flatMap(u16))],
  [43, list8([0x3a3a, 0x0304, 0x0303].flatMap(u16))],
];

test('ClientHelloReader.push() gives the fingerprint that the description of JA4 has for its example', () => {
  assert.deepEqual(parseClientHello(helloOf(CHROME_CIPHERS, CHROME_EXTENSIONS)), {
    ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    serverName: 'pbx.example',
  });
});

test('ClientHelloReader.push() knows old versions, no extensions, and protocols that are not text', () => {
  const old = parseClientHello(helloOf([0x0035], [], 0x0301));
  assert.ok(old !== undefined && old !== 'incomplete');
  assert.equal(old.ja4.split('_')[0], 't10i010000');
  assert.equal(old.ja4.split('_')[2], '000000000000');
  assert.equal(old.serverName, undefined);
  const odd = parseClientHello(helloOf([0x1301], [[16, list16(list8([0xab, 0x0d]))]]));
  assert.ok(odd !== undefined && odd !== 'incomplete');
  assert.equal(odd.ja4.split('_')[0], 't12i0101ad');
});

function ja4Of(...args: Parameters<typeof helloOf>): string {
  const hello = parseClientHello(helloOf(...args));
  assert.ok(hello !== undefined && hello !== 'incomplete');
  return hello.ja4;
}

/** As JA4 says: hexadecimal numbers in order, hashed. */
const listHash = (text: string): string => hash('sha256', text, 'hex').slice(0, 12);

test('a repeated extension counts each time, and is listed each time', () => {
  assert.equal(
    ja4Of(
      [0x1301],
      [
        [0x0017, []],
        [0x2a2a, []],
        [0x0017, []],
        [0, serverName('pbx.example')],
        [0, serverName('other.example')],
        [0x000a, []],
      ],
    ),
    `t12d010500_${listHash('1301')}_${listHash('000a,0017,0017')}`,
  );
  assert.equal(
    ja4Of(
      [0x1301],
      [
        [13, list16(u16(0x0403))],
        [13, list16(u16(0x0804))],
      ],
    ),
    `t12i010200_${listHash('1301')}_${listHash('000d,000d_0403')}`,
  );
  const hello = parseClientHello(
    helloOf(
      [0x1301],
      [
        [0, serverName('pbx.example')],
        [0, serverName('other.example')],
      ],
    ),
  );
  assert.ok(hello !== undefined && hello !== 'incomplete');
  assert.equal(hello.serverName, 'pbx.example');
});

test('the version is the highest that is offered, by the name that JA4 gives it', () => {
  for (const [version, name] of [
    [0x0304, '13'],
    [0x0303, '12'],
    [0x0302, '11'],
    [0x0301, '10'],
    [0x0300, 's3'],
    [0x0002, 's2'],
    [0xfeff, 'd1'],
    [0xfefd, 'd2'],
    [0xfefc, 'd3'],
    [0x0005, '00'],
  ] as const) {
    assert.equal(ja4Of([0x1301], [], version).slice(0, 3), `t${name}`);
    const offered = [[43, list8(u16(version))]] as const;
    assert.equal(ja4Of([0x1301], offered, 0x0303).slice(0, 3), `t${name}`);
  }
  const twice = [
    [43, list8(u16(0x0303))],
    [43, list8(u16(0x0304))],
  ] as const;
  assert.equal(ja4Of([0x1301], twice).slice(0, 3), 't13');
});

test('ClientHelloReader.push() waits for the end of the message, also over several records', () => {
  const whole = helloOf(CHROME_CIPHERS, CHROME_EXTENSIONS);
  for (let size = 0; size < whole.length; size += 1) {
    assert.equal(parseClientHello(whole.subarray(0, size)), 'incomplete', String(size));
  }
  const message = whole.subarray(5);
  const records = [message.subarray(0, 3), message.subarray(3, 100), message.subarray(100)];
  const cut = Uint8Array.from(records.flatMap((part) => [22, 3, 1, ...list16([...part])]));
  assert.deepEqual(parseClientHello(cut), parseClientHello(whole));
});

/** The message in records of one octet each. */
function inSmallRecords(whole: Uint8Array): Uint8Array {
  return Uint8Array.from([...whole.subarray(5)].flatMap((octet) => [22, 3, 1, 0, 1, octet]));
}

test('ClientHelloReader.push() reads a message whatever its pieces and records', () => {
  const whole = helloOf(CHROME_CIPHERS, CHROME_EXTENSIONS);
  for (const octets of [whole, inSmallRecords(whole)]) {
    const reader = new ClientHelloReader();
    const told = Array.from(octets, (octet) => reader.push(Uint8Array.of(octet)));
    assert.deepEqual(told.pop(), parseClientHello(whole));
    assert.ok(told.every((each) => each === 'incomplete'));
  }
  // RFC 8446 §5.1: "Implementations MUST NOT send zero-length fragments of Handshake types".
  assert.equal(parseClientHello(Uint8Array.from([22, 3, 1, 0, 0])), undefined);
});

test('ClientHelloReader.push() takes time in proportion to the octets, whatever its pieces and records', () => {
  const message = helloOf([], [[0, Array<number>(CLIENT_HELLO_OCTETS_MAX).fill(7)]]);
  const octets = inSmallRecords(message).subarray(0, CLIENT_HELLO_OCTETS_MAX);
  const reader = new ClientHelloReader();
  const before = process.cpuUsage();
  for (const octet of octets) assert.equal(reader.push(Uint8Array.of(octet)), 'incomplete');
  const { user, system } = process.cpuUsage(before);
  // Some 50 ms; reading all again for each piece took minutes.
  assert.ok((user + system) / 1000 < 5000);
});

test('ClientHelloReader.push() never throws, and ends', () => {
  const whole = helloOf(CHROME_CIPHERS, CHROME_EXTENSIONS);
  for (let index = 0; index < whole.length; index += 1) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Uint8Array.from(whole);
      changed[index] = value;
      parseClientHello(changed);
    }
  }
  assert.equal(parseClientHello(Uint8Array.from([0x80, 0x2e, 1, 3, 1])), undefined);
  assert.equal(parseClientHello(Uint8Array.from([22, 3, 1, 0, 4, 2, 0, 0, 0])), undefined);
});

test('a connection over TLS tells what its client is', async () => {
  await using heard = await listen({ tls: CERTIFICATE });
  const { port } = heard.listener.local;
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'pbx.example',
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  const told = await heard.evidence.next();
  assert.match(told.hello?.ja4 ?? '', /^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/);
  assert.equal(told.hello?.serverName, 'pbx.example');
});
