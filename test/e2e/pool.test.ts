// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pool: what nodes met reaches another node over links, and has an effect there if they are voters. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pool } from '../../packages/client/src/index.ts';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { freeTcpPort, met } from './pool-nodes.ts';

const NETWORK = ['-r', '--threads=1', '-p', '--neighbours=off', '--share-delay=0'];

const ATTACKER = '45.12.3.4';
async function run(node: DaemonProcess, ...words: readonly string[]) {
  return DaemonProcess.run(['-f', node.dbFile, ...words], { folder: node.folder });
}

async function json(
  node: DaemonProcess,
  ...words: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  const { status, stdout, stderr } = await run(node, ...words, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('what two voters met is listed at a third node within seconds, and gone when one is distrusted, or its network', async () => {
  const port = await freeTcpPort();
  await using hub = await DaemonProcess.start([
    ...NETWORK,
    '--bootstrap-node=none',
    '--dht-address=127.0.0.1',
    `--dht-port=${port}`,
  ]);
  // Tests of nodes that find each other in the DHT use more than three.
  const start = (address: string): Promise<DaemonProcess> =>
    DaemonProcess.start([
      ...NETWORK,
      '--bootstrap-node=none',
      `--dht-address=${address}`,
      '--dht-port=0',
      `--pool-peer=127.0.0.1:${port}`,
    ]);
  const voters = await Promise.all(['127.1.0.1', '127.2.0.1'].map(start));
  await using scope = new AsyncDisposableStack();
  for (const voter of voters) scope.use(voter);
  await Promise.all(voters.map((voter) => met(voter, [ATTACKER])));
  await until('both pages', () => hub.number('SELECT count(*) FROM pool_claim') === 2);
  const listed = "SELECT count(*) FROM listing WHERE level = 'listed'";
  assert.equal(hub.number(listed), 0, 'they are strangers');
  const ids = hub.rows('SELECT node_id FROM pool_author').map((row) => String(row['node_id']));
  const url = `http://127.0.0.1:${hub.ports.api}`;
  await Promise.all(ids.map((id, at) => json(hub, 'peers', 'trust', id, `Friend ${at}`)));
  await until('the listing', () => hub.number(listed) === 1);
  const check = (await (await fetch(`${url}/v1/check?address=${ATTACKER}`)).json()) as object;
  assert.ok('listed' in check && check.listed === true);
  assert.ok('pool' in check && 'reasons' in check);
  assert.deepEqual(check.pool, {
    voters: 2,
    uncounted: 0,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
  assert.match(JSON.stringify(check.reasons), /2 of 2 voters .* Friend \d, Friend \d/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^sentrypeer_pool_links 2$/m);
  const pool = (await (await fetch(`${url}/v1/pool`)).json()) as Pool;
  assert.deepEqual(
    { ...pool, key: '', node_id: '', items: [] },
    {
      sharing: true,
      node_id: '',
      key: '',
      key_state: 'alive',
      ahead_until: null,
      voters: 2,
      unproved_voters: 0,
      pages: 2,
      claims: 2,
      authors: 2,
      items: [],
    },
  );
  assert.deepEqual(
    pool.items
      .map(({ standing, link, network, claims }) =>
        [standing, link?.address, link?.outward, network, claims].join(' '),
      )
      .toSorted(),
    ['voter 127.1.0.1 false 127.1.0.0/16 1', 'voter 127.2.0.1 false 127.2.0.0/16 1'],
  );
  const network = await run(hub, 'peers', 'distrust', '127.1.0.0/16');
  assert.match(
    network.stdout,
    /1 node that was met there alone counts for nothing. Of your voters: Friend/,
  );
  await until('the end of one link', async () =>
    /^sentrypeer_pool_links 1$/m.test(await (await fetch(`${url}/metrics`)).text()),
  );
  await until('the end of the listing', () => hub.number(listed) === 0);
  const table = (await run(hub, 'peers', 'list')).stdout;
  assert.match(table, /^127\.1\.0\.0\/16 .* distrusted/m);
  assert.match(table, / network distrusted /);
  await json(hub, 'peers', 'forget', '127.1.0.0/16');
  await until('it to be listed again', () => hub.number(listed) === 1);
  assert.doesNotMatch((await run(hub, 'peers', 'list')).stdout, /distrusted/);
  await json(hub, 'peers', 'distrust', ids[1] ?? '');
  await until('its end', () => hub.number(listed) === 0);
});

test('two commands make a closed pool: a node that joined it has what another one met', async () => {
  using folder = new TemporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const key = at('pool.key');
  const made = await DaemonProcess.run(['pool', 'init', key]);
  assert.equal(made.status, 0, made.stderr);
  const port = await freeTcpPort();
  const files = ['hub', 'node'].map((name, index) => {
    const file = at(`${name}.toml`);
    const own = index === 0 ? port : 0;
    writeFileSync(file, `dht_address = "127.${index}.0.1"\ndht_port = ${own}\nshare_delay = 0\n`);
    return file;
  });
  const [hubFile = '', nodeFile = ''] = files;
  for (const [file, ...hosts] of [[hubFile], [nodeFile, `127.0.0.1:${port}`]]) {
    const joined = await DaemonProcess.run(['-g', file ?? '', 'pool', 'join', key, ...hosts]);
    assert.equal(joined.status, 0, joined.stderr);
    assert.equal(joined.stderr, '');
  }
  const common = ['-r', '--threads=1', '--neighbours=off', '--bootstrap-node=none'];
  await using hub = await DaemonProcess.start([...common, '-g', hubFile]);
  await using node = await DaemonProcess.start([...common, '-g', nodeFile]);
  const links = async ({ ports }: DaemonProcess): Promise<string | undefined> => {
    const metrics = await (await fetch(`http://127.0.0.1:${ports.api}/metrics`)).text();
    return /^sentrypeer_pool_links (\d+)$/m.exec(metrics)?.[1];
  };
  await until('the link', async () => (await links(node)) === '1');
  const listed = async (daemon: DaemonProcess): Promise<string> =>
    (await DaemonProcess.run(['-f', daemon.dbFile, 'peers', 'list'])).stdout;
  // Before anybody has shared anything.
  await until('the hub', async () => / direct out +127\.0\.0\.1 .* none /.test(await listed(node)));
  await until('the node', async () => / direct in +127\.1\.0\.1 .* none /.test(await listed(hub)));
  await met(node, [ATTACKER]);
  await until('the page', () => hub.number('SELECT count(*) FROM pool_claim') === 1);
});

test('both ends say once that their pool keys differ, and `pool status` shows which pool each is in', async () => {
  using folder = new TemporaryFolder();
  const keys = ['one.key', 'two.key'].map((name) => join(folder.path, name));
  for (const key of keys) await DaemonProcess.run(['pool', 'init', key]);
  const port = await freeTcpPort();
  const [hubKey = '', otherKey = ''] = keys.map((key) => `--pool-key=${key}`);
  const common = ['-p', '-r', '--threads=1', '--neighbours=off', '--bootstrap-node=none'];
  await using hub = await DaemonProcess.start([...common, hubKey, `--dht-port=${port}`]);
  // Nodes that only link others need no SIP.
  const dial = ['--dht-port=0', `--pool-peer=127.0.0.1:${port}`];
  const linking = [...common.filter((flag) => flag !== '-r'), '--no-sip', ...dial];
  await using other = await DaemonProcess.start([...linking, otherKey]);
  await using open = await DaemonProcess.start([...linking]);
  const said = ({ stderr }: DaemonProcess): number => stderr.split('pool_key_differs').length - 1;
  await until('each end to say it', () => said(hub) === 2 && said(other) === 1 && said(open) === 1);
  assert.match(other.stderr, /pool_key_differs node_id=\S+ address=127\.0\.0\.1/);
  const status = async (...flags: readonly string[]): Promise<string> =>
    (await DaemonProcess.run(['-f', hub.dbFile, 'pool', 'status', ...flags])).stdout;
  const shown = await Promise.all([hubKey, otherKey].map((flag) => status(flag)));
  const [first, second] = shown.map(
    (text) => /^Key     of closed pool ([0-9a-f]{8});/m.exec(text)?.[1],
  );
  assert.notEqual(first, undefined);
  assert.notEqual(first, second);
  assert.match(await status(), /^Key     none, an open pool: network 0$/m);
});

test('`pool join` changes a file only where it has to, and leaves it as it was where it cannot', async () => {
  using folder = new TemporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const [key, otherKey] = [at('a.key'), at('b.key')];
  for (const file of [key, otherKey]) await DaemonProcess.run(['pool', 'init', file]);
  const file = at('sentrypeer.toml');
  const own =
    '# Ours\nresponsive = true\n\n[[webhook]]\nname = "hub"\nurl = "https://example.org/hook"\n';
  writeFileSync(file, own);
  chmodSync(file, 0o640);
  const joinPool = (...words: readonly string[]) =>
    DaemonProcess.run(['-g', file, 'pool', 'join', ...words]);
  const first = await joinPool(key, 'hub.example.org', '[2001:db8::1]:4300');
  assert.equal(first.status, 0, first.stderr);
  const text = readFileSync(file, 'utf8');
  assert.ok(text.endsWith(own), 'what was there stays');
  assert.match(text, /^peer_to_peer = true$/m);
  assert.ok(text.includes(`\npool_key = ${JSON.stringify(key)}\n`));
  assert.match(text, /^pool_peer = \["hub\.example\.org:4222", "\[2001:db8::1\]:4300"\]$/m);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  const checked = await DaemonProcess.run(['-g', file, 'check-config']);
  assert.equal(checked.status, 0, checked.stderr);
  assert.match(checked.stdout, /--pool-key/);
  const again = await joinPool(key, 'hub.example.org');
  assert.match(again.stdout, /has this node in the pool already/);
  assert.equal(readFileSync(file, 'utf8'), text);
  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [[otherKey], /this node is in another pool/],
    [[key, 'other.example.org'], /names other nodes: add "other\.example\.org:4222" there/],
    [[key, 'not a host'], /"not a host" is not a node of the pool/],
    [[at('no.key')], /no\.key cannot be read \(there is no such file \(ENOENT\)\)/],
    [[file], /holds no key of a pool/],
    [[], /a word is missing: write pool join FILE/],
    [['-'], /"-" is not the path of a file/],
  ];
  for (const [words, why] of refusals) {
    const { status, stderr } = await joinPool(...words);
    assert.notEqual(status, 0);
    assert.match(stderr, why);
    assert.equal(readFileSync(file, 'utf8'), text);
  }
  // A line that the daemon would refuse leaves the file unchanged, too.
  const wrong = '[[webhook]]\nurl = "ftp://example.org"\n';
  writeFileSync(file, wrong);
  const broken = await joinPool(key);
  assert.notEqual(broken.status, 0);
  assert.match(broken.stderr, /is left as it was/);
  assert.equal(readFileSync(file, 'utf8'), wrong);
  // Without `-g` the command uses the usual file, which it creates; flags and variables override it, which is reported.
  chmodSync(key, 0o644);
  const usual = await DaemonProcess.run(['pool', 'join', key], {
    env: { HOME: folder.path, SENTRYPEER_POOL_KEY: otherKey },
  });
  assert.equal(usual.status, 0, usual.stderr);
  assert.ok(existsSync(at('.config/sentrypeer/default-config.toml')));
  assert.match(usual.stderr, /Another key takes precedence: SENTRYPEER_POOL_KEY/);
  assert.match(usual.stderr, /chmod 600/);
});

test('`pool join` loses nothing of a file, whatever is in it, whose it is, and who else changes it', async () => {
  using folder = new TemporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const key = at('pool.key');
  await DaemonProcess.run(['pool', 'init', key]);
  const [real, file] = [at('real.toml'), at('sentrypeer.toml')];
  symlinkSync(real, file);
  const joinPool = (...hosts: readonly string[]) =>
    DaemonProcess.run(['-g', file, 'pool', 'join', key, ...hosts]);
  const table = '[[webhook]]\nname = "hub"\nurl = "https://example.org/hook"';
  const contents = {
    'no line feed at its end': Buffer.from(`responsive = true\n${table}`),
    'lines of Windows': Buffer.from(
      `responsive = true\r\n\r\n${table.replaceAll('\n', '\r\n')}\r\n`,
    ),
    'a byte order mark': Buffer.from('\uFEFFresponsive = true\r\n'),
    'a comment in Latin-1': Buffer.from('# B\xfcro M\xfcnchen\nresponsive = true\n', 'latin1'),
    'tables alone': Buffer.from(table),
    nothing: Buffer.alloc(0),
    'keys in quotes': Buffer.from(`"peer_to_peer" = true\n'pool_key' = '${key}'\n${table}\n`),
  };
  for (const [what, before] of Object.entries(contents)) {
    writeFileSync(real, before);
    chmodSync(real, 0o600);
    const owner = process.getuid?.() === 0 ? 12_345 : statSync(real).uid;
    chownSync(real, owner, statSync(real).gid);
    const joined = await joinPool('hub.example.org');
    assert.equal(joined.status, 0, `${what}: ${joined.stderr}`);
    const after = readFileSync(real);
    const mark = what === 'a byte order mark' ? 3 : 0;
    assert.ok(after.subarray(0, mark).equals(before.subarray(0, mark)), what);
    assert.ok(
      after.subarray(after.length - before.length + mark).equals(before.subarray(mark)),
      what,
    );
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.deepEqual([statSync(real).mode & 0o777, statSync(real).uid], [0o600, owner]);
    const again = await joinPool('hub.example.org');
    assert.match(again.stdout, /in the pool already/, what);
    assert.ok(readFileSync(real).equals(after), what);
  }
  // A table of another name is not a key of ours, and is not turned into one.
  writeFileSync(real, `[pool]\npool_key = "x"\n`);
  assert.match((await joinPool()).stderr, /unknown key "pool"/);
  // Several at once: one wins, and the others report it.
  writeFileSync(real, table);
  const runs = await Promise.all(['a', 'b', 'c'].map((name) => joinPool(`${name}.example.org`)));
  const won = runs.flatMap(({ status }, index) => (status === 0 ? ['abc'[index]] : []));
  const text = readFileSync(real, 'utf8');
  assert.equal(won.length, 1, runs.map(({ stderr }) => stderr).join(''));
  assert.ok(text.includes(`pool_peer = ["${won[0]}.example.org:4222"]`) && text.endsWith(table));
  // A file left by a killed run, or owned by somebody else, stays.
  writeFileSync(real, table);
  writeFileSync(`${real}.new`, 'of somebody else');
  assert.match((await joinPool()).stderr, /real\.toml\.new" is there: .*remove it/);
  assert.equal(readFileSync(`${real}.new`, 'utf8'), 'of somebody else');
  assert.equal(readFileSync(real, 'utf8'), table);
});
