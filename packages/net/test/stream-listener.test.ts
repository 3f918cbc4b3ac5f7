// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertPortFree, type StreamListener } from '@sentrypeer/net';
import { within } from './arrivals.ts';
import { CONNECTIONS, CERTIFICATE, listen, StreamPeer } from './stream-peer.ts';

for (const host of ['127.0.0.1', '::1'])
  for (const transport of ['TCP', 'TLS'] as const) {
    const secure = transport === 'TLS' ? { tls: CERTIFICATE } : {};
    const connect = (to: StreamListener): Promise<StreamPeer> =>
      transport === 'TLS' ? StreamPeer.tls(to) : StreamPeer.tcp(to);

    test(`StreamListener hears and answers ${transport} on ${host}`, async () => {
      await using heard = await listen({ host, ...secure });
      using peer = await connect(heard.listener);
      peer.socket.write('one\n');
      const { frame, text, connection } = await heard.frames.next();
      assert.equal(frame.kind, 'message');
      assert.equal(text, 'one');
      assert.equal(connection.transport, transport);
      assert.deepEqual(connection.source, { address: host, port: peer.socket.localPort });
      assert.deepEqual(connection.local, heard.listener.local);
      assert.equal(await peer.heard('\n'), 're:one\n');
    });

    test(`${transport} on ${host}: octets in pieces and messages in one piece are framed alike`, async () => {
      await using heard = await listen({ host, ...secure });
      using peer = await connect(heard.listener);
      for (const octet of 'one\n') peer.socket.write(octet);
      peer.socket.write('two\nPING\nthree\n');
      assert.equal(await peer.heard('three\n'), 're:one\nre:two\nPONG\nre:three\n');
    });

    test(`${transport} on ${host}: close() tells what was begun, ends all, and may be called twice`, async () => {
      const heard = await listen({ host, ...secure });
      using begun = await connect(heard.listener);
      using silent = await connect(heard.listener);
      silent.socket.write('PING\n');
      assert.equal((await heard.frames.next()).frame.kind, 'ping');
      begun.socket.write('one\nbeg');
      assert.equal((await heard.frames.next()).text, 'one');
      const { port } = heard.listener.local;
      await within(Promise.all([heard.listener.close(), heard.listener.close()]));
      assert.equal(heard.frames.count, 1, 'told before close() resolved');
      const rest = await heard.frames.next();
      assert.deepEqual(rest.frame.kind === 'message' && rest.frame.anomalies, ['cut']);
      assert.equal(rest.text, 'beg');
      assert.equal(heard.evidence.count, 1);
      assert.equal((await heard.evidence.next()).code, 'no_message');
      assert.equal(heard.listener.counts().openCount, 0);
      await Promise.all([begun.ended(), silent.ended()]);
      await heard.listener.close();
      await assertPortFree({ transport: 'TCP', address: host, port });
    });
  }

test('StreamListener closes by itself after a refused frame, and after one that cannot be read further', async () => {
  await using heard = await listen({});
  for (const line of ['BAD', 'LAST']) {
    using peer = await StreamPeer.tcp(heard.listener);
    peer.socket.write(`one\n${line}\nignored\n`);
    assert.equal(await peer.ended(), `re:one\nre:${line}\n`);
    assert.equal((await heard.frames.next()).text, 'one');
    assert.equal((await heard.frames.next()).text, line);
    peer.socket.end('ignored as well\n');
  }
  assert.equal(heard.frames.count, 0);
});

test('closeGraceMs destroys a connection whose peer does not end its side', async () => {
  await using heard = await listen({ limits: { closeGraceMs: 20 } });
  using peer = await StreamPeer.tcp(heard.listener); // Its own side stays open until it is told.
  peer.socket.write('LAST\n');
  assert.equal(await peer.ended(), 're:LAST\n');
  while (heard.listener.counts().openCount > 0) await within(new Promise(setImmediate));
});

test('closeSoon() ends the connection at once where that is said, after what was sent', async () => {
  await using heard = await listen({ limits: { closePauseMs: 60_000 } });
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write('one\n');
  const { connection } = await heard.frames.next();
  connection.send(Buffer.from('last\n'));
  connection.closeSoon(0);
  assert.equal(await peer.ended(), 're:one\nlast\n');
});

test('closeSoon() lets an answer out that comes late', async () => {
  await using heard = await listen({ limits: { closePauseMs: 100 } });
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write('BAD\n');
  const { connection } = await heard.frames.next();
  await peer.heard('\n');
  connection.send(Buffer.from('late\n'));
  assert.equal(await peer.ended(), 're:BAD\nlate\n');
});

