// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The address lists are loaded, twice, by the programs they are made for, in a separate network. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { adminKey, deliver, post } from '../e2e/delivered.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const documented = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
const LIST = '/v1/lists/ip-addresses.txt';

/** Two sources that set up a connection, one of them on this machine, and one whose address may be forged. */
async function attackedDaemon(): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(['--threads=1']);
  using stream = await StreamPeer.open(daemon.ports.tcp);
  await stream.send(sipRequest({ user: '1' }));
  await daemon.recorded(1);
  const key = await adminKey(daemon);
  await deliver(daemon, key, [
    { sourceIp: '45.1.2.3', transport: 'TCP' },
    { sourceIp: '45.1.2.4', transport: 'UDP' },
  ]);
  await until('the verdict', async () => (await list(daemon, LIST)) !== '');
  return daemon;
}

async function list(daemon: DaemonProcess, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200);
  return response.text();
}

test('ipset restores /ip-addresses/ipset, again over itself', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await attackedDaemon();
  const input = await list(daemon, '/ip-addresses/ipset');
  const script = `text=$(cat); for _ in 1 2; do printf '%s\\n' "$text" | ${ipset} restore || exit 1; done; ${ipset} save`;
  const run = await runTool('unshare', ['-rn', 'sh', '-c', script], {
    folder: daemon.folder,
    input,
  });
  assert.equal(run.status, 0, run.output);
  assert.deepEqual(run.stdout.match(/^add .*(?= timeout [1-9]\d*$)/gm), [
    'add sentrypeer4 45.1.2.3',
  ]);
});

test('nft loads /v1/lists/ip-addresses.nft, again over itself', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await attackedDaemon();
  const input = await list(daemon, '/v1/lists/ip-addresses.nft');
  const script = `text=$(cat); for _ in 1 2; do printf '%s\\n' "$text" | ${nft} -f - || exit 1; done; ${nft} list ruleset`;
  const run = await runTool('unshare', ['-rn', 'sh', '-c', script], {
    folder: daemon.folder,
    input,
  });
  assert.equal(run.status, 0, run.output);
  assert.match(
    run.stdout,
    /set bad4 \{\s+type ipv4_addr\s+flags timeout\s+elements = \{ 45\.1\.2\.3 timeout \w+ expires \w+ \}/,
  );
});

/** A list, then what was added, then what was removed, as the program gets them one after another. */
async function listAndChanges(daemon: DaemonProcess, path: string): Promise<readonly string[]> {
  const base = `http://127.0.0.1:${daemon.ports.api}${path}`;
  const whole = await fetch(base);
  const since = encodeURIComponent(whole.headers.get('x-sentrypeer-as-of') ?? '');
  await deliver(daemon, await adminKey(daemon, 'later'), [
    { sourceIp: '45.1.2.5', transport: 'TCP' },
  ]);
  await until('the verdict', async () => (await list(daemon, LIST)).includes('45.1.2.5'));
  const came = await fetch(`${base}?since=${since}`);
  const went = await fetch(`${base}?since=${since}&max_age=0s`);
  return [await whole.text(), await came.text(), await went.text()];
}

/** Loads these one after another in a separate network, each twice, and prints the state after each. */
function loadAll(folder: string, texts: readonly string[], load: string, show: string) {
  const files = texts.map((text, index) => {
    const file = join(folder, `list-${index}`);
    writeFileSync(file, text);
    return file;
  });
  const steps = files.map(
    (file) => `${load} < ${file} && ${load} < ${file} && ${show} && echo END`,
  );
  return runTool('unshare', ['-rn', 'sh', '-c', steps.join(' && ')], { folder });
}

const WHOLE = ['45.1.2.3'];
const CAME = ['45.1.2.3', '45.1.2.5'];

test('ipset loads a list, what came to it, and what went again', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await attackedDaemon();
  const texts = await listAndChanges(daemon, '/ip-addresses/ipset');
  const run = await loadAll(daemon.folder, texts, `${ipset} restore`, `${ipset} save`);
  assert.equal(run.status, 0, run.output);
  const held = run.stdout
    .split('END\n')
    .slice(0, 3)
    .map((text) => (text.match(/(?<=^add sentrypeer4 )\S+/gm) ?? []).toSorted());
  assert.deepEqual(held, [WHOLE, CAME, []]);
});

