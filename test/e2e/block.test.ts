// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the operator blocks, from the command to every list, the look-ups and the SIP agent, and its removal. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { DaemonProcess, until, type Ended } from './daemon-process.ts';
import { adminKey, post } from './delivered.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const NUMBER = '+46701234567';
const NETWORK = '45.13.0.0/16';

/** Lists and feeds that name addresses, and those that name numbers. */
const ADDRESS_LISTS = [
  '/v1/lists/ip-addresses.txt?max_age=1s&min_count=5&grade=handshake',
  '/v1/lists/ip-addresses.csv',
  '/v1/lists/ip-addresses.ipset',
  '/v1/lists/ip-addresses.nft',
  '/v1/lists/ip-addresses.rsc',
  '/ip-addresses/ipset',
  '/v1/listings',
  '/api/key/banned',
];
const NUMBER_LISTS = ['/v1/lists/numbers.txt', '/v1/lists/numbers.csv', '/v1/listings'];

type Run = Ended & { readonly stdout: string; readonly stderr: string };

async function run(daemon: DaemonProcess, ...words: readonly string[]): Promise<Run> {
  return DaemonProcess.run(['-f', daemon.dbFile, '--home-country', 'SE', ...words], {
    folder: daemon.folder,
  });
}

async function text(daemon: DaemonProcess, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`)).text();
}

async function check(daemon: DaemonProcess, question: string): Promise<string> {
  const { verdict, reasons } = JSON.parse(await text(daemon, `/v1/check?${question}`)) as {
    readonly verdict: string;
    readonly reasons: readonly string[];
  };
  return `${verdict}: ${reasons.join('; ')}`;
}

/** On each list, or on none, within the two seconds that verdicts.md promises, plus some for a busy machine. */
async function onLists(
  daemon: DaemonProcess,
  lists: readonly string[],
  value: string,
  isListed: boolean,
): Promise<void> {
  for (const path of lists) {
    await until(`${value} to be ${isListed ? 'on' : 'off'} ${path}`, async () => {
      return (await text(daemon, path)).includes(value) === isListed;
    });
  }
}

async function agentSays(daemon: DaemonProcess, user: string, answer: string): Promise<void> {
  using udp = await UdpPeer.open();
  const id = randomUUID();
  const request = sipRequest({ method: 'INVITE', user, callId: id, branch: `z9hG4bK${id}` });
  await udp.send(request, daemon.ports.agent.udp);
  await udp.heard(answer);
}

test('what the operator blocks is on every list and refused, until he takes it back or it ends', async () => {
  const flags = ['--threads=1', '--home-country=SE', '--sip-agent=127.0.0.1:0'];
  await using daemon = await DaemonProcess.start([
    ...flags,
    '--sip-agent-destination=sip:{number}@192.0.2.10:5060',
  ]);
  const key = await adminKey(daemon);
  assert.equal(
    await post(daemon, '/v1/decisions', key, { allow: '45.13.0.1', comment: 'us' }),
    204,
  );

  const blocked = await run(daemon, 'block', NETWORK, '30d', 'scans', 'from', 'there');
  assert.match(blocked.stdout, /^45\.13\.0\.0\/16 is blocked until 20\d\d-.*Z\.\n$/);
  assert.match(blocked.stderr, /has no effect on\n {2}45\.13\.0\.1: it is on the allowlist \(us\)/);
  assert.equal(
    await post(daemon, '/v1/decisions', key, { block: '0701234567', comment: 'fraud' }),
    204,
  );

  await onLists(daemon, ADDRESS_LISTS, '45.13.128.0/17', true);
  await onLists(daemon, NUMBER_LISTS, NUMBER, true);
  const list = (await text(daemon, '/v1/lists/ip-addresses.txt')).split('\n');
  assert.ok(
    list.includes('45.13.0.0') && !list.includes('45.13.0.1'),
    'what is allowed is on none',
  );
  assert.match(
    await check(daemon, 'address=45.13.7.7'),
    /^listed: blocked by the operator: scans from there$/,
  );
  assert.equal(
    await check(daemon, 'address=45.13.0.1'),
    'unknown: it is on the allowlist (us); so the block of 45.13.0.0/16 (scans from there) has no effect on it',
  );
  assert.equal(await check(daemon, `number=0701234567`), 'listed: blocked by the operator: fraud');
  const explained = await run(daemon, 'explain', NETWORK);
  assert.match(explained.stdout, /is listed, 100 of 100\.\n[^]*except 45\.13\.0\.1: it is on/);
  assert.match(explained.stdout, /\nUnlist: sentrypeer unblock 45\.13\.0\.0\/16 /);
  for (const path of [
    '/api/key/check/45.13.7.7',
    '/ip-addresses/45.13.7.7',
    '/api/ip-addresses/45.13.7.7',
    '/numbers/0701234567',
    '/api/phone-numbers/%2B46701234567',
  ]) {
    const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
    await response.text();
    assert.equal(response.status, 200, path);
  }
  assert.match(await text(daemon, '/v1/listings/changes'), /blocked by the operator: fraud/);
  assert.match(await text(daemon, '/v1/blocklist'), /"value": ?"45\.13\.0\.0\/16"/);
  await agentSays(daemon, '0701234567', 'SIP/2.0 404 ');

  assert.equal(await post(daemon, '/v1/decisions', key, { unblock: NETWORK }), 204);
  assert.equal(await post(daemon, '/v1/decisions', key, { unblock: NETWORK }), 404);
  assert.equal(
    (await run(daemon, 'unblock', NUMBER)).stdout,
    `${NUMBER} is not blocked any more.\n`,
  );
  await onLists(daemon, ADDRESS_LISTS, '45.13.', false);
  await onLists(daemon, NUMBER_LISTS, NUMBER, false);
  assert.equal(await check(daemon, 'address=45.13.7.7'), 'unknown: ');
  await agentSays(daemon, '0701234567', 'SIP/2.0 302 ');

  const decide = (body: object): Promise<number> => post(daemon, '/v1/decisions', key, body);
  for (const block of [
    '10.1.2.3',
    '192.0.2.0/24',
    '112',
    '+46112',
    'office',
    '0.0.0.0/0',
    '2a00::/96',
  ]) {
    assert.equal(await decide({ block }), 400, block);
  }
  assert.equal(await decide({ block: '+46850781xxx', comment: 'all of it' }), 204);
  const soon = new Date(Date.now() + 1500).toISOString();
  assert.equal(await decide({ block: '0.0.0.0/0', until: soon, yes: true }), 204);
  await onLists(daemon, ['/v1/listings'], '128.0.0.0/3', true);
  await onLists(daemon, NUMBER_LISTS, '+46850781xxx', true);
  assert.match(
    await check(daemon, 'number=%2B46850781234'),
    /^listed: blocked by the operator: all/,
  );
  assert.ok(!(await text(daemon, '/v1/listings')).includes('10.0.0.0/8'));
  await until(
    'it to end',
    () => daemon.number("SELECT count(*) FROM listing WHERE kind = 'address'") === 0,
  );
  const { items } = JSON.parse(await text(daemon, '/v1/blocklist')) as {
    readonly items: readonly { readonly value: string }[];
  };
  assert.deepEqual(
    items.map(({ value }) => value),
    ['+46850781xxx'],
    'what has ended is kept for a day, and not shown',
  );
  await onLists(daemon, ADDRESS_LISTS, '128.0.0.0/3', false);
  const refused = await run(daemon, 'block', '198.51.100.7');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /198\.51\.100\.7 cannot be blocked: addresses of documentation/);
  const code = await run(daemon, 'block', '+44');
  assert.equal(code.status, 1);
  assert.match(code.stderr, /\+44 cannot be blocked: it is a code and not a number/);
});

test('a slip in an address is not a number, and digits that no plan knows are blocked however they are written', async () => {
  await using daemon = await DaemonProcess.start(['--no-sip', '--threads=1']);
  const plainly = async (...words: readonly string[]): Promise<Run> =>
    DaemonProcess.run(['-f', daemon.dbFile, ...words], { folder: daemon.folder });
  for (const words of [
    ['block', '45.13.0.256'],
    ['block', '1.2.3.4-1.2.3.9'],
    ['explain', '203.0.113'],
    ['delist', '192.0.2.05'],
  ]) {
    const { status, stdout, stderr } = await plainly(...words);
    assert.equal(status, 1, `${words.join(' ')}: ${stdout}`);
    assert.match(stderr, /looks like an address but is not one; write addresses as 192\.0\.2\.5/);
  }
  assert.match(
    (await plainly('block', '45.13.0/16')).stderr,
    /no network such as 192\.0\.2\.0\/24/,
  );
  for (const words of [
    ['block', '45.13.7.0/16'],
    ['explain', '45.13.7.0/16'],
    ['delist', '45.13.7.0/16'],
  ])
    assert.match((await plainly(...words)).stderr, /must be 0: write 45\.13\.0\.0\/16/);
  assert.match(
    (await plainly('block', '+4685078029x')).stderr,
    /a range ends with xx, xxx or xxxx/,
  );

  const blocked = await plainly('block', '0800-123456', '1h', 'fraud');
  assert.match(blocked.stdout, /^0800123456 is blocked until/);
  await until('its calls to be refused', async () => {
    return (await check(daemon, 'number=0800123456')) === 'listed: blocked by the operator: fraud';
  });
  assert.equal(await check(daemon, 'number=0800-123456'), 'listed: blocked by the operator: fraud');
  const forgotten = await plainly('forget', '0800.123.456');
  assert.match(forgotten.stderr, /It stays listed, because you blocked 0800123456: unblock/);
  assert.ok(!forgotten.stdout.includes('not listed any more'), forgotten.stdout);
  assert.match(
    (await plainly('unblock', '0800 123456')).stdout,
    /^0800123456 is not blocked any more/,
  );
});

test('an allowed range in national form takes its numbers off every list at once', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1', '--home-country=SE']);
  assert.equal((await run(daemon, 'block', NUMBER)).status, 0);
  await onLists(daemon, NUMBER_LISTS, NUMBER, true);
  const range = '0701234500-0701234599';
  assert.equal((await run(daemon, 'allow', 'add', range, 'our', 'telephones')).status, 0);
  await onLists(daemon, NUMBER_LISTS, NUMBER, false);
  for (const form of ['%2B46701234567', '0046701234567', '0701234567', '90701234567']) {
    const said = await check(daemon, `number=${form}`);
    assert.match(said, /^unknown: it is on the allowlist \(our telephones\)/, form);
  }
  assert.equal((await run(daemon, 'allow', 'remove', range)).status, 0);
  await onLists(daemon, NUMBER_LISTS, NUMBER, true);
});
