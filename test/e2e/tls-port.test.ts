// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The TLS port: it also takes SIP over UDP, and TLS clients can be identified. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('SIP over UDP to the port of TLS is answered and recorded with its destination', async () => {
  const port = await freePort();
  await using daemon = await DaemonProcess.start(['-r', '--threads=3', '-z', `127.0.0.1:${port}`]);
  assert.notEqual(daemon.ports.udp, port);
  using peer = await UdpPeer.open();
  await peer.send(sipRequest(), port);
  await peer.heard('SIP/2.0 ');
  assert.deepEqual(peer.senders, [`127.0.0.1:${port}`]);
  await daemon.recorded(1);
  assert.deepEqual(daemon.rows('SELECT transport_type, destination_port FROM honey'), [
    { transport_type: 'UDP', destination_port: port },
  ]);
});

test('a TLS client leaves its fingerprint and the server it asked for, with a message and without', async () => {
  await using daemon = await DaemonProcess.start(['-r', '-z', '127.0.0.1:0', '--fold-window=0']);
  for (const text of [sipRequest(), '']) {
    const socket = connect({
      port: daemon.ports.tls,
      host: '127.0.0.1',
      servername: 'pbx.example',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(text);
  }
  await daemon.recorded(2);
  const rows = daemon.rows(`SELECT method, grade, json_extract(details, '$.ja4') AS ja4,
    json_extract(details, '$.serverName') AS name FROM honey ORDER BY method`);
  assert.deepEqual(
    rows.map(({ method, grade, name }) => [method, grade, name]),
    [
      ['NOT_FOUND', 'handshake', 'pbx.example'],
      ['OPTIONS', 'handshake', 'pbx.example'],
    ],
  );
  assert.match(String(rows[0]?.['ja4']), /^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/);
  assert.equal(rows[1]?.['ja4'], rows[0]?.['ja4']);
});

test('SIP without TLS on the TLS port is recorded with what it said, and not answered', async () => {
  await using daemon = await DaemonProcess.start(['-r', '-z', '127.0.0.1:0', '--fold-window=0']);
  for (const [count, text] of [
    sipRequest({ method: 'INVITE', user: '00441234567091' }),
    'HELP\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\r\n',
  ].entries()) {
    const socket = createConnection(daemon.ports.tls, '127.0.0.1');
    let heard = '';
    socket.on('error', () => undefined).on('data', (octets) => (heard += octets.toString()));
    socket.write(text);
    await once(socket, 'close');
    assert.equal(heard, '');
    await daemon.recorded(count + 1);
  }
  assert.deepEqual(
    daemon
      .rows(
        'SELECT transport_type, method, called_number, anomalies, sip_message FROM honey ORDER BY honey_id',
      )
      .map(({ sip_message: text, ...row }) => [row, String(text).slice(0, 6)]),
    [
      [
        {
          transport_type: 'TLS',
          method: 'INVITE',
          called_number: '00441234567091',
          anomalies: 'tls_expected',
        },
        'INVITE',
      ],
      [
        {
          transport_type: 'TLS',
          method: 'NOT_FOUND',
          called_number: 'NOT_FOUND',
          anomalies: 'not_sip,tls_expected',
        },
        'HELP\r\n',
      ],
      [
        {
          transport_type: 'TLS',
          method: 'NOT_FOUND',
          called_number: 'NOT_FOUND',
          anomalies: 'http,tls_expected',
        },
        'GET / ',
      ],
      [
        {
          transport_type: 'TLS',
          method: 'NOT_FOUND',
          called_number: 'NOT_FOUND',
          anomalies: 'tls_expected',
        },
        '',
      ],
    ],
  );
});

test('SIP without TLS on the TLS port is read to its end, however it is cut', async () => {
  await using daemon = await DaemonProcess.start(['-r', '-z', '127.0.0.1:0', '--fold-window=0']);
  const socket = createConnection({
    port: daemon.ports.tls,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  socket.on('error', () => undefined).resume();
  const ended = once(socket, 'end');
  socket.write('INV');
  await ended; // As at a server that speaks only TLS.
  const first = sipRequest({ method: 'INVITE', user: '00441234567092' });
  const second = sipRequest({ method: 'INVITE', user: '00441234567093' });
  socket.write(`${first.slice(3)}${second.slice(0, 100)}`);
  await daemon.recorded(1);
  socket.end(second.slice(100, -2));
  await daemon.recorded(2);
  assert.deepEqual(
    daemon.rows('SELECT called_number, grade, anomalies FROM honey ORDER BY honey_id'),
    [
      { called_number: '00441234567092', grade: 'handshake', anomalies: 'tls_expected' },
      {
        called_number: '00441234567093',
        grade: 'handshake',
        anomalies: 'tls_expected,head_unfinished,headers_unterminated',
      },
    ],
  );
});

test('a port of UDP that is taken is an error at start', async () => {
  const port = await freePort();
  await using first = await DaemonProcess.start(['-z', `127.0.0.1:${port}`]);
  await until('the first to be up', () => first.ports.tls === port);
  const { status, stderr } = await DaemonProcess.run([
    '--api=off',
    '-N',
    '--sip-port',
    String(port),
  ]);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`${port}`));
});