test('StreamListener answers a peer that has ended its own side', async () => {
  for (const secure of [false, true]) {
    await using heard = await listen(secure ? { tls: CERTIFICATE } : {});
    using peer = await (secure ? StreamPeer.tls(heard.listener) : StreamPeer.tcp(heard.listener));
    peer.socket.end('one\ntw');
    assert.equal(await peer.ended(), 're:one\nre:tw\n');
    const first = await heard.frames.next();
    const { frame, text } = await heard.frames.next();
    assert.equal(text, 'tw', 'what was begun is told');
    assert.deepEqual(frame.kind === 'message' && frame.anomalies, ['cut']);
    assert.equal(
      first.connection.source.port,
      peer.socket.localPort ?? first.connection.source.port,
    );
  }
});

test('StreamListener sends what comes late to a peer that has ended its own side', async () => {
  for (const secure of [false, true]) {
    await using heard = await listen({
      limits: { closePauseMs: 100 },
      ...(secure ? { tls: CERTIFICATE } : {}),
    });
    using peer = await (secure ? StreamPeer.tls(heard.listener) : StreamPeer.tcp(heard.listener));
    peer.socket.allowHalfOpen = true;
    peer.socket.end('one\nbeg');
    await heard.frames.next();
    const { connection } = await heard.frames.next(); // The end has been seen.
    await peer.heard('re:beg\n');
    connection.send(Buffer.from('late\n'));
    assert.equal(await peer.ended(), 're:one\nre:beg\nlate\n');
  }
});

test('StreamListener survives a reset, tells what was begun, and writes to nobody', async () => {
  await using heard = await listen({});
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write('one\nbeg');
  const { connection } = await heard.frames.next();
  await peer.heard('\n');
  peer.socket.resetAndDestroy();
  assert.equal((await heard.frames.next()).text, 'beg');
  connection.send(Buffer.from('nobody hears'));
  connection.closeSoon();
  using next = await StreamPeer.tcp(heard.listener);
  next.socket.write('two\n');
  assert.equal(await next.heard('\n'), 're:two\n');
});

test('a connection that says nothing is evidence, whether it ends, is reset, or is waited for in vain', async () => {
  await using heard = await listen({ limits: { idleMsMax: 30 } });
  using ended = await StreamPeer.tcp(heard.listener);
  const { localPort } = ended.socket;
  ended.socket.end();
  const told = await heard.evidence.next();
  assert.deepEqual(told, {
    transport: 'TCP',
    source: { address: '127.0.0.1', port: localPort },
    local: heard.listener.local,
    code: 'no_message',
    text: '',
  });
  using reset = await StreamPeer.tcp(heard.listener);
  reset.socket.resetAndDestroy();
  assert.equal((await heard.evidence.next()).code, 'no_message');
  using silent = await StreamPeer.tcp(heard.listener);
  assert.equal(await silent.ended(), '');
  silent.socket.end();
  assert.equal((await heard.evidence.next()).code, 'no_message');
});

test('a connection with a message is not evidence by itself; one with nothing but pings is', async () => {
  await using heard = await listen({});
  using talker = await StreamPeer.tcp(heard.listener);
  talker.socket.end('one\n');
  await talker.ended();
  using pinger = await StreamPeer.tcp(heard.listener);
  const { localPort } = pinger.socket;
  pinger.socket.end('PING\n');
  assert.equal(await pinger.ended(), 'PONG\n');
  assert.equal((await heard.evidence.next()).source.port, localPort);
  assert.equal(heard.evidence.count, 0);
});

test('messageMsMax ends a started message, however often its sender adds an octet', async () => {
  await using heard = await listen({ limits: { messageMsMax: 60, idleMsMax: 5000 } });
  using peer = await StreamPeer.tcp(heard.listener);
  const drip = setInterval(() => peer.socket.write('x'), 10);
  const { frame, text } = await heard.frames.next();
  clearInterval(drip);
  assert.deepEqual(frame.kind === 'message' && frame.anomalies, ['cut']);
  assert.match(text, /^x+$/);
  await peer.ended();
});

test('idleMsMax begins anew with every message, and does not apply within one', async () => {
  await using heard = await listen({ limits: { messageMsMax: 5000, idleMsMax: 60 } });
  using waiting = await StreamPeer.tcp(heard.listener);
  using writing = await StreamPeer.tcp(heard.listener);
  writing.socket.write('beg');
  waiting.socket.write('one\n');
  assert.equal(await waiting.ended(), 're:one\n', 'silence behind a message ends it');
  writing.socket.write('in\n');
  assert.equal(await writing.heard('\n'), 're:begin\n', 'a started message has its own time');
});