test('nft loads a list, what came to it, and what went again', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await attackedDaemon();
  const texts = await listAndChanges(daemon, '/v1/lists/ip-addresses.nft');
  const run = await loadAll(daemon.folder, texts, `${nft} -f -`, `${nft} list ruleset`);
  assert.equal(run.status, 0, run.output);
  const held = run.stdout
    .split('END\n')
    .slice(0, 3)
    .map((text) => (text.match(/45\.1\.2\.\d(?= timeout)/g) ?? []).toSorted());
  assert.deepEqual(held, [WHOLE, CAME, []]);
});

const MANY = 300;
const FIRST_4 = '45.9.0.0';
const FIRST_6 = '2a02:1000:0:0::';

/** Some hundred sources of each family, a network of each, and the list's file `all`, and `none` without a source. */
async function manyListed(daemon: DaemonProcess, ending: string): Promise<void> {
  const key = await adminKey(daemon, `many-${ending}`);
  const sources = Array.from({ length: MANY }, (_, index) => [
    { sourceIp: `45.9.${index % 64}.${index >> 6}`, transport: 'TCP' } as const,
    { sourceIp: `2a02:${(0x1000 + index).toString(16)}::9`, transport: 'TCP' } as const,
  ]).flat();
  await deliver(daemon, key, sources);
  for (const block of ['91.200.0.0/22', '2a03:4000::/32'])
    assert.equal(await post(daemon, '/v1/decisions', key, { block }), 204);
  const count = async (): Promise<number> => (await list(daemon, LIST)).split('\n').length - 1;
  await until('all to be listed', async () => (await count()) === 2 * MANY + 2);
  for (const [name, query] of [
    ['all', ''],
    ['none', '?max_age=0s'], // What is blocked stays.
  ] as const) {
    const text = await list(daemon, `/v1/lists/ip-addresses.${ending}${query}`);
    writeFileSync(join(daemon.folder, name), text);
  }
}

/**
 * Loads the list over and over while another process asks whether both are in it, then the one without a source. When
 * the kernel loads a list while nft asks, it may refuse to answer (EINTR), which says nothing.
 */
function asksMeanwhile(load: string, asks: readonly string[], show: string): string {
  const asked = asks
    .map((ask) => `${ask} >/dev/null 2>said || grep -q 'Interrupted' said || echo LET IN`)
    .join('; ');
  return `${load} < all
(for round in 1 2 3 4 5 6 7 8 9 10 11 12; do ${load} < all; done) & loads=$!
while kill -0 $loads 2>/dev/null; do ${asked}; done
wait $loads
${show}
echo END
${load} < none
${show}`;
}

async function manyAreLoaded(daemon: DaemonProcess, ending: string, script: string) {
  await manyListed(daemon, ending);
  const run = await runTool('unshare', ['-rn', 'sh', '-ec', script], { folder: daemon.folder });
  assert.equal(run.status, 0, run.output);
  assert.ok(!run.stdout.includes('LET IN'), 'an attacker was let in while the list was loaded');
  return run.stdout.split('END\n');
}

test('ipset loads hundreds of both families, refuses them while it loads them again, and none at last', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const asks = [`${ipset} test sentrypeer4 ${FIRST_4}`, `${ipset} test sentrypeer6 ${FIRST_6}`];
  const script = asksMeanwhile(`${ipset} restore`, asks, `${ipset} save`);
  const [all = '', none = ''] = await manyAreLoaded(daemon, 'ipset', script);
  assert.equal(all.match(/^add sentrypeer4 /gm)?.length, MANY + 1);
  assert.equal(all.match(/^add sentrypeer6 /gm)?.length, MANY + 1);
  assert.deepEqual(none.match(/(?<=^add )\S+ \S+/gm)?.toSorted(), [
    'sentrypeer4 91.200.0.0/22',
    'sentrypeer6 2a03:4000::/32',
  ]);
});

