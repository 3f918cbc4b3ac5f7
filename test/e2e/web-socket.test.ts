// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* SIP in WebSockets (RFC 7118) on the TCP and TLS ports, with Node's own client, and what attackers do to it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { DaemonProcess, until } from './daemon-process.ts';
import { isRead, sipRequest } from './sip-peers.ts';

const HEAD = [
  'GET /ws HTTP/1.1',
  'Host: pbx.example',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: sip',
  'Sec-WebSocket-Extensions: permessage-deflate',
  '',
  '',
].join('\r\n');

/** A raw connection and what it received. */
async function open(
  port: number,
  text: string,
  isTls = false,
): Promise<{ socket: Socket; heard: () => Buffer }> {
  const socket = isTls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  await once(socket, isTls ? 'secureConnect' : 'connect');
  socket.write(text);
  return { socket, heard: () => Buffer.concat(chunks) };
}

/** A frame of a client, masked with zeros, of at most 125 octets. */
function frame(first: number, octets: Uint8Array | string, size?: readonly number[]): Buffer {
  const payload = Buffer.from(octets);
  return Buffer.concat([
    Buffer.from([first, ...(size ?? [0x80 | payload.length]), 0, 0, 0, 0]),
    payload,
  ]);
}

test('a WebSocket client is answered and recorded as TCP, text and binary', async () => {
  // Not every product answers keep-alives.
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0', '--persona=freeswitch']);
  const client = new WebSocket(`ws://127.0.0.1:${daemon.ports.tcp}/`, 'sip');
  client.binaryType = 'arraybuffer';
  await once(client, 'open');
  assert.equal(client.protocol, 'sip');
  assert.equal(client.extensions, '');
  for (const data of [sipRequest(), new TextEncoder().encode(sipRequest()), '\r\n\r\n']) {
    const heard = once(client, 'message');
    client.send(data);
    const [{ data: answer }] = await heard;
    const isText = typeof data === 'string';
    assert.equal(typeof answer === 'string', isText);
    const text = isText ? answer : new TextDecoder().decode(answer);
    assert.match(text, data === '\r\n\r\n' ? /^\r\n$/ : /^SIP\/2\.0 \d{3} /);
  }
  client.close();
  await once(client, 'close');
  await daemon.recorded(3);
  assert.deepEqual(
    daemon.rows(`SELECT transport_type, method, grade, json_extract(details, '$.webSocket') AS ws
      FROM honey ORDER BY honey_id`),
    [
      { transport_type: 'TCP', method: 'NOT_FOUND', grade: 'handshake', ws: null },
      { transport_type: 'TCP', method: 'OPTIONS', grade: 'handshake', ws: 1 },
      { transport_type: 'TCP', method: 'OPTIONS', grade: 'handshake', ws: 1 },
    ],
  );
});

/** What Node's WebSocket client receives in answer, in a process that accepts any certificate. */
const WSS_CLIENT = `
  const [url, request] = process.argv.slice(1);
  const client = new WebSocket(url, 'sip');
  client.onopen = () => client.send(request);
  client.onmessage = ({ data }) => { console.log(client.protocol + ' ' + data); client.close(); };
  client.onerror = ({ message }) => console.log('failed: ' + message);`;

test('a WebSocket client over TLS is answered and recorded as TLS', async () => {
  await using daemon = await DaemonProcess.start([
    '-r',
    '--fold-window=0',
    '--tls-listen-address=127.0.0.1:0',
  ]);
  const url = `wss://127.0.0.1:${daemon.ports.tls}/ws`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '-e', WSS_CLIENT, url, sipRequest()],
    { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
  );
  assert.match(stdout, /^sip SIP\/2\.0 \d{3} /);
  await daemon.recorded(2);
  assert.deepEqual(
    daemon.rows(`SELECT transport_type, method, grade, json_extract(details, '$.webSocket') AS ws
      FROM honey ORDER BY honey_id DESC LIMIT 1`),
    [{ transport_type: 'TLS', method: 'OPTIONS', grade: 'handshake', ws: 1 }],
  );
});

test('passive mode records the request to upgrade and says nothing', async () => {
  await using daemon = await DaemonProcess.start([]);
  const { socket, heard } = await open(daemon.ports.tcp, HEAD);
  await once(socket, 'close');
  assert.equal(heard().length, 0);
  await daemon.recorded(1);
  assert.match(String(daemon.rows('SELECT anomalies FROM honey')[0]?.['anomalies']), /http/);
});

