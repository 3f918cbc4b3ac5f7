// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Sharing with other nodes, as an operator sees it. The other node is a DHT node of the test, on loopback. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import {
  ask,
  claimOf,
  judge,
  makeKey,
  metricsOf,
  NODE_A,
  NODE_B,
  OtherNode,
} from './other-node.ts';

const UNTIL_MS = 30_000;

/** UDP sockets of a process, according to the kernel. */
function udpSocketsCount(pid: number): number {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // Closed meanwhile.
      }
    }),
  );
  const lines = ['udp', 'udp6'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'latin1').split('\n').slice(1),
  );
  return lines.filter((line) => inodes.has(line.trim().split(/\s+/)[9] ?? '')).length;
}

describe('sharing', { concurrency: true }, () => {
  test('without -p no DHT port is open, whatever else is asked for', async (t) => {
    if (process.platform !== 'linux') return t.skip('the kernel lists sockets on Linux alone');
    await using off = await DaemonProcess.start(['-R', '--bootstrap-node=127.0.0.1:9']);
    assert.equal(udpSocketsCount(off.pid), 0);
    assert.match(off.stderr, /--bootstrap-node has no effect without --peer-to-peer/);
    await using other = await OtherNode.start();
    await using on = await DaemonProcess.start(['-R', ...other.flags]);
    assert.equal(udpSocketsCount(on.pid), 1);
  });

  test('-p with a DHT port that is taken ends at start, with one line', async () => {
    await using other = await OtherNode.start();
    const { status, stderr } = await DaemonProcess.run([
      ...other.flags.filter((flag) => !flag.startsWith('--dht-port')),
      `--dht-port=${other.port}`,
    ]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(
        `^sentrypeer: UDP port ${other.port} on 127\\.0\\.0\\.1 is taken by .+ --dht-port .+\n$`,
      ),
    );
  });

  for (const threads of ['1', '2'])
    test(`what another node shares is kept with its origin, judged and withdrawn, on ${threads} threads`, async () => {
      await using other = await OtherNode.start();
      await using daemon = await DaemonProcess.start([
        ...other.flags,
        `--threads=${threads}`,
        '--lookup-level=hearsay',
        '-j',
      ]);
      await until(
        'the daemon to be ready',
        async () => !(await (await ask(daemon, '/readyz')).text()).includes('sharing'),
        UNTIL_MS,
      );
      await other.put(claimOf({ node: NODE_A, source: '45.0.0.1' }));
      await other.put(claimOf({ node: NODE_B, source: '45.0.0.2' }));
      await until('both events', () => daemon.number('SELECT count(*) FROM honey') === 2, UNTIL_MS);

      const { items } = (await (await ask(daemon, '/v1/peers')).json()) as {
        items: readonly object[];
      };
      assert.equal(items.length, 2);
      const peer = (await (await ask(daemon, `/v1/peers/${NODE_A}`)).json()) as Record<
        string,
        unknown
      >;
      assert.deepEqual(
        { ...peer, first_seen: '', last_seen: '' },
        {
          node_id: NODE_A,
          trust: 'none',
          key: null,
          address: '127.0.0.1',
          events: 1,
          first_seen: '',
          last_seen: '',
          voter: false,
          name: null,
        },
      );
      const found = (await (await ask(daemon, '/v1/events?source_ip=45.0.0.1')).json()) as {
        items: readonly { shared: unknown; grade: unknown }[];
      };
      assert.deepEqual(found.items[0]?.shared, { address: '127.0.0.1', key: null });
      assert.equal(found.items[0]?.grade, null);

      assert.equal((await judge(daemon, NODE_A, 'distrust')).status, 401);
      const reader = await makeKey(daemon, 'reader', 'read');
      assert.equal((await judge(daemon, NODE_A, 'distrust', reader)).status, 403);
      const admin = await makeKey(daemon, 'boss', 'admin');
      assert.equal((await judge(daemon, 'nobody', 'distrust', admin)).status, 400);
      assert.equal((await judge(daemon, NODE_A.replace('a', 'b'), 'forget', admin)).status, 404);
      const network = '45.10.0.0%2F16';
      assert.equal((await judge(daemon, network, 'trust', admin)).status, 400);
      assert.equal((await judge(daemon, '45.10.0.1%2F16', 'distrust', admin)).status, 400);
      assert.equal((await judge(daemon, network, 'forget', admin)).status, 404);
      assert.equal((await judge(daemon, network, 'distrust', admin)).status, 204);
      const out = (await (await ask(daemon, `/v1/peers/${network}`)).json()) as object;
      assert.deepEqual(
        ['node_id', 'trust'].map((name) => Object.entries(out).find(([key]) => key === name)?.[1]),
        ['45.10.0.0/16', 'distrusted'],
      );
      assert.equal((await judge(daemon, network, 'forget', admin)).status, 204);
      assert.equal((await judge(daemon, NODE_A, 'distrust', admin)).status, 204);
      await until(
        'its event to be withdrawn',
        async () => (await ask(daemon, '/ip-addresses/45.0.0.1')).status === 404,
      );
      assert.equal((await ask(daemon, '/ip-addresses/45.0.0.2')).status, 200);
      await other.put(claimOf({ node: NODE_A, source: '45.0.0.3' }));
      await until(
        'the drop to be counted',
        async () =>
          (await metricsOf(daemon)).get('sentrypeer_pool_dropped_total{reason="distrusted"}') === 1,
      );
      assert.equal((await metricsOf(daemon)).get('sentrypeer_pool_events'), 1);

      const list = await DaemonProcess.run(['peers', 'list', '-f', daemon.dbFile]);
      assert.match(
        list.stdout,
        new RegExp(`^${NODE_A} +over others +0 .* distrusted  unsigned  127\\.0\\.0\\.1$`, 'm'),
      );
      const forget = await DaemonProcess.run(['peers', 'forget', NODE_A, '-f', daemon.dbFile]);
      assert.equal(forget.status, 0, forget.stderr);
      const distrust = await DaemonProcess.run([
        'peers',
        'distrust',
        'unsigned',
        '-f',
        daemon.dbFile,
      ]);
      assert.match(distrust.stdout, /^unsigned is distrusted: 1 of its events were withdrawn/);
      assert.equal((await ask(daemon, '/ip-addresses')).status, 404);
      const unknown = await DaemonProcess.run(['peers', 'forget', NODE_A, '-f', daemon.dbFile]);
      assert.equal(unknown.status, 1);
      // Not seen by this node, so not in its own log.
      assert.equal(readFileSync(join(daemon.folder, 'sentrypeer_json.log'), 'utf8'), '');
    });

  test('a restart rejoins without a bootstrap node', async () => {
    await using other = await OtherNode.start();
    await using first = await DaemonProcess.start([...other.flags]);
    const isReady = (daemon: DaemonProcess) => async (): Promise<boolean> =>
      !(await (await ask(daemon, '/readyz')).text()).includes('sharing');
    await until('the first to be connected', isReady(first), UNTIL_MS);
    const stoppedAtMs = performance.now();
    await first.stop();
    assert.ok(performance.now() - stoppedAtMs < 5000, 'nothing holds the stop up');
    const alone = other.flags.map((flag) =>
      flag.startsWith('--bootstrap') ? '--bootstrap-node=none' : flag,
    );
    await using again = await DaemonProcess.start(alone, { folder: first.folder });
    await until('the second to be connected', isReady(again), UNTIL_MS);
    await using lost = await DaemonProcess.start(alone);
    // A problem with a stranger's server must not make this node unready.
    const ready = await ask(lost, '/readyz');
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), {
      status: 'ready',
      degraded: [{ part: 'sharing', why: 'no node of the network answers' }],
    });
  });
});
