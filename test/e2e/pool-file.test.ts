// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pool as a file: `pool export` and `pool import` next to daemons that record all the while. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { met } from './pool-nodes.ts';
import { sipRequest, StreamPeer } from './sip-peers.ts';

const SHARING = ['-r', '--threads=1', '-p', '-b', 'none', '--neighbours=off', '--share-delay=0'];
const ALONE = ['--dht-address=127.0.0.1', '--dht-port=0', '--pool-address=none'];
const ATTACKERS = ['45.12.3.4', '45.13.3.4', '45.14.3.4'];
/** Calls that are on their way at a time. */
const CALLS_COUNT = 10;

function start(...more: readonly string[]): Promise<DaemonProcess> {
  return DaemonProcess.start([...SHARING, ...ALONE, ...more]);
}

async function run(node: DaemonProcess, ...words: readonly string[]): Promise<string> {
  const all = ['-f', node.dbFile, ...words];
  const { status, stdout, stderr } = await DaemonProcess.run(all, { folder: node.folder });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Calls the node before, during and after the work; each call must be recorded, each once. */
async function recordsDuring<T>(node: DaemonProcess, work: () => Promise<T>): Promise<T> {
  using stream = await StreamPeer.open(node.ports.tcp);
  const before = node.accounted();
  let count = 0;
  const call = async (): Promise<void> => {
    for (let index = 0; index < CALLS_COUNT; index += 1) {
      count += 1;
      const user = `00441632960${100 + count}`;
      await stream.send(sipRequest({ method: 'INVITE', user, callId: `${user}-${before}` }));
    }
    await node.recorded(before + count);
  };
  await call();
  const state = { isOver: false };
  const callAllTheWhile = async (): Promise<void> => {
    while (!state.isOver) await call();
  };
  const [result] = await Promise.all([
    work().finally(() => (state.isOver = true)),
    callAllTheWhile(),
  ]);
  await call();
  assert.equal(node.accounted(), before + count);
  assert.equal(node.number("SELECT value FROM counter WHERE name = 'dropped_messages'"), 0);
  return result;
}

test('pool export and pool import next to daemons that record lose nothing, and what two voters say is listed', async () => {
  await using taker = await start('--no-network-check');
  await using scope = new AsyncDisposableStack();
  const friends = await Promise.all([start(), start()]);
  for (const friend of friends) scope.use(friend);
  const ids = friends.map(({ stdout }) => /, node (\S+)$/m.exec(stdout)?.[1] ?? '');
  let pages = 0;
  for (const friend of friends) {
    await met(friend, ATTACKERS);
    const file = join(friend.folder, 'pool.pages');
    const claims = 'SELECT count(*) FROM pool_claim';
    await until('the claims', () => friend.number(claims) >= ATTACKERS.length);
    const exported = await recordsDuring(friend, () => run(friend, 'pool', 'export', file));
    const [, count = ''] = /^(\d+) pages? exported to /.exec(exported) ?? [];
    pages += Number(count);
    const first = await recordsDuring(taker, () => run(taker, 'pool', 'import', file));
    assert.match(first, new RegExp(`^${count} pages? .*, 0 known before, 0 .*, 0 ended, 0 bad`));
    const again = await run(taker, 'pool', 'import', file);
    assert.match(again, new RegExp(`^0 pages .*, ${count} known before, 0 .*, 0 ended, 0 bad`));
  }
  const listed = "SELECT count(*) FROM listing WHERE level = 'listed' AND kind = 'address'";
  assert.equal(taker.number(listed), 0, 'they are strangers');
  await recordsDuring(taker, async () => {
    for (const [at, id] of ids.entries()) await run(taker, 'peers', 'trust', id, `Friend ${at}`);
    await until('the listings', () => taker.number(listed) === ATTACKERS.length);
  });
  const why = await run(taker, '--no-network-check', 'explain', ATTACKERS[0] ?? '');
  assert.match(why, /2 of 2 voters .* Friend \d, Friend \d/);
  await taker.stop();
  const kept = await run(taker, 'pool', 'export', join(taker.folder, 'all.pages'));
  assert.ok(kept.startsWith(`${pages} pages exported`), kept);
});
