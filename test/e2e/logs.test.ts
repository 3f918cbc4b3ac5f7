// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What an operator reads outside the program: the JSON log, syslog, and the terminal. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

type LogLine = Readonly<Record<string, string>>;

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];

const eventsOf = (path: string): readonly LogLine[] =>
  linesOf(path).map((line) => JSON.parse(line) as LogLine);

test('the JSON log has the 13 members of SentryPeer 4.x, one object a line', async () => {
  await using daemon = await DaemonProcess.start(['-j']);
  using peer = await UdpPeer.open('127.8.0.1');
  const message = sipRequest({ user: '00441234', userAgent: 'a "b" \\ \xe9' });
  await peer.send(message, daemon.ports.udp);
  const path = join(daemon.folder, 'sentrypeer_json.log');
  await until('a line', () => linesOf(path).length === 1);
  const [row] = daemon.rows('SELECT * FROM honey');
  const [event] = eventsOf(path);
  const members = Object.entries(event ?? {}).slice(0, 13);
  assert.deepEqual(members.slice(0, 1), [['app_name', 'sentrypeer']]);
  assert.deepEqual(members.slice(2), [
    ['event_timestamp', row?.['event_timestamp']],
    ['event_uuid', row?.['event_uuid']],
    ['created_by_node_id', row?.['created_by_node_id']],
    ['collected_method', 'passive'],
    ['transport_type', 'UDP'],
    ['source_ip', '127.8.0.1'],
    ['destination_ip', '127.0.0.1'],
    ['called_number', '00441234'],
    ['sip_method', 'OPTIONS'],
    ['sip_user_agent', row?.['user_agent']],
    ['sip_message', message],
  ]);
  assert.match(String(row?.['event_timestamp']), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}$/);
  const ageMs = Date.now() - Date.parse(`${String(row?.['event_timestamp']).slice(0, 23)}Z`);
  assert.ok(ageMs >= 0 && ageMs < 60_000, 'the time is UTC');
});

test('the JSON log rotated by SIGHUP and over a restart has every event once', async () => {
  using folder = new TemporaryFolder();
  const options = { folder: folder.path };
  const path = join(folder.path, 'events.json');
  const old = (index: number): string => `${path}.${index}`;
  let sentCount = 0;
  using peer = await UdpPeer.open('127.8.0.2');
  const send = async (daemon: DaemonProcess): Promise<void> => {
    for (let count = 0; count < 200; count += 1) {
      await peer.send(sipRequest({ user: String(sentCount) }), daemon.ports.udp);
      sentCount += 1;
    }
  };
  {
    await using daemon = await DaemonProcess.start(['-l', path], options);
    for (let index = 1; index <= 3; index += 1) {
      await send(daemon);
      if (index === 2) await until('lines to be there', () => linesOf(path).length > 0);
      renameSync(path, old(index));
      daemon.signal('SIGHUP');
      await until('the new file', () => existsSync(path));
    }
    await send(daemon);
    await daemon.stop();
  }
  {
    await using daemon = await DaemonProcess.start(['-l', path], options);
    await send(daemon);
    await daemon.recorded(sentCount);
    await daemon.stop();
  }
  const numbers = [old(1), old(2), old(3), path]
    .flatMap((file) => eventsOf(file))
    .map((event) => Number(event['called_number']));
  assert.deepEqual(numbers, [...Array(sentCount).keys()]);
});

test('the JSON log goes on after kill -9 with no event missing', async () => {
  using folder = new TemporaryFolder();
  const options = { folder: folder.path };
  const path = join(folder.path, 'sentrypeer_json.log');
  using peer = await UdpPeer.open('127.8.0.3');
  const killed = await DaemonProcess.start(['-j'], options);
  for (let index = 0; index < 200; index += 1) {
    await peer.send(sipRequest({ user: String(index) }), killed.ports.udp);
  }
  await killed.recorded(200);
  await killed[Symbol.asyncDispose](); // kill -9
  await using daemon = await DaemonProcess.start(['-j'], options);
  await peer.send(sipRequest({ user: '200' }), daemon.ports.udp);
  await until('the newest line', () => eventsOf(path).at(-1)?.['called_number'] === '200');
  assert.deepEqual(
    eventsOf(path).map((event) => Number(event['called_number'])),
    [...Array(201).keys()],
  );
});