test('connectionMsMax ends even a busy connection', async () => {
  await using heard = await listen({ limits: { connectionMsMax: 80 } });
  using peer = await StreamPeer.tcp(heard.listener);
  const talk = setInterval(() => peer.socket.write('one\n'), 10);
  await peer.ended();
  clearInterval(talk);
});

test('sendQueueOctetsMax destroys a connection whose peer does not read', async () => {
  await using heard = await listen({ limits: { sendQueueOctetsMax: 20_000 } });
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write('one\n');
  const { connection } = await heard.frames.next();
  await peer.heard('\n');
  peer.socket.pause();
  const answer = new Uint8Array(10_000);
  // The kernel's buffers on both sides fill first: some megabytes.
  for (
    let index = 0;
    index < 5000 && heard.listener.counts().sendOverflowsCount === 0;
    index += 1
  ) {
    connection.send(answer);
    await within(new Promise(setImmediate));
  }
  assert.equal(heard.listener.counts().sendOverflowsCount, 1);
  connection.send(answer);
  peer.socket.resume();
  await peer.ended();
  assert.equal(heard.listener.counts().sendOverflowsCount, 1);
});

test('connections over the limit for one source are closed at once and told; other sources are heard', async () => {
  await using heard = await listen({}, () => true, { ...CONNECTIONS, perSourceMax: 2 });
  using first = await StreamPeer.tcp(heard.listener, '127.0.0.2');
  using second = await StreamPeer.tcp(heard.listener, '127.0.0.2');
  using third = StreamPeer.tcpUnsure(heard.listener, '127.0.0.2');
  const told = await heard.evidence.next();
  assert.equal(told.code, 'connections_source');
  assert.equal(told.source.address, '127.0.0.2');
  await third.ended();
  using other = await StreamPeer.tcp(heard.listener, '127.0.0.3');
  other.socket.write('one\n');
  assert.equal(await other.heard('\n'), 're:one\n');
  for (const peer of [first, second]) peer.socket.write('two\n');
  await Promise.all([first.heard('\n'), second.heard('\n')]);

  first.socket.destroy();
  while (heard.listener.counts().openCount > 2) await within(new Promise(setImmediate));
  using fourth = await StreamPeer.tcp(heard.listener, '127.0.0.2');
  fourth.socket.write('three\n');
  assert.equal(await fourth.heard('\n'), 're:three\n', 'room again');
  const { acceptedCount, refusedSourceCount } = heard.listener.counts();
  assert.deepEqual([acceptedCount, refusedSourceCount], [4, 1]);
});

test('over the limit in all, the one silent for longest makes room for a newcomer, and is told', async () => {
  await using heard = await listen({}, () => true, { ...CONNECTIONS, max: 2 });
  using speaker = await StreamPeer.tcp(heard.listener, '127.0.0.2');
  using silent = await StreamPeer.tcp(heard.listener, '127.0.0.3');
  speaker.socket.write('one\n');
  assert.equal(await speaker.heard('\n'), 're:one\n');
  await heard.frames.next();
  using newcomer = await StreamPeer.tcp(heard.listener, '127.0.0.4');
  const told = await heard.evidence.next();
  assert.equal(told.code, 'connections_all');
  assert.equal(told.source.address, '127.0.0.3');
  await silent.ended();
  newcomer.socket.write('tw');
  while (heard.quota.waitingOctets < 2) await within(new Promise(setImmediate));
  speaker.socket.write('again\n');
  assert.equal((await heard.frames.next()).text, 'again');
  using last = await StreamPeer.tcp(heard.listener, '127.0.0.5');
  const cut = await heard.frames.next();
  assert.equal(cut.text, 'tw', 'what had come of a message is read');
  assert.equal(cut.connection.source.address, '127.0.0.4');
  last.socket.write('three\n');
  assert.equal(await last.heard('\n'), 're:three\n');
  while (heard.quota.count > 2) await within(new Promise(setImmediate));
  assert.equal(heard.evidence.count, 0, 'one that brought something is not told again');
});

test('a TLS handshake that is never finished makes room for a newcomer', async () => {
  await using heard = await listen({ tls: CERTIFICATE }, () => true, { ...CONNECTIONS, max: 1 });
  using halfOpen = await StreamPeer.tcp(heard.listener, '127.0.0.2');
  halfOpen.socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  using newcomer = await StreamPeer.tls(heard.listener, { localAddress: '127.0.0.3' });
  const told = await heard.evidence.next();
  assert.equal(told.source.address, '127.0.0.2');
  await halfOpen.ended();
  newcomer.socket.write('one\n');
  assert.equal(await newcomer.heard('\n'), 're:one\n');
});

