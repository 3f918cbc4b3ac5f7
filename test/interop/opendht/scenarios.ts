// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Each runs in a separate process and network namespace, so that ports are free and nothing leaves the machine. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { identityOf, infoHash, signatureHolds, type DhtNode } from '@sentrypeer/dht';
import { Heard, ourNode, text, textOf, textsAt } from './our-node.ts';
import { Dhtnode, PythonNode, until } from './real-nodes.ts';

const KEY = 'bad_actors';
const HASH = infoHash(KEY);
/** Real nodes list a newcomer once they have asked it themselves: 1 to 25 s, and twice that. */
const INTRODUCED_MS_MAX = 60_000;
const LARGE = 'L'.repeat(20_000);

function rsaIdentity(): NonNullable<ReturnType<typeof identityOf>> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const identity = identityOf(privateKey);
  assert.ok(identity !== undefined);
  return identity;
}

function connected(node: DhtNode): Promise<void> {
  return node.connected(AbortSignal.timeout(15_000));
}

/** We bootstrap from them; put, get and listen with push in each direction, including values in parts. */
async function theyLetUsIn(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222);
  await using python = await PythonNode.start(4301, { bootstrap: 4222 });
  await using ours = await ourNode({ via: 4222 });
  await connected(ours);
  await python.listen(KEY);
  dhtnode.command(`l ${KEY}`);
  await using heard = new Heard(ours, KEY);

  await ours.put(HASH, text('ours-small'));
  await ours.put(HASH, text(LARGE));
  await python.put(KEY, 'python-small');
  await python.put(KEY, `P${LARGE}`);
  dhtnode.command(`pp ${KEY} dhtnode-small`);
  const all = [LARGE, `P${LARGE}`, 'dhtnode-small', 'ours-small', 'python-small'];
  await until('our listen has all', () => all.every((each) => heard.has(each)));
  await until('the Python node was pushed all', () =>
    all.every((each) =>
      python
        .events('value')
        .some((event) => event.data === each.slice(0, 200) && event.size === each.length),
    ),
  );
  await until('dhtnode was pushed ours', () => dhtnode.output.includes('ours-small'));
  assert.deepEqual(await textsAt(ours, KEY), all.toSorted());
  const got = await python.get(KEY);
  assert.deepEqual(
    got.map(({ size }) => size).toSorted((a, b) => a - b),
    all.map(({ length }) => length).toSorted((a, b) => a - b),
  );
  assert.match(await dhtnode.ask(`g ${KEY}`, 'Get: completed'), /ours-small/);
  assert.equal(new Set(heard.lines).size, heard.lines.length, 'each value is told once');
}

/** Our node is the only one that two real ones know: we store, answer and push. */
async function weLetThemIn(): Promise<void> {
  await using ours = await ourNode();
  const port = ours.locals[0]?.port ?? 0;
  await using one = await PythonNode.start(4301, { bootstrap: port });
  await using two = await PythonNode.start(4302, { bootstrap: port });
  await using dhtnode = await Dhtnode.start(4303, { bootstrap: port });
  await connected(ours);
  await one.listen(KEY);
  await one.put(KEY, 'from-one');
  await two.put(KEY, LARGE);
  dhtnode.command(`p ${KEY} from-dhtnode`);
  await until('one was pushed all', () =>
    ['from-one', LARGE.slice(0, 200), 'from-dhtnode'].every((data) =>
      one.events('value').some((event) => event.data === data),
    ),
  );
  const sizes = (await two.get(KEY)).map(({ size }) => size).toSorted((a, b) => a - b);
  assert.deepEqual(sizes, [8, 12, LARGE.length]);
  assert.equal(ours.status().storedValues, 3);
  assert.ok(ours.status().subscriptions >= 1);
  assert.deepEqual(await textsAt(ours, KEY), [LARGE, 'from-dhtnode', 'from-one']);
  const { refused, tokensRefused, valuesRefused, repliesUnmatched } = ours.counters();
  assert.deepEqual(
    { refused, tokensRefused, valuesRefused, repliesUnmatched },
    { refused: 0, tokensRefused: 0, valuesRefused: 0, repliesUnmatched: 0 },
  );
}