test('nft loads hundreds of both families, refuses them while it loads them again, and none at last', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const asks = [
    `${nft} get element inet sentrypeer bad4 '{ ${FIRST_4} }'`,
    `${nft} get element inet sentrypeer net6 '{ ${FIRST_6} }'`,
  ];
  const script = asksMeanwhile(`${nft} -f -`, asks, `${nft} list ruleset`);
  const [all = '', none = ''] = await manyAreLoaded(daemon, 'nft', script);
  assert.equal(all.match(/ timeout \w+ expires /g)?.length, 2 * MANY + 2);
  assert.deepEqual(none.match(/\S+(?= timeout \w+ expires )/g), [
    '91.200.0.0/22',
    '2a03:4000::/32',
  ]);
});

/** Runs a script in a separate network, with both families of a list as the files `4` and `6`. */
async function inNetwork(daemon: DaemonProcess, ending: string, script: string) {
  await deliver(daemon, await adminKey(daemon, `six-${ending}`), [
    { sourceIp: '2a00:1450::7', transport: 'TCP' },
  ]);
  await until('the verdict', async () => (await list(daemon, LIST)).includes('2a00:1450::/64'));
  for (const family of ['4', '6']) {
    const text = await list(daemon, `/v1/lists/ip-addresses.${ending}?family=${family}`);
    writeFileSync(join(daemon.folder, family), text);
  }
  return runTool('unshare', ['-rn', 'sh', '-ec', script], { folder: daemon.folder });
}

test('a list of one family leaves alone what ipset has of the other one', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await attackedDaemon();
  const script = `${ipset} restore < 4; ${ipset} restore < 6; ${ipset} restore < 4; ${ipset} save`;
  const run = await inNetwork(daemon, 'ipset', script);
  assert.equal(run.status, 0, run.output);
  assert.deepEqual(run.stdout.match(/^add .*(?= timeout )/gm), [
    'add sentrypeer4 45.1.2.3',
    'add sentrypeer6 2a00:1450::/64',
  ]);
});

