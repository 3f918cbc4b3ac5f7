// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The ways in other than UDP and TCP over IPv4. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { test } from 'node:test';
import { DaemonProcess, DEADLINE_MS } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { peer } from './peer.ts';
import { findExtensions } from './sipvicious.ts';
import { MANY_REPLIES, runTool } from './tool.ts';

const RESPONSIVE = ['-r', '--fold-window', '0', ...MANY_REPLIES];

test('openssl s_client hears our answer over TLS, under a certificate made at first start', async (t) => {
  const openssl = peer('openssl', t);
  if (openssl === undefined) return;
  const args = [...RESPONSIVE, '--tls-listen-address', '127.0.0.1:0'];
  await using daemon = await DaemonProcess.start(args);
  const { folder, ports } = daemon;
  const run = await runTool(openssl, ['s_client', '-connect', `127.0.0.1:${ports.tls}`], {
    folder,
    input: sipRequest({ user: '442071234567', callId: 'over-tls' }),
    untilPrinted: 'Call-ID: over-tls',
  });
  assert.match(run.output, /self-signed certificate/);
  assert.match(run.output, /^SIP\/2\.0 \d{3} /m);
  await daemon.recorded(1);
  assert.deepEqual(
    daemon.rows(`SELECT method, transport_type, grade, source_ip, called_number,
      destination_port FROM honey`),
    [
      {
        method: 'OPTIONS',
        transport_type: 'TLS',
        grade: 'handshake',
        source_ip: '127.0.0.1',
        called_number: '442071234567',
        destination_port: ports.tls,
      },
    ],
  );
});

test('svwar finds extensions over IPv6, and the rows have the IPv6 address', async (t) => {
  const svwar = peer('svwar', t);
  if (svwar === undefined) return;
  await using daemon = await DaemonProcess.start([...RESPONSIVE, '--sip-address', '::1']);
  const options = { method: 'REGISTER', range: '100-159', target: '::1' } as const;
  const found = await findExtensions(svwar, daemon, options);
  assert.ok(found.length > 0 && found.length < 60, found.join());
  await daemon.stop();
  assert.deepEqual(
    daemon.rows(`SELECT method, transport_type, source_ip, destination_ip, grade, count(*) AS count
      FROM honey WHERE length(called_number) = 3 GROUP BY 1, 2, 3, 4, 5`),
    [
      {
        method: 'REGISTER',
        transport_type: 'UDP',
        source_ip: '::1',
        destination_ip: '::1',
        grade: 'seen',
        count: 60,
      },
    ],
  );
});

test('TCP over IPv6 is answered, and recorded with the IPv6 address', async () => {
  await using daemon = await DaemonProcess.start([...RESPONSIVE, '--sip-address', '::1']);
  const socket = createConnection({ port: daemon.ports.tcp, host: '::1' });
  await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
  using stream = new StreamPeer(socket);
  await stream.send(sipRequest({ lines: ['Supported: path'] }).replace('/UDP 192', '/TCP 192'));
  await stream.heard('\r\n\r\n');
  assert.match(stream.received, /^Via: SIP\/2\.0\/TCP 192\.0\.2\.7:5060;.*received=::1/m);
  await daemon.recorded(1);
  assert.deepEqual(
    daemon.rows('SELECT transport_type, source_ip, destination_ip, grade FROM honey'),
    [{ transport_type: 'TCP', source_ip: '::1', destination_ip: '::1', grade: 'handshake' }],
  );
});