/** Signed values in each direction, and an edit of ours that real storers take. */
async function signed(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222, { identity: true });
  await using python = await PythonNode.start(4301, { bootstrap: 4222 });
  const identity = rsaIdentity();
  await using ours = await ourNode({ via: 4222, identity });
  await connected(ours);
  assert.equal(ours.id, identity.nodeId);
  await until('dhtnode has its identity', () => dhtnode.output.includes('Public key ID'));
  dhtnode.command(`s ${KEY} signed-by-dhtnode`);
  await until('a signed value of dhtnode is got', async () =>
    (await ours.get(HASH)).some(
      (value) => textOf(value) === 'signed-by-dhtnode' && signatureHolds(value),
    ),
  );
  const { id } = await ours.putSigned(HASH, text('first edition'));
  await until('the Python node takes our signature', async () =>
    (await python.get(KEY)).some(({ data }) => data === 'first edition'),
  );
  await ours.putSigned(HASH, text('second edition'), { id });
  await until('real storers take the edit', async () => {
    const texts = new Set((await python.get(KEY)).map(({ data }) => data));
    return texts.has('second edition') && !texts.has('first edition');
  });
}

/**
 * Also how much sooner than after its usual second a node gives up another one, on a machine that is busy with other
 * things.
 */
const TIMES_FASTER = 20;
const LIFE_MS = 600_000 / TIMES_FASTER;

/**
 * Time passes faster for us and for dhtnode: values that are not permanent expire, permanent ones outlive their first
 * announcement.
 */
async function aging(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222, { timesFaster: TIMES_FASTER });
  const startedMs = performance.now();
  const startedUs = Date.now() * 1000;
  const nowMs = (): number => (performance.now() - startedMs) * TIMES_FASTER;
  await using ours = await ourNode({
    via: 4222,
    ports: {
      clock: { nowMs, epochUs: () => startedUs + nowMs() * 1000 },
      wakeAfter: (waitMs, run) => {
        const timeout = setTimeout(run, waitMs / TIMES_FASTER);
        return () => clearTimeout(timeout);
      },
    },
  });
  await connected(ours);
  dhtnode.command(`l ${KEY}`);
  await using heard = new Heard(ours, KEY);
  const passing = await ours.put(HASH, text('ours-passes'), {
    createdEpochMs: (startedUs + nowMs() * 1000) / 1000,
  });
  await ours.put(HASH, text('ours-stays'), { permanent: true });
  dhtnode.command(`p ${KEY} theirs-passes`);
  dhtnode.command(`pp ${KEY} theirs-stays`);
  const all = ['ours-passes', 'ours-stays', 'theirs-passes', 'theirs-stays'];
  await until('all four are there', () => all.every((each) => heard.has(each)));
  const ends = (): number => heard.lines.filter((line) => line.startsWith('-')).length;
  await until('two of them end', () => ends() === 2, LIFE_MS * 1.5);
  assert.ok(heard.lines.includes(`-${passing.id}`));
  await until('dhtnode was told', () =>
    /expired[^]*ours-passes|ours-passes[^]*expired/.test(dhtnode.output),
  );
  // Half a life later the permanent ones only live by their second announcement.
  const laterMs = performance.now() + LIFE_MS / 4;
  await until('time passes', () => performance.now() > laterMs);
  assert.deepEqual(await textsAt(ours, KEY), ['ours-stays', 'theirs-stays']);
  const listed = await dhtnode.ask(`g ${KEY}`, 'Get: completed');
  for (const each of ['ours-stays', 'theirs-stays']) assert.ok(listed.includes(each), each);
  for (const each of ['ours-passes', 'theirs-passes']) assert.ok(!listed.includes(each), each);
  assert.equal(ends(), 2);
}

/** Three of ours and three of theirs; one of each is killed; everything is still found by all. */
async function threeAndThree(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222);
  await using one = await PythonNode.start(4301, { bootstrap: 4222 });
  await using two = await PythonNode.start(4302, { bootstrap: 4222 });
  await using first = await ourNode({ via: 4222 });
  await using second = await ourNode({ via: 4301 });
  await using third = await ourNode({ via: first.locals[0]?.port ?? 0 });
  const ours = [first, second, third];
  await Promise.all(ours.map(connected));
  await until(
    'everybody of ours knows most of the others',
    () => ours.every((node) => (node.status().families[0]?.goodNodes ?? 0) >= 3),
    INTRODUCED_MS_MAX,
  );
  await Promise.all([
    ...ours.map((node, index) => node.put(HASH, text(`ours-${index}`))),
    one.put(KEY, 'theirs-1'),
    two.put(KEY, 'theirs-2'),
  ]);
  const all = ['ours-0', 'ours-1', 'ours-2', 'theirs-1', 'theirs-2'];
  assert.deepEqual(await textsAt(third, KEY), all);
  await two.kill();
  await second.close();
  const startedMs = performance.now();
  for (const node of [first, third]) assert.deepEqual(await textsAt(node, KEY), all);
  assert.ok(performance.now() - startedMs < 20_000, 'dead nodes hold nobody up');
  assert.deepEqual((await one.get(KEY)).map(({ data }) => data).toSorted(), all);
  assert.match(await dhtnode.ask(`g ${KEY}`, 'Get: completed'), /ours-1/);
}

