// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Listings in the running daemon: from the call to the verdict, the stream, and the operator's decision. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from './daemon-process.ts';
import { adminKey, deliver, post } from './delivered.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

interface Check {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly number: { readonly number: string } | null;
}

interface Change {
  readonly value: string;
  readonly change: string;
}

/** The least that can be configured before an ordinary number is refused. */
const ORDINARY = `${COUNTS_LOCAL},networks-home=1,days-home=1`;

async function ask<T>(daemon: DaemonProcess, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  return response.json() as Promise<T>;
}

async function command(daemon: DaemonProcess, ...words: string[]): Promise<string> {
  const flags = ['-f', daemon.dbFile, '--home-country', 'SE', ORDINARY];
  const { status, stdout, stderr } = await DaemonProcess.run([...flags, ...words], {
    folder: daemon.folder,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

async function changes(daemon: DaemonProcess, value: string): Promise<readonly string[]> {
  const { items } = await ask<{ items: Change[] }>(daemon, '/v1/listings/changes?limit=1000');
  return items.filter((item) => item.value === value).map(({ change }) => change);
}

async function changed(
  daemon: DaemonProcess,
  value: string,
  expected: readonly string[],
): Promise<void> {
  await until(`${value} to be ${expected.join(', ')}`, async () => {
    const found = await changes(daemon, value);
    return found.join() === expected.join();
  });
}

async function call(daemon: DaemonProcess, ...numbers: readonly string[]): Promise<void> {
  using caller = await StreamPeer.open(daemon.ports.tcp, '127.10.0.9');
  const before = daemon.accounted();
  for (const user of numbers) {
    const id = randomUUID();
    await caller.send(sipRequest({ method: 'INVITE', user, callId: id, branch: `z9hG4bK${id}` }));
  }
  await daemon.recorded(before + numbers.length);
}

test('a number that only unproved calls name is watched, an ACK and a REGISTER name none', async () => {
  await using daemon = await DaemonProcess.start([
    '--threads=1',
    '-r',
    '--fold-window=0',
    COUNTS_LOCAL,
  ]);
  using forger = await UdpPeer.open('127.10.0.9');
  for (const method of ['ACK', 'REGISTER', 'OPTIONS']) {
    await forger.send(sipRequest({ method, user: '0046701234567' }), daemon.ports.udp);
  }
  await daemon.recorded(3);
  await forger.send(sipRequest({ method: 'INVITE', user: '00449012345678' }), daemon.ports.udp);
  await daemon.recorded(4);
  const verdict = async (number: string): Promise<string> =>
    (await ask<Check>(daemon, `/v1/check?number=${number}`)).verdict;
  await until('it to be watched', async () => (await verdict('+449012345678')) === 'watch');
  assert.equal(await verdict('0046701234567'), 'unknown');
  assert.match(
    await command(daemon, 'explain', '+449012345678'),
    /^\+449012345678 \(GB, premium\) is watched, \d+ of 100\.\n[^]*no caller from the Internet proved its address/,
  );
  using caller = await StreamPeer.open(daemon.ports.tcp, '127.10.0.9');
  await caller.send(sipRequest({ method: 'INVITE', user: '900449012345678', callId: 'tcp' }));
  await until('it to be listed', async () => (await verdict('9011+449012345678')) === 'listed');
});

test('a number that was called is listed, explained, delisted, and allowed', async () => {
  const flags = ['--threads=2', '-r', '--fold-window=0', '--home-country=SE', ORDINARY];
  await using daemon = await DaemonProcess.start(flags);
  await call(daemon, '900442071234567', '0046701234567', '87840046701234567');
  await changed(daemon, '+46701234567', ['listed']);
  const check = await ask<Check>(daemon, '/v1/check?number=0701234567');
  assert.equal(check.verdict, 'listed');
  assert.equal(check.number?.number, '+46701234567');
  const legacy = await fetch(`http://127.0.0.1:${daemon.ports.api}/numbers/0701234567`);
  await legacy.text();
  assert.equal(legacy.status, 200, 'the routes of 4.x find it in any form');

  const explained = await command(daemon, 'explain', '0701234567');
  assert.match(explained, /^\+46701234567 \(SE, mobile\) is listed, \d+ of 100\.\nSince: {2}2/);
  assert.match(explained, /\nUntil: {2}2.*\nWhy: {4}the number was called 2 times/);
  assert.match(explained, /dialled in 2 forms\n[^]*By: {5}2 events/);
  await until(
    'everything to be judged',
    () => daemon.number("SELECT value <> 0 FROM counter WHERE name = 'judge_options'") === 1,
  );
  assert.doesNotMatch(await command(daemon, 'explain', '0701234567'), /Note:/);
  const otherwise = ['-f', daemon.dbFile, 'explain', '+46701234567'];
  const { stdout: alone } = await DaemonProcess.run(otherwise, { folder: daemon.folder });
  assert.match(alone, /Note: {3}the node judges by other options, and there it is listed: .*-g/);

  await command(daemon, 'delist', '0701234567', 'a', 'customer');
  await changed(daemon, '+46701234567', ['listed', 'unlisted']);
  const delisted = await ask<Check>(daemon, '/v1/check?number=%2B46701234567');
  assert.deepEqual(delisted.reasons, ['it was delisted (a customer) and nothing came since']);
  await call(daemon, '0046701234567');
  await changed(daemon, '+46701234567', ['listed', 'unlisted', 'listed']);
  const again = await ask<Check>(daemon, '/v1/check?number=%2B46701234567');
  assert.match(again.reasons.join(), /^the number was called once/, 'only what came since counts');

  assert.equal(await command(daemon, 'allow', 'list'), '');
  await command(daemon, 'allow', 'add', '+4670*', '7d', 'our', 'office');
  await changed(daemon, '+46701234567', ['listed', 'unlisted', 'listed', 'unlisted']);
  assert.match(await command(daemon, 'allow', 'list'), /^\+4670\* {2}2.*Z {2}our office\n$/);
  const allowed = await ask<Check>(daemon, '/v1/check?number=0701234567');
  assert.deepEqual(allowed.reasons, ['it is on the allowlist (our office)']);
  assert.match(await command(daemon, 'explain', '+46701234567'), /not listed/);
  await command(daemon, 'allow', 'remove', '+4670*');
  assert.equal((await ask<Check>(daemon, '/v1/check?number=0701234567')).verdict, 'listed');
});

test('an address is listed by what it proved, not by what only claims to be it, nor this machine', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1', '-r']);
  using caller = await StreamPeer.open(daemon.ports.tcp, '127.10.0.2');
  await caller.send(sipRequest({ method: 'INVITE', user: '900442071234567' }));
  await daemon.recorded(1);
  const key = await adminKey(daemon);
  await deliver(daemon, key, [
    { sourceIp: '45.1.2.3', transport: 'TCP' },
    { sourceIp: '45.1.2.4', transport: 'UDP' },
    { sourceIp: '10.1.2.3', transport: 'TCP' },
  ]);
  await changed(daemon, '45.1.2.3', ['listed']);
  const verdict = async (address: string): Promise<string> =>
    (await ask<Check>(daemon, `/v1/check?address=${address}`)).verdict;
  assert.equal(await verdict('45.1.2.3'), 'listed');
  assert.equal(await verdict('45.1.2.4'), 'unproved');
  assert.equal(await verdict('10.1.2.3'), 'unknown');
  assert.equal(await verdict('127.10.0.2'), 'unknown');
  for (const address of ['45.1.2.4', '10.1.2.3', '127.10.0.2']) {
    assert.deepEqual(await changes(daemon, address), []);
  }
  assert.equal(await post(daemon, '/v1/decisions', key, { allow: '45.1.2.0/24' }), 204);
  await changed(daemon, '45.1.2.3', ['listed', 'unlisted']);
  assert.equal(await verdict('45.1.2.3'), 'unknown');
  // In any spelling.
  assert.equal(await post(daemon, '/v1/decisions', key, { allow: '::ffff:45.1.2.3/128' }), 204);
  assert.equal(await post(daemon, '/v1/decisions', key, { disallow: '45.1.2.0/24' }), 204);
  assert.equal(await command(daemon, 'allow', 'list'), '45.1.2.3  always\n');
  await command(daemon, 'allow', 'remove', '45.1.2.3/32');
  await changed(daemon, '45.1.2.3', ['listed', 'unlisted', 'listed']);
});

test('the commands refuse what cannot be meant', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  for (const [words, status, stderr] of [
    [['allow', 'add', '192.0.2.1/24'], 1, /cannot be allowed/],
    [['allow', 'remove', '192.0.2.1'], 1, /not on the allowlist/],
    [['explain', 'office'], 1, /neither an address nor a number/],
    [['allow'], 2, /allow needs one more word/],
    [['delist'], 2, /write delist WHAT/],
    [['--home-country', 'ZZZ'], 2, /--home-country/],
    [['--policy', 'address-threshold=0'], 2, /--policy/],
  ] as const) {
    const run = await DaemonProcess.run(['-f', daemon.dbFile, ...words], { folder: daemon.folder });
    assert.equal(run.status, status, words.join(' '));
    assert.match(run.stderr, stderr);
  }
});