test('-dras combines, and syslog says what SentryPeer 4.x says', async () => {
  const syslog = createSocket('udp4').bind(0, '127.0.0.1');
  await once(syslog, 'listening');
  const lines: string[] = [];
  syslog.on('message', (octets) => lines.push(octets.toString()));
  using open = new DisposableStack();
  open.defer(() => syslog.close());
  await using daemon = await DaemonProcess.start([
    '-dras',
    `--syslog-target=udp://127.0.0.1:${syslog.address().port}`,
  ]);
  assert.match(daemon.stdout, /^ {2}SIP +responsive/m);
  assert.ok(daemon.ports.api > 0);
  using peer = await UdpPeer.open('127.8.0.4');
  await peer.send(sipRequest({ userAgent: 'sipsak 0.9.8.1\t\x07' }), daemon.ports.udp);
  await peer.heard('SIP/2.0 ');
  await until('the line', () => lines.length === 1);
  const [line = ''] = lines;
  assert.ok(line.startsWith('<13>'), line);
  const tag = `sentrypeer[${daemon.pid}]`;
  // In the traditional form the tag ends in a colon; in the newer one name and process are two fields.
  assert.ok(line.includes(tag) || line.includes(`sentrypeer ${daemon.pid} `), line);
  assert.match(line, /Source IP: 127\.8\.0\.4, Method: OPTIONS, Agent: sipsak 0\.9\.8\.1/);
  assert.ok(
    Array.from(line).every((character) => character >= ' '),
    JSON.stringify(line),
  );
  await until('the event on the terminal', () => daemon.stderr.includes('Bad Actor is:'));
});

test('-d prints start, event and stop as SentryPeer 4.x does', async () => {
  await using daemon = await DaemonProcess.start(['-dr']);
  using peer = await UdpPeer.open('127.8.0.5');
  const message = sipRequest({ user: '00441234', userAgent: 'evil\x1b[2J' });
  await peer.send(message, daemon.ports.udp);
  await until('the event', () =>
    daemon.stderr.includes('Destination IP address of UDP packet is:'),
  );
  await daemon.stop();
  const [row] = daemon.rows('SELECT * FROM honey');
  const nodeId = String(row?.['created_by_node_id']);
  const wanted = [
    `SentryPeer node id: ${nodeId}`,
    'Starting sentrypeer...',
    'API mode enabled, starting http daemon...',
    'SIP mode enabled...',
    'SIP responsive mode enabled. Will reply to SIP probes...',
    'Bad Actor is:',
    `Event Timestamp: ${String(row?.['event_timestamp'])}`,
    `Event UUID: ${String(row?.['event_uuid'])}`,
    'SIP Message: OPTIONS sip:00441234@127.0.0.1 SIP/2.0',
    'Source IP: 127.8.0.5',
    'Called Number: 00441234',
    'SIP Method: OPTIONS',
    'Transport Type: UDP',
    'User Agent: evil\\x1b[2J',
    'Collected Method: responsive',
    `Created by Node Id: ${nodeId}`,
    'Destination IP address of UDP packet is: 127.0.0.1',
    'Stopping sentrypeer...',
    'Stopped sentrypeer',
  ];
  const lines = daemon.stderr.split('\n');
  assert.deepEqual(
    lines.filter((line) => wanted.includes(line)),
    wanted,
    daemon.stderr,
  );
  assert.ok(!daemon.stderr.includes('\x1b'), 'no control character reaches the terminal');
});
