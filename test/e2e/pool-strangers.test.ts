// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Strangers in several networks flood a node of the pool: with links, claims, keys, and pages in the name of others. */

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Exchange } from '@sentrypeer/pool/link';
import { LinkDoor } from '@sentrypeer/pool/tls';
import { pagesIn } from '../../packages/pool/test/link/page-list.ts';
import { authorOf, claimOf, pageOf } from '../../packages/pool/test/pages/pages.ts';
import { DaemonProcess, until } from './daemon-process.ts';
import { freeTcpPort, met } from './pool-nodes.ts';

/** What two friends met before the flood and during it, and what the strangers say that they met. */
const [BEFORE, DURING] = ['45.12.3.4', '45.12.3.5'];
const [VICTIM, LINKED, FORGED] = ['45.66.0.1', '45.66.0.2', '45.66.0.3'];
const NETWORKS = [10, 11, 12, 13, 14, 15];
/** Links that one network may have with a node. */
const LINKS_PER_NETWORK = 2;
const KEYS = 100;
const CLAIMS = 100;
/** Connections of each network that never say anything. */
const SILENT = 40;
const NODE = ['-r', '--threads=1', '-p', '--neighbours=off', '--share-delay=0', '-b', 'none'];

type Author = ReturnType<typeof authorOf>;

async function json<T>(node: DaemonProcess, ...words: readonly string[]): Promise<T> {
  const all = ['-f', node.dbFile, ...words, '--json'];
  const { status, stdout, stderr } = await DaemonProcess.run(all, { folder: node.folder });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** Signed by its author, unless somebody else does it. */
function page(author: Author, addresses: readonly string[], signer = author): Uint8Array {
  const nowS = Math.floor(systemClock.epochUs() / 1e6);
  const lastHour = Math.floor(nowS / 3600) - 1;
  const claims = addresses.map((value) => claimOf(value, { lastHour, grade: 'handshake' }));
  const written = { ...author, sign: (octets: Uint8Array) => signer.sign(octets) };
  return pageOf(written, { serial: nowS, madeEpochS: nowS, claims });
}

/** A node that has these pages, takes none, and dials again and again. */
async function openStranger(
  address: string,
  port: number,
  pages: readonly Uint8Array[],
  signer: Author,
): Promise<AsyncDisposable & { readonly linkedCount: number }> {
  const exchange = new Exchange(
    {
      clock: systemClock,
      logger: silentLogger,
      random: { fill: (octets) => randomFillSync(octets) },
      wakeAfter: (waitMs, run) => {
        const timeout = setTimeout(run, waitMs);
        return () => clearTimeout(timeout);
      },
      pages: pagesIn(pages),
      take: async (others) => others.map(() => 'known' as const),
      proof: () => [],
      voters: () => new Set(),
      known: () => new Set(),
      distrust: () => ({ covers: () => false }),
      onLinks: () => undefined,
    },
    { networkId: 0, key: signer.publicKey.toHex() },
  );
  const ports = { clock: systemClock, logger: silentLogger, exchange };
  const options = { signer, privateKeyPem: signer.pem, locals: [], callsFrom: [address] };
  const door = await LinkDoor.open(ports, options);
  const closing = new AbortController();
  let linkedCount = 0;
  const dial = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const called = await door.call({ host: '127.0.0.1', port, key: undefined });
      if (called.kind === 'linked') {
        linkedCount += 1;
        await called.ended;
      }
      await after(100); // Not what is waited for: so often it dials.
    }
  };
  const dialling = dial();
  return {
    get linkedCount() {
      return linkedCount;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      exchange.close();
      await door[Symbol.asyncDispose]();
      await dialling;
    },
  };
}

function openSilent(localAddress: string, port: number): Disposable {
  const sockets: Socket[] = [];
  for (let index = 0; index < SILENT; index += 1) {
    const socket = createConnection({ host: '127.0.0.1', port, localAddress });
    sockets.push(socket.on('error', () => undefined));
  }
  return { [Symbol.dispose]: () => sockets.forEach((socket) => void socket.destroy()) };
}

