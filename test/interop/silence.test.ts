// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* With its defaults nothing leaves: every address that the daemon sends to or connects to, as passed to the kernel. */

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, PROGRAM, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { launch, Tab } from './dashboard-tab.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

/** An address that looks public, with a route to all others: nothing keeps the daemon from contacting them. */
const PUBLIC = '45.10.0.1';
const PLACE = `ip link set lo up
ip link add d0 type veth peer name d1; ip link set d1 up; ip addr add ${PUBLIC}/24 dev d0; ip link set d0 up
ip route add default via 45.10.0.254
`;
/** The attacker's source port, so that the answers to it are known. */
const ATTACKER_PORT = 5071;
const SIP_PORT = 5060;

/** Calls a number abroad, and ends when it was answered. */
const ATTACK = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => process.exit(0));
socket.bind(${ATTACKER_PORT}, '${PUBLIC}', () => socket.send([
  'INVITE sip:900442079460000@${PUBLIC} SIP/2.0',
  'Via: SIP/2.0/UDP ${PUBLIC}:${ATTACKER_PORT};rport;branch=z9hG4bK1',
  'From: <sip:100@elsewhere.example>;tag=1', 'To: <sip:900442079460000@elsewhere.example>',
  'Call-ID: 1@elsewhere.example', 'CSeq: 1 INVITE', 'Contact: <sip:100@elsewhere.example>',
  'User-Agent: friendly-scanner', 'Subject: ' + 'x'.repeat(400), 'Content-Length: 0', '', ''].join('\\r\\n'),
  ${SIP_PORT}, '${PUBLIC}'));
`;

const SENDING = ['connect', 'sendto', 'sendmsg', 'sendmmsg'];

/** A socket address as printed by strace, IPv4 or IPv6. */
const ADDRESS =
  /htons\((?<port>\d+)\)[^}]*?(?:inet_addr\("(?<ipv4>[\d.]+)"\)|inet_pton\(AF_INET6, "(?<ipv6>[^"]+)")/gu;

/** Each internet address that one of the calls names, once, as \`connect 192.0.2.1 53\`. */
function destinations(trace: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of trace.split('\n')) {
    const call = SENDING.find((name) =>
      new RegExp(`^\\d+ +(<\\.\\.\\. )?${name}\\b`, 'u').test(line),
    );
    if (call === undefined) continue;
    for (const { groups } of line.matchAll(ADDRESS)) {
      found.add(`${call} ${groups?.['ipv4'] ?? groups?.['ipv6']} ${groups?.['port']}`);
    }
  }
  return found;
}

test('with its defaults the daemon connects to nobody, nor does its page, and answers only whoever asked', async (t) => {
  const strace = peer('strace', t);
  const unshare = peer('unshare', t);
  const nsenter = peer('nsenter', t);
  const chromium = peer('chromium', t);
  if (!strace || !unshare || !nsenter || !chromium || peer('ip', t) === undefined) return;
  using own = new TemporaryFolder();
  const trace = join(own.path, 'trace');
  const traced = `exec ${strace} -D -f --seccomp-bpf -s 0 -e trace=${SENDING.join(',')} -o ${trace}`;
  // Like `npm start`, with no other flag.
  const program = `${PLACE}${traced} ${process.execPath} ${PROGRAM} --responsive --api`;
  const daemon = await DaemonProcess.start([], {
    folder: own.path,
    under: [unshare, '-rn', 'sh', '-ec', program, 'sh'],
  });
  await using ending = new AsyncDisposableStack();
  ending.defer(() => daemon[Symbol.asyncDispose]());
  const inside = [nsenter, '-U', '-n', '--preserve-credentials', '-t', String(daemon.pid)];
  const attack = await runTool(nsenter, [...inside.slice(1), process.execPath, '-e', ATTACK], {
    folder: own.path,
  });
  assert.equal(attack.status, 0, attack.output);
  const browserInside = join(own.path, 'browser');
  writeFileSync(browserInside, `#!/bin/sh\nexec ${inside.join(' ')} ${chromium} "$@"\n`);
  chmodSync(browserInside, 0o755);
  const browser = await launch(browserInside);
  ending.defer(() => browser.close());
  {
    // Requests of the page to another server are a fault of the tab.
    await using tab = await Tab.open(browser, 'http://127.0.0.1:8082');
    await tab.show('/live', 'friendly-scanner');
    await tab.page.locator('.connection.live').waitFor();
    await tab.show(`/address/${PUBLIC}`, 'What it tried');
    await tab.show('/number/900442079460000', 'United Kingdom');
    await tab.show('/trends/day', 'Countries');
    await tab.show('/enforcement', 'Webhooks');
    await tab.show('/listings', 'Listed and watched');
  }
  await daemon.stop();
  const text = (): string => readFileSync(trace, 'latin1');
  const end = new RegExp(`^${daemon.pid} +\\+{3} exited`, 'mu'); // Process ids have five digits or more.
  await until('the end of the trace', () => end.test(text()));
  const sent = [...destinations(text())];
  const answers = new Set(
    ['sendto', 'sendmsg', 'sendmmsg'].map((call) => `${call} ${PUBLIC} ${ATTACKER_PORT}`),
  );
  assert.equal(sent.filter((one) => answers.has(one)).length, 1, sent.join('\n'));
  // A socket being closed is connected to itself, so that it takes nothing more (docs/architecture.md).
  const isOwn = (one: string): boolean =>
    answers.has(one) || /^connect (127\.0\.0\.1|::1|45\.10\.0\.1|fe80\S+) 506[01]$/u.test(one);
  assert.deepEqual(
    sent.filter((one) => !isOwn(one)),
    [],
  );
});
