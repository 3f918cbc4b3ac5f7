// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { DaemonProcess, DEADLINE_MS, TemporaryFolder } from './daemon-process.ts';
import { assertAnswers, sipRequest, StreamPeer } from './sip-peers.ts';

const FLAGS = ['-r', '-z', '127.0.0.1:0'];

async function askOverTls(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { fingerprint256 } = socket.getPeerX509Certificate() ?? { fingerprint256: '' };
  using peer = new StreamPeer(socket);
  await peer.send(sipRequest({ user: '00447', callId: 'over-tls' }));
  await peer.heard('Call-ID: over-tls');
  return fingerprint256;
}

test('TLS makes a certificate at the first start and keeps it at the second', async () => {
  using folder = new TemporaryFolder();
  const options = { folder: folder.path };
  const file = (name: string): string => readFileSync(join(folder.path, name), 'latin1');
  let first: readonly string[];
  {
    await using daemon = await DaemonProcess.start(FLAGS, options);
    first = [await askOverTls(daemon.ports.tls), file('cert.pem'), file('key.pem')];
    await daemon.recorded(1);
    assert.deepEqual(daemon.rows('SELECT transport_type, grade, called_number FROM honey'), [
      { transport_type: 'TLS', grade: 'handshake', called_number: '00447' },
    ]);
    await daemon.stop();
  }
  assert.equal(statSync(join(folder.path, 'key.pem')).mode & 0o777, 0o600);
  await using daemon = await DaemonProcess.start(FLAGS, options);
  assert.deepEqual([await askOverTls(daemon.ports.tls), file('cert.pem'), file('key.pem')], first);
});

test('what is not TLS on the TLS port is recorded, and TLS goes on', async () => {
  await using daemon = await DaemonProcess.start(FLAGS);
  using rubbish = await StreamPeer.open(daemon.ports.tls, '127.5.0.1');
  await rubbish.send('GET / HTTP/1.0\r\n\r\n');
  using plain = await StreamPeer.open(daemon.ports.tls, '127.5.0.2');
  await plain.send(sipRequest({ user: '00448' }));
  await daemon.recorded(2);
  const rows = daemon.rows(
    'SELECT source_ip, transport_type, sip_message FROM honey ORDER BY source_ip',
  );
  assert.deepEqual(
    rows.map((row) => [row['source_ip'], row['transport_type']]),
    [
      ['127.5.0.1', 'TLS'],
      ['127.5.0.2', 'TLS'],
    ],
  );
  assert.match(String(rows[0]?.['sip_message']), /^GET \/ HTTP\/1\.0/);
  assert.match(String(rows[1]?.['sip_message']), /^OPTIONS sip:00448@/);
  await askOverTls(daemon.ports.tls);
  await assertAnswers(daemon);
});
