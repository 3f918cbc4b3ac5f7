// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Links between nodes with real databases, over real TLS on loopback. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import type { DhtNode } from '@sentrypeer/dht';
import { openDht } from '@sentrypeer/dht/udp';
import type { NodePlace } from '@sentrypeer/ip';
import { silentLogger, systemClock, type Clock } from '@sentrypeer/kernel';
import { composePages, retirePage } from '@sentrypeer/pool/pages';
import { Peers, Store, StoreReader, type PoolPage, type ProvedNetwork } from '@sentrypeer/store';
import type { Config } from '../../src/config/config.ts';
import type { Engine } from '../../src/engine.ts';
import { openIdentity, type Identity } from '../../src/identity.ts';
import { signedPages } from '../../src/services/pool/check-page.ts';
import { makePoolKey } from '../../src/services/pool/pool-key.ts';
import { PoolLinks } from '../../src/services/pool/pool-links.ts';

const HOST = '127.0.0.1';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!condition()) {
    assert.ok(!deadline.aborted, `not in time: ${what}`);
    await after(10);
  }
}

const DAY_MS = 86_400_000;
const DAY_US = DAY_MS * 1000;
const YEAR_US = 365 * DAY_US;

/** The machine's clock, put forward. */
class ShiftedClock implements Clock {
  us: number;
  ms = 0;

  constructor(us = 0) {
    this.us = us;
  }

  nowMs(): number {
    return systemClock.nowMs() + this.ms;
  }

  epochUs(): number {
    return systemClock.epochUs() + this.us;
  }
}

interface NodeOptions {
  readonly peers?: readonly Node[];
  readonly poolKeyFile?: string;
  /** A folder that another node used. */
  readonly folder?: string;
  /** Local addresses to dial from. @default as the system routes */
  readonly dialsFrom?: readonly string[];
  /** For finding others and being found. @default none */
  readonly dht?: DhtNode;
  /** Microseconds that its clock is ahead. @default 0 */
  readonly aheadUs?: number;
}

type WriterArguments = readonly [
  readonly PoolPage[] | readonly ProvedNetwork[],
  boolean?,
  NodePlace?,
];

const NO_DHT = {
  put: async () => ({ id: 1n, announced: false, nodesCount: 0 }),
  cancel: () => false,
  get: async () => [],
};

function claiming(
  identity: Identity,
  subject: string,
  nowS: number,
  isQuiet: boolean,
): readonly PoolPage[] {
  const lastHour = Math.floor(nowS / 3600);
  const facts = {
    grade: 'handshake',
    contactsLog2: 3,
    daysCount: 1,
    triedPasswords: true,
    madeCostlyCalls: false,
    usedTool: false,
    breadthLog2: 0,
  } as const;
  const claim = { subject: { kind: 'address', value: subject }, lastHour, facts } as const;
  const statements = [{ claim, isQuiet }];
  return signedPages(composePages([], statements, identity, { networkId: 0, nowS }));
}