test('strangers of six networks who flood links, keys, claims and forged pages hold up no friend, and nothing of theirs acts', async () => {
  const port = await freeTcpPort();
  const at = ['--dht-address=127.0.0.1', `--dht-port=${port}`];
  await using hub = await DaemonProcess.start([...NODE, ...at]);
  const start = (address: string): Promise<DaemonProcess> =>
    DaemonProcess.start([
      ...NODE,
      `--dht-address=${address}`,
      '--dht-port=0',
      `--pool-peer=127.0.0.1:${port}`,
    ]);
  await using alice = await start('127.1.0.1');
  await using bob = await start('127.2.0.1');
  const listed = (): readonly string[] =>
    hub.rows('SELECT value FROM listing ORDER BY value').map(({ value }) => String(value));
  for (const friend of [alice, bob]) await met(friend, [BEFORE]);
  await until('both pages', () => hub.number('SELECT count(*) FROM pool_claim') === 2);
  const friends = hub.rows('SELECT node_id, public_key FROM pool_author');
  for (const [at, { node_id: id }] of friends.entries())
    await json(hub, 'peers', 'trust', String(id), `Friend ${at}`);
  await until('what the friends met', () => listed().length === 1);

  await using scope = new AsyncDisposableStack();
  const strangers: Awaited<ReturnType<typeof openStranger>>[] = [];
  const friendKey = friends[0]?.['public_key'];
  assert.ok(friendKey instanceof Uint8Array);
  for (const network of NETWORKS) {
    const junk = Array.from({ length: CLAIMS }, (_, index) => `45.${network}.${index}.1`);
    const keys = Array.from({ length: KEYS }, (_, index) => authorOf(`${network} ${index}`));
    // The second is linked with the key that signs its page, so its network is proved.
    const ends = ['keys', 'claims', 'forger'].map((name) => authorOf(`${name} ${network}`));
    for (const [index, end] of ends.entries()) {
      const pages = [
        keys.map((key) => page(key, [VICTIM, ...junk])),
        [page(end, [LINKED])],
        [page({ ...end, publicKey: friendKey }, [FORGED, VICTIM], end)],
      ][index];
      const address = `127.${network}.0.${index + 1}`;
      const stranger = await openStranger(address, port, pages ?? [], end);
      strangers.push(scope.use(stranger));
    }
  }
  await until(
    'links with strangers',
    () => strangers.filter((one) => one.linkedCount > 0).length > 9,
  );
  await until('networks of strangers to be proved', () => {
    const sql = `SELECT count(*) FROM pool_claim JOIN pool_author USING (author_id) JOIN pool_network USING (node_id)
      WHERE subject = '${LINKED}'`;
    return hub.number(sql) > 2;
  });
  await until('what strangers say', () => {
    const sql = `SELECT count(DISTINCT author_id) FROM pool_claim WHERE subject = '${VICTIM}'`;
    return hub.number(sql) > 9; // 16 claims of a subject are kept.
  });
  for (const network of NETWORKS) scope.use(openSilent(`127.${network}.0.9`, port));

  for (const friend of [alice, bob]) await met(friend, [DURING]);
  await until('what the friends met meanwhile', () => listed().includes(DURING));
  assert.deepEqual(listed(), [BEFORE, DURING], 'nothing else is listed or watched');
  const url = `http://127.0.0.1:${hub.ports.api}`;
  for (const victim of [VICTIM, LINKED, FORGED]) {
    const { level } = (await (await fetch(`${url}/v1/check?address=${victim}`)).json()) as {
      readonly level: string;
    };
    assert.equal(level, 'none', victim);
    assert.equal((await fetch(`${url}/ip-addresses/${victim}`)).status, 404, victim);
  }
  const forged = `SELECT count(*) FROM pool_claim WHERE subject = '${FORGED}'`;
  assert.equal(hub.number(forged), 0, 'a page in the name of a friend');
  const peers = await json<readonly { readonly link: { readonly address: string } | null }[]>(
    hub,
    'peers',
  );
  const links = peers.flatMap(({ link }) => link?.address.split('.').slice(0, 2).join('.') ?? []);
  for (const network of new Set(links)) {
    const count = links.filter((each) => each === network).length;
    assert.ok(count <= LINKS_PER_NETWORK, `${network}: ${count} links`);
  }
  assert.ok(
    ['127.1', '127.2'].every((network) => links.includes(network)),
    'links with friends',
  );
});