test('a list of one family leaves alone what nft has of the other one', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await attackedDaemon();
  const script = `${nft} -f 4; ${nft} -f 6; ${nft} -f 4; ${nft} list ruleset`;
  const run = await inNetwork(daemon, 'nft', script);
  assert.equal(run.status, 0, run.output);
  assert.match(run.stdout, /elements = \{ 45\.1\.2\.3 timeout /);
  assert.match(run.stdout, /elements = \{ 2a00:1450::\/64 timeout /);
});

test('docs/api.md says how a set with other options is replaced', async (t) => {
  const ipset = peer('ipset', t);
  const nft = peer('nft', t);
  if (ipset === undefined || nft === undefined) return;
  await using daemon = await attackedDaemon();
  const [how = ''] = /^ipset destroy sentrypeer4$/m.exec(documented) ?? [];
  const run = await inNetwork(
    daemon,
    'ipset',
    `${ipset} create sentrypeer4 hash:ip
if ${ipset} restore < 4; then exit 9; fi
${how}
${ipset} restore < 4; ${ipset} save`,
  );
  assert.equal(run.status, 0, run.output);
  assert.match(run.stdout, /^add sentrypeer4 45\.1\.2\.3 timeout /m);
  const [replace = ''] = /^nft delete set inet sentrypeer bad4$/m.exec(documented) ?? [];
  const second = await inNetwork(
    daemon,
    'nft',
    `${nft} 'add table inet sentrypeer; add set inet sentrypeer bad4 { type ipv4_addr; flags interval; }'
if ${nft} -f 4; then exit 9; fi
${replace}
${nft} -f 4
${nft} 'delete set inet sentrypeer net4
add set inet sentrypeer net4 { type ipv4_addr; flags interval, timeout; auto-merge; }'
${nft} -f 4 && ${nft} list ruleset | grep -q auto-merge || exit 8
${replace.replace('bad4', 'net4')}
${nft} -f 4; ${nft} list ruleset`,
  );
  assert.equal(second.status, 0, second.output);
  assert.match(second.stdout, /elements = \{ 45\.1\.2\.3 timeout /);
  assert.doesNotMatch(second.stdout, /auto-merge/);
});

test('a command for RouterOS that fails ends nothing else', async () => {
  await using daemon = await attackedDaemon();
  const text = await list(daemon, '/v1/lists/ip-addresses.rsc');
  assert.ok(text.includes('address=45.1.2.3'));
  const lines = text.trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^:do \{ .+ \} on-error=\{\}$/);
  // The old list stays in force until the new one is complete.
  const removed = lines.findIndex((line) => line.includes('/ip ') && line.includes('=sentrypeer]'));
  assert.ok(removed > lines.findLastIndex((line) => line.includes(' add ')), text);
  const own = await list(daemon, '/v1/lists/ip-addresses.rsc?family=4');
  assert.ok(!own.includes('/ipv6'), own);
});

/** Lists while IPv6 networks widen and narrow again, each with the changes since the one before. */
async function wideningLists(daemon: DaemonProcess, path: string): Promise<readonly string[]> {
  const base = `http://127.0.0.1:${daemon.ports.api}${path}`;
  const key = await adminKey(daemon);
  const texts: string[] = [];
  let since = '';
  const take = async (entry: string): Promise<void> => {
    await until(entry, async () => (await list(daemon, LIST)).split('\n').includes(entry));
    const response = await fetch(`${base}${since}`);
    since = `?since=${response.headers.get('x-sentrypeer-serial') ?? ''}`;
    texts.push(await response.text());
  };
  await deliver(daemon, key, [{ sourceIp: '2a02:6b8:1::9', transport: 'TCP' }]);
  await take('2a02:6b8:1::/64');
  await deliver(daemon, key, [{ sourceIp: '2a02:6b8:1:10::9', transport: 'TCP' }]);
  await take('2a02:6b8:1::/56');
  assert.equal(await post(daemon, '/v1/decisions', key, { allow: '2a02:6b8:1:10::77' }), 204);
  await take('2a02:6b8:1::/64');
  assert.equal(await post(daemon, '/v1/decisions', key, { block: '2a02:6b8::/32' }), 204);
  await until('the block', async () => (await list(daemon, LIST)).includes('2a02:6b8:8000::/33'));
  await take('2a02:6b8:8000::/33');
  return texts;
}

const WIDENING = ['--threads=1', '--policy', 'network-56=2', '--policy', 'network-spread=2'];

test('nft takes networks that widen, narrow and are split, one list after another and each twice', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await DaemonProcess.start(WIDENING);
  const texts = await wideningLists(daemon, '/v1/lists/ip-addresses.nft');
  const run = await loadAll(daemon.folder, texts, `${nft} -f -`, `${nft} list ruleset`);
  assert.equal(run.status, 0, run.output);
  const held = run.stdout
    .split('END\n')
    .slice(0, 4)
    .map((text) => text.match(/2a02:[0-9a-f:]+(?:\/\d+)?(?= timeout)/g) ?? []);
  assert.deepEqual(held.slice(0, 3), [
    ['2a02:6b8:1::/64'],
    ['2a02:6b8:1::/56'],
    ['2a02:6b8:1::/64'],
  ]);
  // All of the /32 except the allowed address.
  assert.equal(held[3]?.length, 96);
});

test('ipset takes networks that widen, narrow and are split, one list after another and each twice', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await DaemonProcess.start(WIDENING);
  const texts = await wideningLists(daemon, '/v1/lists/ip-addresses.ipset');
  const run = await loadAll(daemon.folder, texts, `${ipset} restore`, `${ipset} save`);
  assert.equal(run.status, 0, run.output);
  const held = run.stdout
    .split('END\n')
    .slice(0, 4)
    .map((text) => text.match(/(?<=^add sentrypeer6 )\S+/gm) ?? []);
  assert.deepEqual(held.slice(0, 3), [
    ['2a02:6b8:1::/64'],
    ['2a02:6b8:1::/56'],
    ['2a02:6b8:1::/64'],
  ]);
  assert.equal(held[3]?.length, 96);
});