/** Nodes of another network are not seen; those of the same one are. */
async function networkId(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222, { network: 42 });
  await using stranger = await ourNode({ via: 4222 });
  await using ours = await ourNode({ via: 4222, network: 42 });
  await connected(ours);
  dhtnode.command(`l ${KEY}`);
  await ours.put(HASH, text('in-42'));
  await until('dhtnode hears of it', () => dhtnode.output.includes('in-42'));
  const result = await stranger.put(HASH, text('in-0'));
  assert.equal(result.announced, false);
  assert.equal(stranger.isConnected, false);
}

/** By multicast on the loopback interface, without any bootstrap node. */
async function peerDiscovery(): Promise<void> {
  await using theirs = await Dhtnode.start(4222, { discovery: true });
  await using ours = await ourNode({ addresses: ['0.0.0.0'], peerDiscovery: true });
  await connected(ours);
  await ours.put(HASH, text('found-by-multicast'));
  assert.match(await theirs.ask(`g ${KEY}`, 'Get: completed'), /found-by-multicast/);
  // And they find us: a node that comes later receives our answer.
  await using late = await Dhtnode.start(4223, { discovery: true });
  await until('the newcomer knows two nodes', async () =>
    /count: 2/.test(await late.ask('lr', 'IPv6 routing table')),
  );
}

/** A restart from the exported state rejoins while the bootstrap node is gone. */
async function restart(): Promise<void> {
  await using bootstrap = await Dhtnode.start(4222);
  await using other = await Dhtnode.start(4223, { bootstrap: 4222 });
  let state: unknown;
  let id: string;
  {
    await using ours = await ourNode({ via: 4222 });
    await connected(ours);
    await until('both are known', () => ours.exportState().nodes.length === 2, INTRODUCED_MS_MAX);
    await ours.put(HASH, text('before'));
    state = JSON.parse(JSON.stringify(ours.exportState()));
    id = ours.id;
  }
  await bootstrap.kill();
  await using again = await ourNode({ state });
  assert.equal(again.id, id);
  await connected(again);
  assert.deepEqual(await textsAt(again, KEY), ['before']);
  await again.put(HASH, text('after'));
  assert.match(await other.ask(`g ${KEY}`, 'Get: completed'), /after/);
}

/** Both families side by side: with an IPv6-only node through dhtnode, which has both. */
async function bothFamilies(): Promise<void> {
  await using dhtnode = await Dhtnode.start(4222);
  await using both = await ourNode({
    addresses: ['127.0.0.1', '::1'],
    bootstrap: ['127.0.0.1:4222', '[::1]:4222'],
  });
  await using six = await ourNode({ addresses: ['::1'], bootstrap: ['[::1]:4222'] });
  await using four = await ourNode({ via: 4222 });
  await Promise.all([both, six, four].map(connected));
  await until('both families are connected', () =>
    both.status().families.every(({ connectivity }) => connectivity === 'connected'),
  );
  await both.put(HASH, text('from-both'));
  await six.put(HASH, text('from-six'));
  dhtnode.command(`p ${KEY} from-dhtnode`);
  await until('IPv6 has it', async () => (await textsAt(six, KEY)).length === 3);
  await until('both has all', async () => (await textsAt(both, KEY)).length === 3);
  await until('IPv4 has what was put there', async () =>
    (await textsAt(four, KEY)).join(' ').includes('from-both'),
  );
}

/** 2.4.12 nodes lose such a dump (their own listeners then see nothing); ours is paced, and theirs receive it. */
async function lateJoiner(): Promise<void> {
  const count = 1000;
  await using ours = await ourNode();
  const contents = Array.from({ length: count }, (_, index) => `${index} `.padEnd(460, 'x'));
  await Promise.all(contents.map((each) => ours.put(HASH, text(each), { permanent: true })));
  await using late = await PythonNode.start(4301, { bootstrap: ours.locals[0]?.port ?? 0 });
  await connected(ours);
  await late.listen(KEY);
  await until('the late joiner has all', () => late.events('value').length === count);
  await using second = await ourNode({ via: 4301 });
  await connected(second);
  await using heard = new Heard(second, KEY);
  await until('ours that joins even later has all', () => heard.lines.length === count);
}

export const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  'we bootstrap from them: put, get and listen in each direction, small and large': theyLetUsIn,
  'they bootstrap from us: we store, answer and push': weLetThemIn,
  'signed values in each direction, and an edit': signed,
  'values expire, permanent ones outlive their first announcement': aging,
  'three and three, one of each killed': threeAndThree,
  'a late joiner gets a thousand values': lateJoiner,
  'network id': networkId,
  'peer discovery by multicast': peerDiscovery,
  'restart from the exported state': restart,
  'IPv4 and IPv6 side by side': bothFamilies,
};
