// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The SIP agent in the running daemon: a caller is told what the judge decides, over every transport. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { errorCode } from '@sentrypeer/kernel';
import { COUNTS_LOCAL, DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

const BAD = '+449012345678';
const DESTINATION = ['--sip-agent-destination', 'sip:{number}@192.0.2.10:5060'];

function invite(user: string): string {
  const id = randomUUID();
  return sipRequest({ method: 'INVITE', user, callId: id, branch: `z9hG4bK${id}` });
}

/** Has attackers call the number until it is listed. */
async function listBad(daemon: DaemonProcess): Promise<void> {
  using caller = await StreamPeer.open(daemon.ports.tcp, '127.10.0.9');
  for (const user of ['900449012345678', '00449012345678', '+449012345678']) {
    await caller.send(invite(user));
  }
  await until('the number to be listed', async () => {
    const query = `number=${encodeURIComponent(BAD)}`;
    const response = await fetch(`http://127.0.0.1:${daemon.ports.api}/v1/check?${query}`);
    return ((await response.json()) as { readonly verdict: string }).verdict === 'listed';
  });
}

async function metric(daemon: DaemonProcess, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}/metrics`);
  const lines = (await response.text()).split('\n');
  return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
}

async function command(daemon: DaemonProcess, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await DaemonProcess.run(['-f', daemon.dbFile, ...words], {
    folder: daemon.folder,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the SIP agent refuses what is listed and sends the rest on, over UDP, TCP and TLS', async () => {
  const flags = [
    '-r',
    '--fold-window=0',
    COUNTS_LOCAL,
    '-z',
    '127.0.0.1:0',
    '--sip-agent=127.0.0.1:0',
  ];
  await using daemon = await DaemonProcess.start([...flags, ...DESTINATION]);
  const { agent } = daemon.ports;
  await listBad(daemon);

  using udp = await UdpPeer.open();
  await udp.send(invite(BAD), agent.udp);
  const refused = await udp.heard('SIP/2.0 404 ');
  assert.match(
    refused,
    /\r\nReason: Q\.850;cause=21;text="the number was called (once|\d times) at the honeypot/,
  );
  await udp.send(invite('0046701740605'), agent.udp);
  const redirected = await udp.heard('SIP/2.0 302 ');
  assert.match(redirected, /\r\nContact: <sip:0046701740605@192\.0\.2\.10:5060>\r\n/);

  const socket = connectTls({ port: agent.tls, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(20_000) });
  using tls = new StreamPeer(socket);
  using tcp = await StreamPeer.open(agent.tcp);
  for (const peer of [tcp, tls]) {
    await peer.send(`${invite('900449012345678')}\r\n\r\n${invite('100')}`);
    await peer.heard('SIP/2.0 404 Not Found');
    await peer.heard('Contact: <sip:100@192.0.2.10:5060>');
  }
  const honeypotEvents = daemon.number("SELECT count(*) FROM honey WHERE source_ip = '127.0.0.1'");
  assert.equal(honeypotEvents, 0, 'a PBX that asks is no attacker');
  await until('the counters', async () => {
    const refusedCount = 'sentrypeer_agent_decisions_total{kind="call",outcome="refused"}';
    return (await metric(daemon, refusedCount)) === 3;
  });
});

test('decisions of the SIP agent can be followed, and the word of the operator holds for it', async () => {
  const flags = ['--threads=1', '-r', '--fold-window=0', COUNTS_LOCAL, '--sip-agent=127.0.0.1:0'];
  await using daemon = await DaemonProcess.start(flags);
  await listBad(daemon);
  const key = (await command(daemon, 'keys', 'add', 'x', 'read')).split('\n')[0] ?? '';
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/sip-agent/decisions/stream`;
  const stream = await fetch(url, { headers: { 'x-api-key': key } });
  using peer = await UdpPeer.open();
  await peer.send(invite(BAD), daemon.ports.agent.udp);
  await peer.heard('SIP/2.0 603 Decline');
  await command(daemon, 'allow', 'add', BAD, 'our', 'office');
  await until('the allowance to hold', async () => {
    peer.received.length = 0;
    await peer.send(invite(BAD), daemon.ports.agent.udp);
    await until('an answer', () => peer.received.length === 1);
    return peer.received[0]?.startsWith('SIP/2.0 404 ') === true;
  });
  assert.match(peer.received[0] ?? '', /reason="it is on the allowlist \(our office\);/);
  let text = '';
  assert.ok(stream.body !== null);
  for await (const octets of stream.body.pipeThrough(new TextDecoderStream())) {
    text += octets;
    if (text.includes('"outcome":"passed"')) break;
  }
  const first = text.split('\n').find((line) => line.startsWith('data: ')) ?? '';
  const { outcome, e164, peer: asker } = JSON.parse(first.slice(6)) as Record<string, unknown>;
  assert.deepEqual([outcome, e164, asker], ['refused', BAD, '127.0.0.1']);
});

