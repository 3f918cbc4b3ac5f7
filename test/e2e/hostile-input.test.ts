// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Input that ended or misled SentryPeer 4.x: each is recorded, and the daemon lives. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { assertAnswers, sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

const RESPONSE = `SIP/2.0 100 Trying\r\n${sipRequest().split('\r\n').slice(1).join('\r\n')}`;
/** The largest datagram over IPv4: 65,535 octets minus 20 of IP and 8 of UDP. */
const DATAGRAM_OCTETS_MAX = 65_507;

let daemon: DaemonProcess;
before(async () => (daemon = await DaemonProcess.start(['-r'])));
after(() => daemon[Symbol.asyncDispose]());

/** Every test has a separate source address, and so separate rows. */
async function rowsOf(address: string, count: number): ReturnType<typeof readRows> {
  await until(`${count} messages of ${address}`, () => messagesCount(address) >= count);
  assert.equal(messagesCount(address), count);
  return readRows(address);
}

async function readRows(address: string): Promise<ReturnType<DaemonProcess['rows']>> {
  return daemon.rows(`SELECT * FROM honey WHERE source_ip = '${address}' ORDER BY honey_id`);
}

function messagesCount(address: string): number {
  return daemon.number(
    `SELECT coalesce(sum(seen_count), 0) FROM honey WHERE source_ip = '${address}'`,
  );
}

/** Sends, then asks something that is answered: anything that would come before that answer has arrived by then. */
async function answersTo(message: string | Uint8Array, address: string): Promise<number> {
  using peer = await UdpPeer.open(address);
  await peer.send(message, daemon.ports.udp);
  await peer.send(sipRequest({ callId: 'afterwards' }), daemon.ports.udp);
  await until('the later answer', () =>
    peer.received.some((text) => text.includes('Call-ID: afterwards')),
  );
  return peer.received.length - 1;
}

test('a SIP response over UDP is recorded and not answered', async () => {
  assert.equal(await answersTo(RESPONSE, '127.1.0.1'), 0);
  const [row] = await rowsOf('127.1.0.1', 2);
  assert.equal(row?.['message_kind'], 'response');
  assert.equal(row['sip_message'], RESPONSE);
});

test('a SIP response over TCP is recorded and not answered', async () => {
  using peer = await StreamPeer.open(daemon.ports.tcp, '127.1.0.2');
  await peer.send(RESPONSE);
  const [row] = await rowsOf('127.1.0.2', 1);
  assert.equal(row?.['message_kind'], 'response');
  assert.equal(row['transport_type'], 'TCP');
  assert.equal(peer.received, '');
  await assertAnswers(daemon);
});

test('a datagram of 0 octets is recorded and not answered', async () => {
  assert.equal(await answersTo(new Uint8Array(), '127.1.0.3'), 0);
  const [row] = await rowsOf('127.1.0.3', 2);
  assert.equal(row?.['sip_message'], '');
  assert.equal(row['called_number'], 'NOT_FOUND');
});

test('what is not SIP is recorded and not answered', async () => {
  assert.equal(await answersTo('hello\r\n', '127.1.0.4'), 0);
  const [row] = await rowsOf('127.1.0.4', 2);
  assert.equal(row?.['sip_message'], 'hello\r\n');
});

test('the shortest request line, which SentryPeer 4.x answers with 731 octets, is recorded and not answered', async () => {
  assert.equal(await answersTo('OPTIONS sip:a SIP/2.0\r\n\r\n', '127.1.0.5'), 0);
  const [row] = await rowsOf('127.1.0.5', 2);
  assert.equal(row?.['method'], 'OPTIONS');
});

test('a TCP message in two segments is one event and gets its answer', async () => {
  using peer = await StreamPeer.open(daemon.ports.tcp, '127.1.0.6');
  const message = sipRequest({ user: '0044123', callId: 'segments' });
  await peer.send(message.slice(0, 40));
  await assertAnswers(daemon); // Long enough for the first segment to be read alone.
  assert.equal(messagesCount('127.1.0.6'), 0);
  await peer.send(message.slice(40));
  await peer.heard('Call-ID: segments');
  const [row] = await rowsOf('127.1.0.6', 1);
  assert.equal(row?.['sip_message'], message);
  assert.equal(row['grade'], 'handshake');
});

test('three messages in one TCP segment are three events', async () => {
  using peer = await StreamPeer.open(daemon.ports.tcp, '127.1.0.7');
  const messages = ['201', '202', '203'].map((user) => sipRequest({ user, callId: user }));
  await peer.send(messages.join(''));
  const rows = await rowsOf('127.1.0.7', 3);
  assert.deepEqual(
    rows.map((row) => row['sip_message']),
    messages,
  );
  await peer.heard('Call-ID: 203');
});

test('a NUL inside a message hides nothing of it', async () => {
  using peer = await UdpPeer.open('127.1.0.8');
  const message = sipRequest({ user: '00441234', lines: ['Subject: a\0b'], body: 'x\0y' });
  await peer.send(message, daemon.ports.udp);
  const [row] = await rowsOf('127.1.0.8', 1);
  assert.equal(row?.['called_number'], '00441234');
  const stored = String(row['sip_message']);
  assert.equal(stored.replaceAll('\u2400', '\0'), message);
});

test('a datagram of 65,507 octets is kept whole', async () => {
  using peer = await UdpPeer.open('127.1.0.9');
  const frame = sipRequest({ user: '900', lines: ['Subject: '] });
  const message = sipRequest({
    user: '900',
    lines: [`Subject: ${'x'.repeat(DATAGRAM_OCTETS_MAX - frame.length)}`],
  });
  assert.equal(message.length, DATAGRAM_OCTETS_MAX);
  await peer.send(message, daemon.ports.udp);
  const [row] = await rowsOf('127.1.0.9', 1);
  assert.equal(row?.['sip_message'], message);
  assert.equal(row['called_number'], '900');
});

test('a message over 1,024 octets, where SentryPeer 4.x cuts, is kept whole', async () => {
  using peer = await UdpPeer.open('127.1.0.10');
  const message = sipRequest({ user: '901', body: 'v=0\r\n'.repeat(700) });
  await peer.send(message, daemon.ports.udp);
  const [row] = await rowsOf('127.1.0.10', 1);
  assert.equal(row?.['sip_message'], message);
});

test('octets that are not UTF-8 are recorded as they came', async () => {
  using peer = await UdpPeer.open('127.1.0.11');
  const message = sipRequest({ user: '902', userAgent: '\xff\xfe\x80' });
  await peer.send(message, daemon.ports.udp);
  const [row] = await rowsOf('127.1.0.11', 1);
  assert.equal(row?.['sip_message'], message);
});

test('after all of it the daemon answers and lost nothing', async () => {
  await assertAnswers(daemon);
  assert.equal(daemon.number(`SELECT value FROM counter WHERE name = 'dropped_messages'`), 0);
  assert.equal(daemon.stderr, '');
});
