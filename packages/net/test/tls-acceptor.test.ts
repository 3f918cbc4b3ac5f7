// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import type { Framer } from '@sentrypeer/net';
import { HANDSHAKE_OCTETS_KEPT_MAX } from '../src/limits.ts';
import { within } from './arrivals.ts';
import { CERTIFICATE, listen, StreamPeer } from './stream-peer.ts';

const NO_MESSAGES: Framer = {
  push: () => [],
  flush: () => [],
  midMessage: false,
  waitingOctets: 0,
};

const OLD: ConnectionOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1',
  ciphers: 'DEFAULT:@SECLEVEL=0',
};

test('plain text on the TLS port is read to its end, whatever its pieces, and not answered', async () => {
  await using heard = await listen({ tls: CERTIFICATE });
  using peer = await StreamPeer.tcp(heard.listener);
  const { localPort } = peer.socket;
  peer.socket.write('O');
  assert.equal(await peer.ended(), '', 'as a server of TLS would');
  peer.socket.write('PTIONS sip:100@192.0.2.1 SIP/2.0\nINV');
  const { text, connection } = await heard.frames.next();
  assert.equal(text, 'OPTIONS sip:100@192.0.2.1 SIP/2.0');
  assert.deepEqual(
    [connection.transport, connection.isPlainOnTls, connection.source.port],
    ['TLS', true, localPort],
  );
  peer.socket.end('ITE');
  assert.equal((await heard.frames.next()).text, 'INVITE');
  assert.equal(await peer.ended(), '');
  assert.equal(heard.evidence.count, 0);
  assert.equal(heard.listener.counts().handshakesFailedCount, 1);
});

test('handshakeMsMax ends a client without TLS, and tells what it said', async () => {
  const limits = { handshakeMsMax: 40, closeGraceMs: 20 };
  await using heard = await listen({ tls: CERTIFICATE, limits });
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write('INVITE');
  assert.equal((await heard.frames.next()).text, 'INVITE');
  while (heard.listener.counts().openCount > 0) await within(new Promise(setImmediate));
});

test('a client without TLS that sends no message is evidence', async () => {
  await using heard = await listen({ tls: CERTIFICATE }, undefined, undefined, () => NO_MESSAGES);
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.end('\r\n');
  const { code, transport } = await heard.evidence.next();
  assert.deepEqual([code, transport], ['tls_expected', 'TLS']);
});

test('a broken handshake is evidence with the first octets', async () => {
  await using heard = await listen({ tls: CERTIFICATE });
  const record = Buffer.concat([Buffer.from([0x16, 3, 1, 0x0f, 0xa0]), Buffer.alloc(4000, 'x')]);
  using garbled = await StreamPeer.tcp(heard.listener);
  garbled.socket.write(record);
  const told = await heard.evidence.next();
  assert.equal(told.code, 'tls_handshake_failed');
  assert.equal(told.text, record.toString('latin1', 0, HANDSHAKE_OCTETS_KEPT_MAX));

  using broken = await StreamPeer.tcp(heard.listener);
  broken.socket.end(record.subarray(0, 1));
  assert.equal((await heard.evidence.next()).text, '\x16');
  using reset = await StreamPeer.tcp(heard.listener);
  reset.socket.write(record.subarray(0, 3), () =>
    setImmediate(() => reset.socket.resetAndDestroy()),
  );
  assert.notEqual((await heard.evidence.next()).code, 'tls_expected');
  assert.equal(heard.listener.counts().handshakesFailedCount, 3);
});

test('handshakeMsMax ends a handshake that does not, and a connection that begins none', async () => {
  await using heard = await listen({ tls: CERTIFICATE, limits: { handshakeMsMax: 40 } });
  using silent = await StreamPeer.tcp(heard.listener);
  assert.equal((await heard.evidence.next()).code, 'no_message');
  assert.equal(await silent.ended(), '');
  using begun = await StreamPeer.tcp(heard.listener);
  begun.socket.write(Buffer.from([0x16, 3, 1, 1]));
  const told = await heard.evidence.next();
  assert.equal(told.code, 'tls_handshake_failed');
  assert.equal(told.text, '\x16\x03\x01\x01');
  await begun.ended();
  assert.equal(heard.listener.counts().openCount, 0);
});

test('close() ends a handshake under way, and tells it before it resolves', async () => {
  const heard = await listen({ tls: CERTIFICATE });
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write(Buffer.from([0x16, 3, 1, 1]));
  while (heard.listener.counts().openCount === 0) await within(new Promise(setImmediate));
  await within(heard.listener.close());
  assert.equal(heard.evidence.count, 1);
  assert.equal(heard.listener.counts().openCount, 0);
});

test('a handshake without a message after it is evidence', async () => {
  await using heard = await listen({ tls: CERTIFICATE });
  using peer = await StreamPeer.tls(heard.listener);
  peer.socket.end();
  const { code, transport } = await heard.evidence.next();
  assert.deepEqual([code, transport], ['no_message', 'TLS']);
  assert.equal(heard.listener.counts().handshakesFailedCount, 0);
});

test('TLS 1.2 and 1.3 are spoken, TLS 1.0 only as an option', async () => {
  await using modern = await listen({ tls: CERTIFICATE });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    using peer = await StreamPeer.tls(modern.listener, {
      minVersion: version,
      maxVersion: version,
    });
    peer.socket.write('one\n');
    assert.equal(await peer.heard('\n'), 're:one\n');
  }
  await assert.rejects(StreamPeer.tls(modern.listener, OLD));
  assert.equal((await modern.evidence.next()).code, 'tls_handshake_failed');

  await using lenient = await listen({ tls: { ...CERTIFICATE, oldVersions: true } });
  for (const options of [OLD, { minVersion: 'TLSv1.3' } as const]) {
    using peer = await StreamPeer.tls(lenient.listener, options);
    peer.socket.write('one\n');
    assert.equal(await peer.heard('\n'), 're:one\n');
  }
});

test('a ClientHello in single octets is answered; an end after it is evidence', async () => {
  await using heard = await listen({ tls: CERTIFICATE });
  // The hello of a client that talks to nobody.
  const hello: Buffer[] = [];
  const written = Promise.withResolvers<void>();
  const nobody = new Duplex({
    read: () => undefined,
    write: (octets: Buffer, _encoding, done) => {
      hello.push(octets);
      written.resolve();
      done();
    },
  });
  const client = connect({ socket: nobody, rejectUnauthorized: false });
  await within(written.promise);
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.setNoDelay(true);
  const answered = once(peer.socket, 'data');
  for (const octet of Buffer.concat(hello)) peer.socket.write(Buffer.of(octet));
  const [answer]: Buffer[] = await within(answered);
  assert.equal(answer?.[0], 0x16, 'a ServerHello');
  client.destroy();
  peer.socket.end();
  const told = await heard.evidence.next();
  assert.equal(told.code, 'tls_handshake_failed');
  assert.equal(told.text.charAt(0), '\x16');
});