test('StreamListener cuts off who may not connect, and tells nobody', async () => {
  await using heard = await listen({}, (address) => address === '127.0.0.3');
  using stranger = StreamPeer.tcpUnsure(heard.listener, '127.0.0.2');
  await stranger.ended();
  using peer = await StreamPeer.tcp(heard.listener, '127.0.0.3');
  peer.socket.write('one\n');
  assert.equal(await peer.heard('\n'), 're:one\n');
  const { acceptedCount, refusedStrangersCount } = heard.listener.counts();
  assert.deepEqual([acceptedCount, refusedStrangersCount], [1, 1]);
  assert.equal(heard.evidence.count, 0);
});

function handledCount(listener: StreamListener): number {
  const { acceptedCount, refusedSourceCount } = listener.counts();
  return acceptedCount + refusedSourceCount;
}

test('1,100 idle connections from many sources do no harm', async () => {
  await using heard = await listen({});
  const peers: StreamPeer[] = [];
  for (let index = 0; index < 1100; index += 1)
    peers.push(await StreamPeer.tcp(heard.listener, `127.0.3.${1 + (index % 20)}`));
  while (heard.listener.counts().openCount < 1100) await within(new Promise(setImmediate));
  assert.equal(heard.listener.counts().openCount, 1100);
  using next = await StreamPeer.tcp(heard.listener);
  next.socket.write('one\n');
  assert.equal(await next.heard('\n'), 're:one\n');
  const [first] = peers;
  assert.ok(first !== undefined);
  first.socket.write('two\n');
  assert.equal(await first.heard('\n'), 're:two\n');
  await within(heard.listener.close());
  assert.equal(heard.evidence.count, 1099, 'each of them is told');
  for (const peer of peers) peer[Symbol.dispose]();
});

test('1,100 idle connections from one source leave the listener to the others', async () => {
  await using heard = await listen({});
  const peers: StreamPeer[] = [];
  for (let index = 0; index < 1100; index += 1) {
    peers.push(StreamPeer.tcpUnsure(heard.listener, '127.0.0.2'));
    if (index % 100 < 99) continue;
    // The backlog is 1,024, so they are accepted in hundreds.
    while (handledCount(heard.listener) <= index) await within(new Promise(setImmediate));
  }
  const refusedCount = 1100 - CONNECTIONS.perSourceMax;
  using next = await StreamPeer.tcp(heard.listener, '127.0.0.3');
  next.socket.write('one\n');
  assert.equal(await next.heard('\n'), 're:one\n');
  assert.equal(heard.listener.counts().openCount, CONNECTIONS.perSourceMax + 1);
  assert.equal(heard.listener.counts().refusedSourceCount, refusedCount);
  for (const peer of peers) peer[Symbol.dispose]();
});

test('open() on 0.0.0.0 and on :: can both be had on one port, and tell the local address', async () => {
  await using ipv4 = await listen({ host: '0.0.0.0' });
  const { port } = ipv4.listener.local;
  await using ipv6 = await listen({ host: '::', port });
  using peer = await StreamPeer.tcp(ipv6.listener, '::1');
  peer.socket.write('one\n');
  const { connection } = await ipv6.frames.next();
  assert.deepEqual(connection.local, { address: '::1', port });
  using other = await StreamPeer.tcp(ipv4.listener, '127.0.0.2');
  other.socket.write('one\n');
  assert.equal((await ipv4.frames.next()).connection.source.address, '127.0.0.2');
});

test('open() shares a port only when told so', async () => {
  await using first = await listen({ reusePort: true });
  const { port } = first.listener.local;
  await using second = await listen({ port, reusePort: true });
  assert.equal(second.listener.local.port, port);
  await assert.rejects(listen({ port }), { name: 'OperatingError', code: 'port_taken' });
  await assert.rejects(listen({ host: '203.0.113.1' }), { code: 'address_unknown' });
});

test('begun messages on all connections together stay within their limit', async () => {
  await using heard = await listen({}, undefined, { ...CONNECTIONS, waitingOctetsMax: 100 });
  using first = await StreamPeer.tcp(heard.listener);
  using second = await StreamPeer.tcp(heard.listener);
  first.socket.write('a'.repeat(60));
  first.socket.write('\nPING\n' + 'a'.repeat(60)); // A reported message makes room.
  await first.heard('PONG\n');
  await heard.frames.next();
  await heard.frames.next();
  second.socket.write('b'.repeat(60));
  const { frame, text } = await heard.frames.next();
  assert.equal(frame.kind, 'message');
  assert.equal(text, 'b'.repeat(60));
  await second.ended();
  first.socket.write('c\n');
  assert.equal((await heard.frames.next()).text, `${'a'.repeat(60)}c`);
});