test('what a web page may have had its visitor send proves nothing', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0']);
  const own = `127.0.0.1:${daemon.ports.tcp}`;
  for (const [host, origin] of [
    ['pbx.example', undefined],
    [own, `http://${own}`],
    ['pbx.example', 'https://evil.example'],
    [own, 'https://evil.example'],
    [own, 'null'],
    // The name of a page's server may lead to us as well.
    ['evil.example:8080', 'http://evil.example:8080'],
  ] as const) {
    const head = HEAD.replace('Host: pbx.example', `Host: ${host}`);
    const text =
      origin === undefined ? head : head.replace('\r\n\r\n', `\r\nOrigin: ${origin}\r\n\r\n`);
    const { socket, heard } = await open(daemon.ports.tcp, text);
    const request = sipRequest().match(/[^]{1,120}/g) ?? [];
    for (const [at, part] of request.entries()) {
      const isLast = at === request.length - 1;
      socket.write(frame((isLast ? 0x80 : 0) | (at === 0 ? 1 : 0), part));
    }
    await until('an answer', () => /SIP\/2\.0 \d{3} /.test(heard().toString()));
    socket.destroy();
  }
  await daemon.recorded(12);
  assert.deepEqual(
    daemon
      .rows("SELECT grade FROM honey WHERE method = 'OPTIONS' ORDER BY honey_id")
      .map(({ grade }) => grade),
    ['handshake', 'handshake', 'seen', 'seen', 'seen', 'seen'],
  );
});

test('an upgrade to anything but SIP is recorded as the HTTP that it is', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0']);
  for (const text of [
    HEAD.replace(': sip', ': chat'),
    HEAD.replace(': 13', ': 8'),
    'GET / HTTP/1.0\r\n\r\n',
  ]) {
    const { socket, heard } = await open(daemon.ports.tcp, text);
    await once(socket, 'close');
    assert.equal(heard().length, 0);
  }
  await daemon.recorded(3);
});

test('fragments, pings and what comes with the upgrade in one piece are read', async () => {
  await using daemon = await DaemonProcess.start(['-r']);
  const request = sipRequest();
  const { socket, heard } = await open(daemon.ports.tcp, '');
  const parts = [request.slice(0, 100), request.slice(100, 200), request.slice(200)];
  socket.write(
    Buffer.concat([
      Buffer.from(HEAD),
      frame(0x01, parts[0] ?? ''),
      frame(0x89, 'are you there'),
      frame(0x00, parts[1] ?? ''),
      ...((parts[2] ?? '').match(/[^]{1,120}/g)?.map((part) => frame(0x00, part)) ?? []),
      frame(0x80, ''),
      frame(0x88, Buffer.from([0x03, 0xe8])),
    ]),
  );
  await once(socket, 'close');
  const text = heard().toString('latin1');
  assert.match(
    text,
    /^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s,
  );
  assert.ok(text.includes('\x8a\x0dare you there'));
  assert.match(text, /SIP\/2\.0 \d{3} /);
  assert.ok(text.endsWith('\x88\x02\x03\xe8'));
});

/** What a caller says; its body never comes. */
const INVITE = 'INVITE sip:00441234567090@127.0.0.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n';
const READ = { method: 'INVITE', called_number: '00441234567090' };

const ATTACKS: Readonly<Record<string, Buffer>> = {
  'a frame that says it has 2 GiB': frame(0x82, INVITE, [0xff, 0, 0, 0, 0, 0x80, 0, 0, 0]),
  'a frame of 128 KiB': frame(0x82, INVITE, [0xff, 0, 0, 0, 0, 0, 2, 0, 0]),
  'a compressed frame': frame(0xc2, INVITE),
  'a frame without mask': Buffer.concat([Buffer.from([0x81, INVITE.length]), Buffer.from(INVITE)]),
  'an unknown kind of frame': frame(0x83, INVITE),
  'a continuation of nothing': frame(0x80, INVITE),
  'no frame of any kind': Buffer.from(INVITE),
};

test('attacks on the frames are recorded with what they said, and end only their own connection', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0']);
  for (const [count, [name, octets]] of Object.entries(ATTACKS).entries()) {
    const { socket, heard } = await open(daemon.ports.tcp, HEAD);
    await until('the upgrade', () => heard().length > 0);
    // Nobody waits for what is announced and not sent.
    if (name.startsWith('a frame ') && name.endsWith('iB')) socket.end(octets);
    else socket.write(octets);
    await once(socket, 'close');
    assert.doesNotMatch(heard().toString('latin1'), /SIP\/2\.0/, name);
    assert.match(heard().toString('hex'), /880203e[8a]$/, name);
    await daemon.recorded(2 * count + 2);
    const [row] = daemon.rows(
      'SELECT method, called_number, anomalies FROM honey ORDER BY honey_id DESC LIMIT 1',
    );
    const { anomalies, ...read } = row ?? {};
    assert.deepEqual(read, READ, name);
    assert.match(String(anomalies), /web_socket_frame/, name);
  }
});