test('the SIP agent lets a watched call and calls for help through, and says so', async () => {
  const flags = ['--threads=1', '-r', '--sip-agent=127.0.0.1:0', '--home-country=US'];
  await using daemon = await DaemonProcess.start([...flags, ...DESTINATION]);
  using forger = await UdpPeer.open('127.10.0.9');
  await forger.send(invite('011449012345679'), daemon.ports.udp);
  await until('the number to be watched', async () => {
    const url = `http://127.0.0.1:${daemon.ports.api}/v1/check?number=+449012345679`;
    return ((await (await fetch(url)).json()) as { readonly level: string }).level === 'watch';
  });
  using peer = await UdpPeer.open();
  const { agent } = daemon.ports;
  await peer.send(invite('+449012345679'), agent.udp);
  assert.match(await peer.heard('SIP/2.0 302 '), /\r\nX-SentryPeer-Verdict: watch;score=/);
  const sos = invite('x').replace('INVITE sip:x@127.0.0.1', 'INVITE urn:service:sos');
  using helpless = await UdpPeer.open();
  await helpless.send(sos, agent.udp);
  const answer = await helpless.heard('SIP/2.0 302 ');
  assert.match(
    answer,
    /\r\nContact: <sip:911@192\.0\.2\.10:5060>\r\nX-SentryPeer-Verdict: not-listed;/,
  );
});

test('the SIP agent lets a listed address through only for help, or if nobody can read what it calls', async () => {
  const flags = ['--threads=1', '--sip-agent=127.0.0.1:0', '--home-country=SE'];
  await using daemon = await DaemonProcess.start([...flags, ...DESTINATION]);
  const { agent } = daemon.ports;
  await command(daemon, 'block', '11.22.33.44', '1d', 'a test');
  const by = 'Via: SIP/2.0/UDP 11.22.33.44:5060;branch=z9hG4bKbelow\r\nFrom:';
  const from = (uri: string): string =>
    invite('x').replace('sip:x@127.0.0.1 SIP', `${uri} SIP`).replace('From:', by);
  const answerTo = async (text: string): Promise<string> => {
    using peer = await UdpPeer.open();
    await peer.send(text, agent.udp);
    return await peer.heard('SIP/2.0 '); // Before the socket is closed.
  };
  await until('the block to hold', async () =>
    (await answerTo(from('sip:100@127.0.0.1'))).startsWith('SIP/2.0 404 '),
  );
  for (const [uri, status, verdict] of [
    ['sip:0046701740605@127.0.0.1', '404 ', 'listed'],
    ['sip:alice@127.0.0.1', '404 ', 'listed'],
    ['sip:112@127.0.0.1', '302 ', 'not-listed'],
    ['sip:112p1@127.0.0.1', '302 ', 'not-listed'],
    ['tel:112;1', '302 ', 'not-listed'],
    ['sip:127.0.0.1', '302 ', 'unread'],
    [`sip:${'4'.repeat(33)}@127.0.0.1`, '302 ', 'unread'],
    [`sip:${'a'.repeat(129)}@127.0.0.1`, '302 ', 'unread'],
    ['im:alice@127.0.0.1', '302 ', 'unread'],
  ] as const) {
    const text = from(uri).replace(/To: .*/, 'To: <sip:127.0.0.1>');
    const answer = await answerTo(text);
    assert.ok(answer.startsWith(`SIP/2.0 ${status}`), `${uri}: ${answer}`);
    assert.match(answer, new RegExp(`\r\nX-SentryPeer-Verdict: ${verdict}[;\r]`), uri);
  }
});

test('the SIP agent does not answer those who may not ask', async () => {
  const flags = ['--threads=1', '--sip-agent=127.0.0.1:0', '--sip-agent-peer=127.0.0.2'];
  await using daemon = await DaemonProcess.start([...flags, ...DESTINATION]);
  const { agent } = daemon.ports;
  using stranger = await UdpPeer.open('127.0.0.1');
  await stranger.send(invite('100'), agent.udp);
  // It is cut off so soon that connecting may already fail.
  using connection = await StreamPeer.open(agent.tcp, '127.0.0.1').catch((error) => {
    assert.equal(errorCode(error), 'ECONNRESET');
    return undefined;
  });
  await until('the connection to be cut', () => connection?.ended !== false);
  using peer = await UdpPeer.open('127.0.0.2');
  await peer.send(sipRequest(), agent.udp);
  await peer.heard('SIP/2.0 200 OK');
  assert.deepEqual(stranger.received, []);
  const told = daemon.stderr.split('\n').filter((line) => line.includes('agent_peer_not_allowed'));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /--sip-agent-peer 127\.0\.0\.1/);
  assert.equal(await metric(daemon, 'sentrypeer_agent_strangers_total'), 2);
  assert.equal(await metric(daemon, 'sentrypeer_agent_messages_total{what="keep-alive"}'), 1);
});
