// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Over UDP anybody can forge any source: this must get nobody accused, and nobody flooded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, kernelDrops, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const DATAGRAMS_COUNT = 30_000;
const SOURCES_COUNT = 250;
/** Datagrams that may be in flight: what small receive buffers hold. */
const WINDOW_COUNT = 2000;
/** docs/architecture.md, Never a weapon: all replies to one datagram of an unproved source together. */
const AMPLIFICATION_MAX = 1.2;
const SDP = `v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n`;

/** What somebody writes who has never received an answer of ours but wants to look as if. */
function forgedMessage(index: number): string {
  const text = String(index);
  const user = `${100 + (index % 900)}${text}`;
  const fakeTo = `<sip:${user}@127.0.0.1>;tag=as${index.toString(16).padStart(8, '0')}`;
  const parts = { user, from: `1${text}`, callId: `c${text}`, fromTag: text, branch: `b${text}` };
  const nonce = (index * 7919).toString(16).padStart(16, '0');
  const digest =
    `Digest username="100",realm="asterisk",nonce="${nonce}",uri="sip:127.0.0.1",` +
    `response="${'0'.repeat(32)}",algorithm=MD5`;
  switch (index % 10) {
    case 0:
      return sipRequest({ ...parts, method: 'REGISTER' });
    case 1:
      return sipRequest({ ...parts, method: 'REGISTER', lines: [`Authorization: ${digest}`] });
    case 2:
      return sipRequest({ ...parts, method: 'INVITE' });
    case 3:
      return sipRequest({
        ...parts,
        method: 'INVITE',
        lines: [`Proxy-Authorization: ${digest}`, 'Content-Type: application/sdp'],
        body: SDP,
      });
    case 4:
      return sipRequest({ ...parts, method: 'ACK', to: fakeTo });
    case 5:
      return sipRequest({ ...parts, method: 'BYE', to: fakeTo });
    case 6:
      return sipRequest({ ...parts, method: 'CANCEL' });
    case 7:
      return sipRequest({ ...parts, method: 'INVITE', to: fakeTo, body: SDP });
    case 8:
      return `SIP/2.0 200 OK\r\n${sipRequest({ ...parts, to: fakeTo }).slice(40)}`;
    default:
      return sipRequest({ ...parts, to: fakeTo });
  }
}

test('30,000 forged datagrams prove nothing and are not amplified', async (t) => {
  await using daemon = await DaemonProcess.start([
    '-r',
    '--reply-rate=100000',
    '--reply-burst=100000',
    '--reply-bandwidth=0',
  ]);
  const { udp } = daemon.ports;
  using open = new DisposableStack();
  // Each in a separate network, because replies are also limited by network.
  const sources = await Promise.all(
    Array.from({ length: SOURCES_COUNT }, (_, index) => UdpPeer.open(`127.9.${index}.77`)),
  );
  for (const source of sources) open.use(source);
  // The totals are as exact as the rows, and fewer.
  const recorded = (): number =>
    daemon.number('SELECT coalesce(sum(seen_count), 0) FROM address_total') +
    daemon.number(`SELECT value FROM counter WHERE name = 'dropped_messages'`) +
    kernelDrops(udp);
  const startedAtMs = performance.now();
  for (let sent = 0; sent < DATAGRAMS_COUNT; sent += SOURCES_COUNT) {
    await until('the window', () => recorded() >= sent - WINDOW_COUNT);
    await Promise.all(
      sources.map((source, index) => source.send(forgedMessage(sent + index), udp)),
    );
  }
  await until('all to be recorded', () => recorded() >= DATAGRAMS_COUNT);
  const ms = performance.now() - startedAtMs;

  const dropped = kernelDrops(udp);
  const sum = (of: (source: UdpPeer) => number): number =>
    sources.reduce((total, source) => total + of(source), 0);
  const [inOctets, outOctets] = [
    sum(({ sentOctets }) => sentOctets),
    sum(({ receivedOctets }) => receivedOctets),
  ];
  t.diagnostic(
    `${ms.toFixed(0)} ms, ${inOctets} octets in, ${outOctets} octets out, ${dropped} not received`,
  );
  await daemon.recorded(DATAGRAMS_COUNT - dropped); // Counts of repeats reach their rows a little later.
  assert.equal(daemon.accounted(), DATAGRAMS_COUNT - dropped);
  assert.ok(dropped < DATAGRAMS_COUNT / 10, `${dropped} were never received`);
  assert.deepEqual(daemon.rows('SELECT DISTINCT grade FROM honey'), [{ grade: 'seen' }]);
  assert.deepEqual(daemon.rows('SELECT DISTINCT grade FROM address_total'), [{ grade: 0 }]);
  assert.ok(outOctets > 0, 'it did answer');
  assert.ok(outOctets <= AMPLIFICATION_MAX * inOctets, `${outOctets} for ${inOctets}`);
  for (const source of sources) {
    assert.ok(source.receivedOctets <= AMPLIFICATION_MAX * source.sentOctets);
  }
});