/** A node. */
class Node implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly identity: Identity;
  readonly reader: StoreReader;
  readonly links: PoolLinks;
  /** What it logs about its pages. */
  readonly told: readonly string[];
  readonly #store: Store;
  readonly #clock: ShiftedClock;
  /** The same time, but a day may pass for the store alone. */
  readonly #storeClock: ShiftedClock;

  private constructor(
    parts: Pick<Node, 'folder' | 'port' | 'identity' | 'reader' | 'links' | 'told'> & {
      store: Store;
      clocks: readonly [ShiftedClock, ShiftedClock];
    },
  ) {
    this.told = parts.told;
    [this.#clock, this.#storeClock] = parts.clocks;
    this.folder = parts.folder;
    this.port = parts.port;
    this.identity = parts.identity;
    this.reader = parts.reader;
    this.links = parts.links;
    this.#store = parts.store;
  }

  static async open({
    peers = [],
    poolKeyFile,
    folder,
    dialsFrom,
    dht,
    aheadUs = 0,
  }: NodeOptions = {}): Promise<Node> {
    const path = folder ?? mkdtempSync(join(tmpdir(), 'sentrypeer-links-'));
    const dbFile = join(path, 'sentrypeer.db');
    const clocks = [new ShiftedClock(aheadUs), new ShiftedClock(aheadUs)] as const;
    const [clock, storeClock] = clocks;
    const told: string[] = [];
    const tell = (event: string): void => {
      if (event.startsWith('pool_pages') || event.startsWith('pool_key')) told.push(event);
    };
    const ports = { clock, logger: { ...silentLogger, info: tell, warn: tell } };
    const store = Store.open({ ...ports, clock: storeClock }, { path: dbFile });
    while (store.maintain());
    const reader = StoreReader.open(dbFile);
    const identity = await openIdentity(join(path, 'identity.json'));
    const [local = { address: HOST, port: await freePort() }] = dht?.locals ?? [];
    const { port } = local;
    const write = async (command: string, ...[what, asSelf, told]: WriterArguments) =>
      command === 'proveNetworks'
        ? store.proveNetworks(what as readonly ProvedNetwork[])
        : store.addPages(what as readonly PoolPage[], asSelf, told);
    const config: Partial<Config> = {
      dbFile,
      dhtPort: port,
      dhtNetwork: 0,
      dhtAddresses: dialsFrom ?? (dht === undefined ? 'all' : [local.address]),
      poolAddress: 'auto',
      shareDelaySeconds: 0,
      poolPeers: peers.map((peer) => ({
        host: HOST,
        port: peer.port,
        key: peer.identity.publicKey.toHex(),
      })),
      poolKeyFile,
    };
    const links = await PoolLinks.open(
      {
        ...ports,
        engine: { write } as unknown as Engine,
        log: reader,
        identity,
        rendezvousNetwork: dht ?? NO_DHT,
        surroundings: { nodes: () => [], seenAt: () => dht?.status().reportedAddresses ?? [] },
        onFailed: (error) => assert.fail(String(error)),
        wakeAfter: (waitMs, run) => {
          const timeout = setTimeout(run, waitMs);
          return () => clearTimeout(timeout);
        },
      },
      config as Config,
      [local],
    );
    return new Node({ folder: path, port, identity, reader, links, told, store, clocks });
  }

  /** Evidence against addresses, as the judge's summary. */
  met(addresses: readonly string[], epochUs = this.#clock.epochUs()): void {
    using database = new DatabaseSync(join(this.folder, 'sentrypeer.db'));
    const insert = database.prepare(`
      INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
        credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
      VALUES (?, 2, ?2, ?2, 1, 9, 0, 9, 2, 1, NULL, 0, 9, 1)`);
    for (const address of addresses) insert.run(address, epochUs);
  }

  /** Its clock is put right, or wrong. */
  setClock(aheadUs: number): void {
    [this.#clock.us, this.#storeClock.us] = [aheadUs, aheadUs];
    this.pass(2000);
  }

  /** Time passes for the store, but for no wall clock. */
  pass(ms: number): void {
    this.#storeClock.ms += ms;
    while (this.#store.maintain());
  }

  /** Something that is signed with its key and comes from elsewhere, to the given node. */
  leak(subject: string, to: Node): void {
    const nowS = Math.floor(systemClock.epochUs() / 1e6) + 100;
    assert.deepEqual(to.#store.addPages(claiming(this.identity, subject, nowS, false)), ['taken']);
  }

  /** The same for a node that does not run. */
  hear(liar: Identity, subject: string, nowS: number): void {
    assert.deepEqual(this.#store.addPages(claiming(liar, subject, nowS, false)), ['taken']);
  }

  /** Nodes of which two pages with one serial prove that they lie. */
  liars(): readonly string[] {
    using database = new DatabaseSync(join(this.folder, 'sentrypeer.db'), { readOnly: true });
    const rows = database.prepare("SELECT node_id FROM pool_author WHERE state = 'liar'").all();
    return rows.map((row) => String(row['node_id']));
  }

  /** Something that it says only to its followers. */
  whisper(subject: string): void {
    const nowS = Math.floor(systemClock.epochUs() / 1e6);
    assert.deepEqual(this.#store.addPages(claiming(this.identity, subject, nowS, true), true), [
      'taken',
    ]);
  }

  /** Like `pool retire`. */
  retire(): void {
    const nowS = Math.floor(systemClock.epochUs() / 1e6) + 1;
    const page = retirePage([], this.identity, { networkId: 0, nowS });
    assert.deepEqual(this.#store.addPages(signedPages([page]), true), ['taken']);
  }

  subjects(): readonly string[] {
    using database = new DatabaseSync(join(this.folder, 'sentrypeer.db'), { readOnly: true });
    const rows = database.prepare('SELECT DISTINCT subject FROM pool_claim ORDER BY subject').all();
    return rows.map((row) => String(row['subject']));
  }

  /** Like the command, in a separate process. */
  judge(network: string, word: 'distrust' | 'forget'): void {
    using peers = Peers.open(
      { clock: systemClock, logger: silentLogger },
      join(this.folder, 'sentrypeer.db'),
    );
    if (word === 'forget') peers.forget(network);
    else peers.setTrust(network, 'distrusted');
  }

  trust(other: Node): void {
    this.#store.setTrust(other.identity.nodeId, 'trusted');
  }

  /** Like `peers trust KEY`, in a separate process. */
  trustKey({ identity }: Node): void {
    using peers = Peers.open(
      { clock: systemClock, logger: silentLogger },
      join(this.folder, 'sentrypeer.db'),
    );
    peers.setTrust(identity.nodeId, 'trusted', undefined, identity.publicKey);
  }

  /** Networks in which links proved nodes to be, by the node's id. */
  networks(): Readonly<Record<string, string>> {
    using database = new DatabaseSync(join(this.folder, 'sentrypeer.db'), { readOnly: true });
    const rows = database.prepare('SELECT node_id, network FROM pool_network').all();
    return Object.fromEntries(rows.map((row) => [String(row['node_id']), String(row['network'])]));
  }

  async close(): Promise<void> {
    await this.links[Symbol.asyncDispose]();
    this.reader.close();
    this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('ten nodes in a chain with one hub all know what each of them met, and a late joiner too', async () => {
  await using scope = new AsyncDisposableStack();
  const nodes: Node[] = [];
  for (let index = 0; index < 10; index += 1) {
    const peers = [nodes[index - 1], nodes[0]].filter((node) => node !== undefined);
    nodes.push(scope.use(await Node.open({ peers: [...new Set(peers)] })));
  }
  for (const [index, node] of nodes.entries()) node.met([`45.1.0.${index}`, `45.1.1.${index}`]);
  await until('all pages at all nodes', () => nodes.every((node) => node.subjects().length === 20));
  const joiner = scope.use(await Node.open({ peers: nodes.slice(4, 5) }));
  await until('the history at the joiner', () => joiner.subjects().length === 20);
  assert.deepEqual(joiner.subjects(), nodes[0]?.subjects());
  assert.equal(joiner.links.status().links[0]?.isOutward, true);
});

test('a node whose clock was a year ahead says what it meets when it is right again', async () => {
  await using hub = await Node.open();
  await using other = await Node.open({ peers: [hub] });
  hub.met(['45.1.0.1'], systemClock.epochUs() + 365 * 86_400e6);
  await until('what was met in a year', () => other.subjects().length === 1);
  hub.met(['45.1.0.2']);
  await until('what was met since', () => other.subjects().length === 2);
});

test('pages from when the clock was a year ahead are written again, and nodes that had them take the new ones', async () => {
  await using right = await Node.open();
  await using hub = await Node.open({ peers: [right], aheadUs: YEAR_US });
  await using alike = await Node.open({ peers: [hub], aheadUs: YEAR_US });
  hub.met(['45.1.0.1']);
  await until('the page where the clock is alike', () => alike.subjects().length === 1);
  const refused = (node: Node): number => node.links.status().counters.refused;
  await until('its refusal where the clock is right', () => refused(right) > 0);
  assert.equal(hub.links.status().aheadUntilEpochUs, undefined);
  hub.setClock(0);
  alike.setClock(0);
  hub.met(['45.1.0.2']);
  await until('what it writes when its clock is right', () => hub.subjects().length === 2);
  await until('that it says so', () => hub.told.includes('pool_pages_ahead'));
  const { aheadUntilEpochUs = 0 } = hub.links.status();
  assert.ok(aheadUntilEpochUs > systemClock.epochUs() + 364 * DAY_US);
  assert.deepEqual(right.subjects(), []);
  assert.deepEqual(alike.subjects(), ['45.1.0.1'], 'its clock is in doubt');
  alike.pass(DAY_MS);
  assert.deepEqual(alike.subjects(), []);
  hub.pass(DAY_MS);
  for (const node of [hub, right, alike]) {
    await until('all of it', () => node.subjects().length === 2);
  }
  assert.equal(hub.links.status().aheadUntilEpochUs, undefined);
  await until('that it is over', () => hub.told.at(-1) === 'pool_pages_accepted');
  assert.deepEqual(hub.told, [
    'pool_pages_ahead',
    'pool_pages_ahead_removed',
    'pool_pages_accepted',
  ]);
});

test('a page of the key of a node that it did not write is answered with everything that it says', async () => {
  await using hub = await Node.open();
  hub.met(['45.1.0.1', '45.1.0.2']);
  await until('its pages', () => hub.subjects().length === 2);
  await using other = await Node.open();
  hub.leak('45.1.0.3', other);
  await using between = await Node.open({ peers: [hub, other] });
  await until('all of it at the others', () =>
    [other, between].every((node) => node.subjects().length === 3),
  );
  assert.deepEqual(other.subjects(), ['45.1.0.1', '45.1.0.2', '45.1.0.3']);
});

test('pages that a clock nearly a day ahead removed come again when it is put back', async () => {
  await using hub = await Node.open();
  const ahead = await Node.open({ peers: [hub] });
  hub.met(['45.1.0.1'], systemClock.epochUs() - 6.5 * DAY_US);
  await until('the page', () => ahead.subjects().length === 1);
  ahead.setClock(0.9 * DAY_US);
  assert.deepEqual(ahead.subjects(), []);
  ahead.setClock(0);
  assert.equal(hub.subjects().length, 1);
  await ahead.close();
  await using back = await Node.open({ peers: [hub], folder: ahead.folder });
  await until('the page again', () => back.subjects().length === 1);
});

test('a node that was away has what it missed, and links come back by themselves', async () => {
  await using hub = await Node.open();
  const away = await Node.open({ peers: [hub] });
  await until('the link', () => hub.links.status().links.length === 1);
  await away.close();
  await until('its end', () => hub.links.status().links.length === 0);
  hub.met(['45.1.0.1']);
  await until('the page', () => hub.subjects().length === 1);
  await using back = await Node.open({ peers: [hub], folder: away.folder });
  await until('the missed page', () => back.subjects().length === 1);
  assert.equal(back.identity.nodeId, away.identity.nodeId);
});

test('a closed pool keeps what it knows, and takes nothing of others', async () => {
  using folder = {
    path: mkdtempSync(join(tmpdir(), 'sentrypeer-key-')),
    [Symbol.dispose]() {
      rmSync(this.path, { recursive: true });
    },
  };
  const poolKeyFile = join(folder.path, 'pool.key');
  await makePoolKey(poolKeyFile);
  await assert.rejects(makePoolKey(poolKeyFile), { code: 'pool_key_unwritable' });
  await using a = await Node.open({ poolKeyFile });
  await using b = await Node.open({ poolKeyFile, peers: [a] });
  await using stranger = await Node.open({ peers: [a] });
  a.met(['45.1.0.1']);
  stranger.met(['45.1.0.2']);
  await until('the pages', () => b.subjects().length === 1 && stranger.subjects().length === 1);
  assert.deepEqual(a.subjects(), ['45.1.0.1']);
  assert.deepEqual(stranger.subjects(), ['45.1.0.2']);
  assert.equal(a.links.status().links.length, 1);
  const missing = join(folder.path, 'none');
  await assert.rejects(Node.open({ poolKeyFile: missing }), { code: 'pool_key_unreadable' });
});

test('a link proves the network of the node, which dials from the address that it was given', async () => {
  await using hub = await Node.open();
  await using near = await Node.open({ peers: [hub] });
  await using far = await Node.open({ peers: [hub], dialsFrom: ['::1', '127.66.0.1'] });
  await using blind = await Node.open({ peers: [hub], dialsFrom: ['::1'] });
  await until('the links', () => Object.keys(hub.networks()).length === 2);
  await until('what the callers see', () => Object.keys(far.networks()).length === 1);
  assert.deepEqual(hub.networks(), {
    [near.identity.nodeId]: '127.0.0.0/16',
    [far.identity.nodeId]: '127.66.0.0/16',
  });
  assert.deepEqual(far.networks(), { [hub.identity.nodeId]: '127.0.0.0/16' });
  assert.deepEqual(blind.networks(), {}, 'it has no address of IPv4 to dial from');
});

test('nodes find each other in the DHT, and a voter is found wherever it is', async () => {
  await using scope = new AsyncDisposableStack();
  const openAt = async (address: string, bootstrap: readonly DhtNode[]): Promise<DhtNode> => {
    const hosts = bootstrap.flatMap(({ locals }) =>
      locals.map((local) => `${local.address}:${local.port}`),
    );
    const options = { port: 0, addresses: [address], bootstrap: hosts, logger: silentLogger };
    return scope.use(await openDht(options));
  };
  const first = await openAt('127.1.0.1', []);
  const dhts = [first];
  for (const address of ['127.2.0.1', '127.3.0.1', '127.3.0.2', '127.3.0.3']) {
    dhts.push(await openAt(address, [first]));
  }
  await Promise.all(dhts.map((dht) => dht.connected(AbortSignal.timeout(60_000))));
  const nodes: Node[] = [];
  for (const dht of dhts) nodes.push(scope.use(await Node.open({ dht })));
  const [alice, bob, ...others] = nodes;
  assert.ok(alice !== undefined && bob !== undefined);
  await until('links', () => nodes.every(({ links }) => links.status().links.length > 0));
  // All of the others are in one network, in which Alice has one link.
  for (const node of others) alice.trust(node);
  await until('networks of the voters', () =>
    others.every(({ identity }) => alice.networks()[identity.nodeId] === '127.3.0.0/16'),
  );
  assert.equal(alice.reader.pool.counts().unproved, 0);
});

test('a distrusted network takes links and what came over them along, and comes back when it is forgotten', async () => {
  await using hub = await Node.open();
  await using bad = await Node.open({ peers: [hub], dialsFrom: ['127.66.0.1'] });
  await using good = await Node.open({ peers: [hub], dialsFrom: ['127.77.0.1'] });
  bad.met(['45.1.0.1']);
  good.met(['45.1.0.2']);
  await until('both pages and places', () => {
    return hub.subjects().length === 2 && Object.keys(hub.networks()).length === 2;
  });
  hub.judge('127.66.0.0/16', 'distrust');
  assert.deepEqual(hub.subjects(), ['45.1.0.2']);
  const linked = (): readonly string[] => hub.links.status().links.map(({ nodeId }) => nodeId);
  await until('the end of the link', () => !linked().includes(bad.identity.nodeId));
  assert.deepEqual(linked(), [good.identity.nodeId]);
  bad.met(['45.1.0.3']);
  good.met(['45.1.0.4']);
  await until('what the other one says', () => hub.subjects().includes('45.1.0.4'));
  assert.deepEqual(hub.subjects(), ['45.1.0.2', '45.1.0.4']);
  hub.judge('127.66.0.0/16', 'forget');
  await until('all of it', () => hub.subjects().length === 4);
});

test('a voter that has not said anything yet is followed over a link with it', async () => {
  await using voter = await Node.open();
  await using follower = await Node.open({ peers: [voter] });
  await until('the link', () => Object.keys(follower.networks()).length === 1);
  follower.trust(voter);
  voter.whisper('45.1.0.1');
  await until('what it tells its followers', () => follower.subjects().length === 1);
});

test('a voter that is trusted by its key is followed through others that follow it', async () => {
  await using voter = await Node.open();
  await using between = await Node.open({ peers: [voter] });
  between.trust(voter);
  await using follower = await Node.open({ peers: [between] });
  await using other = await Node.open({ peers: [between] });
  follower.trustKey(voter);
  voter.whisper('45.1.0.1');
  await until('the page between', () => between.subjects().length === 1);
  await until('the page at the follower', () => follower.subjects().length === 1);
  assert.deepEqual(follower.networks()[voter.identity.nodeId], undefined);
  assert.deepEqual(other.subjects(), [], 'it does not follow');
});

test('a node whose key was retired logs it once, writes nothing more, and continues as a new node', async () => {
  await using hub = await Node.open();
  await using other = await Node.open({ peers: [hub] });
  hub.met(['45.1.0.1']);
  await until('its page', () => other.subjects().length === 1);
  hub.retire();
  await until('its end at the other node', () => other.subjects().length === 0);
  await until('that it says so', () => hub.told.length > 0);
  hub.met(['45.1.0.2']);
  const { keyState, own } = hub.links.status();
  assert.deepEqual([keyState, own.taken], ['retired', 1]);
  await hub.close();
  rmSync(join(hub.folder, 'identity.json'));
  await using again = await Node.open({ folder: hub.folder, peers: [other] });
  await until('all of it', () => other.subjects().length === 2);
  assert.deepEqual([hub.told, again.told], [['pool_key_ended'], []]);
  assert.equal(again.links.status().keyState, 'alive');
});

test('a node that tells two halves of the pool different pages with one serial is caught by all, and counts nowhere', async () => {
  await using liar = await Node.open();
  await using scope = new AsyncDisposableStack();
  const open = async (...peers: readonly Node[]): Promise<Node> =>
    scope.use(await Node.open({ peers }));
  const left = await open();
  const leftEnd = await open(left);
  const right = await open();
  const rightEnd = await open(right);
  const nowS = Math.floor(systemClock.epochUs() / 1e6);
  left.hear(liar.identity, '45.1.0.1', nowS);
  right.hear(liar.identity, '45.1.0.2', nowS);
  await until('one page at each end', () =>
    [leftEnd, rightEnd].every((node) => node.subjects().length === 1),
  );
  const between = await open(left, right);
  const all = [leftEnd, left, between, right, rightEnd];
  const { nodeId } = liar.identity;
  await until('that all know it', () => all.every((node) => node.liars().includes(nodeId)));
  assert.deepEqual(
    all.flatMap((node) => node.subjects()),
    [],
  );
  const caught = all.map(({ links }) => links.status().counters.caught);
  assert.deepEqual(caught, [1, 1, 1, 1, 1]);
  const left2 = all.flatMap(({ links }) => Object.values(links.status().left));
  assert.ok(
    left2.every((count) => count === 0),
    'no link ends because of it',
  );
});
