// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  listCorpusMarkdown,
  readAllMessages,
  readCorpusText,
} from '../../packages/sip/test/corpus.ts';
import { parseMarkdownCases } from '../../packages/sip/test/corpus-markdown.ts';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

/** Everything in the corpus, and what honest clients send. */
const MESSAGES: readonly Uint8Array[] = [
  ...readAllMessages(),
  ...listCorpusMarkdown().flatMap((name) =>
    parseMarkdownCases(readCorpusText(name)).map(({ octets }) => octets),
  ),
  ...['OPTIONS', 'REGISTER', 'INVITE'].map((method) => Buffer.from(sipRequest({ method }))),
  Buffer.from('\r\n\r\n'),
];

test('a daemon without -r sends not one octet for anything of the corpus over UDP', async () => {
  await using daemon = await DaemonProcess.start(['--fold-window', '0']);
  using peer = await UdpPeer.open();
  for (const [index, message] of MESSAGES.entries()) {
    await peer.send(message, daemon.ports.udp);
    if (index % 20 === 0) await daemon.recorded(index); // No more than a small buffer holds.
  }
  await daemon.recorded(MESSAGES.length);
  assert.equal(daemon.accounted(), MESSAGES.length);
  assert.deepEqual(peer.received, []);
  await daemon.stop();
  assert.deepEqual(peer.received, []);
});

test('a daemon without -r sends not one octet for anything of the corpus over TCP', async () => {
  await using daemon = await DaemonProcess.start([
    '--fold-window=0',
    '--max-connections-per-source=2000',
  ]);
  const peers = await Promise.all(MESSAGES.map(() => StreamPeer.open(daemon.ports.tcp)));
  for (const [index, message] of MESSAGES.entries()) {
    await peers[index]?.send(Buffer.from(message).toString('latin1'));
    peers[index]?.end();
  }
  await until('all connections to end', () => peers.every(({ ended }) => ended));
  assert.equal(peers.map(({ received }) => received).join(''), '');
  // A keep-alive is not a message; a connection that brought nothing else may be one. Committed a moment after its
  // connection has ended.
  await until('all to be recorded', () => daemon.accounted() >= MESSAGES.length - 1);
});