/** Ends of a message that is not whole. */
const CUT: Readonly<Record<string, Buffer>> = {
  'within a frame': frame(0x81, INVITE, [0xfe, 4, 0]),
  'within the second frame of a segment': Buffer.concat([
    frame(0x81, '\r\n\r\n'),
    frame(0x81, INVITE, [0xfe, 4, 0]),
  ]),
  'before the last fragment': Buffer.concat([
    frame(0x01, INVITE.slice(0, 40)),
    frame(0x89, 'still there'),
    frame(0x00, INVITE.slice(40)),
    frame(0x89, 'still there'),
  ]),
  'before its last fragments, of which there are many': Buffer.concat([
    frame(0x01, ''),
    ...Array.from(INVITE, (letter) => frame(0x00, letter)),
  ]),
  'in the head of its last fragment': Buffer.concat([
    frame(0x01, INVITE),
    frame(0x80, '').subarray(0, 3),
  ]),
};

for (const [name, isTls, end] of [
  ['ends', false, (socket: Socket) => socket.end()],
  ['is reset', false, (socket: Socket) => socket.resetAndDestroy()],
  ['ends under TLS', true, (socket: Socket) => socket.end()],
  // Without the end that TLS has of its own (RFC 8446 §6.1).
  ['is dropped under TLS', true, (socket: Socket) => socket.destroy()],
  ['is closed by a frame', false, (socket: Socket) => socket.end(frame(0x88, ''))],
] as const) {
  test(`a message in a WebSocket that ${name} is recorded with what it said`, async () => {
    await using daemon = await DaemonProcess.start([
      '-r',
      '--fold-window=0',
      ...(isTls ? ['-z', '127.0.0.1:0'] : []),
    ]);
    const port = isTls ? daemon.ports.tls : daemon.ports.tcp;
    // The rest of a head would be taken out of the frame that closes.
    const places = Object.entries(CUT).filter(
      ([place]) => name !== 'is closed by a frame' || !place.startsWith('in the head'),
    );
    for (const [count, [place, octets]] of places.entries()) {
      const { socket, heard } = await open(port, HEAD, isTls);
      await until('the upgrade', () => heard().length > 0);
      await new Promise((resolve) => socket.write(octets, resolve));
      // A reset discards what the daemon has not read.
      if (name === 'is reset' || name.startsWith('is dropped'))
        await until('all to be read', () => isRead(socket, port));
      end(socket);
      await daemon.recorded(2 * count + 2);
      const [row] = daemon.rows(
        'SELECT method, called_number, grade, anomalies FROM honey ORDER BY honey_id DESC LIMIT 1',
      );
      const { anomalies, ...read } = row ?? {};
      assert.deepEqual(read, { ...READ, grade: 'handshake' }, place);
      assert.match(String(anomalies), /^web_socket_unfinished(,missing|$)/, place);
      socket.destroy();
    }
  });
}

test('several messages in one WebSocket message are each recorded and answered', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0']);
  const client = new WebSocket(`ws://127.0.0.1:${daemon.ports.tcp}/`, 'sip');
  await once(client, 'open');
  let answers = '';
  client.addEventListener('message', ({ data }) => (answers += String(data)));
  const numbers = ['00441234567094', '00441234567095'];
  client.send(numbers.map((user) => sipRequest({ method: 'INVITE', user })).join(''));
  for (const number of numbers)
    await until('an answer', () => new RegExp(`^To: .*${number}`, 'm').test(answers));
  client.close();
  await daemon.recorded(3);
  assert.deepEqual(
    daemon.rows("SELECT called_number, anomalies FROM honey WHERE method = 'INVITE'"),
    numbers.map((called_number) => ({ called_number, anomalies: 'web_socket_messages' })),
  );
});

test('an upgrade that breaks off leaves a row', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--fold-window=0']);
  const { socket } = await open(daemon.ports.tcp, HEAD.slice(0, 60));
  socket.end();
  await daemon.recorded(1);
  assert.match(String(daemon.rows('SELECT anomalies FROM honey')[0]?.['anomalies']), /http/);
});
