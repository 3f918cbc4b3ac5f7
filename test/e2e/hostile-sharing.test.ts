// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A node of the network that tries to poison us. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { randomInt, randomUUID } from 'node:crypto';
import { infoHash } from '@sentrypeer/dht';
import { openDht } from '@sentrypeer/dht/udp';
import { DaemonProcess, until } from './daemon-process.ts';
import { ask, claimOf, judge, makeKey, metricsOf, NODE_A } from './other-node.ts';

const BAD_ACTORS = infoHash('bad_actors');
const WAIT_MS = 60_000;
const NETWORK = randomInt(1, 0x7fff_ffff);
/** They use the network without serving it. */
const HOSTILE = { port: 0, network: NETWORK, client: true };
const FLOOD = 8000;
/** Values at once, and milliseconds for them: just below what a node accepts from one address, 1,024 a second. */
const BATCH = 256;
const BATCH_MS = 290;
const KEY_NODE = 'cccccccc-0000-8000-8000-00000000000c';

function residentMebibytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kibibytes) / 1024;
}

function address(index: number): string {
  return `45.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
}

/** 10,000 values, of which some 630 are accepted at once. */
function values(): readonly Uint8Array[] {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const honest = claimOf({ node: NODE_A, source: '45.0.0.1' });
  const all: Uint8Array[] = [];
  for (let index = 0; index < 400; index += 1) {
    all.push(text(`{"app_name":${index}`), crypto.getRandomValues(new Uint8Array(300)));
    all.push(claimOf({ node: NODE_A, source: `8.8.8.8;rm ${index}` }));
    all.push(claimOf({ node: KEY_NODE, source: address(index), sig: 'A'.repeat(86) }));
    all.push(new Uint8Array([...honest, 0x20, ...text(' '.repeat(index % 50))])); // Replayed.
  }
  for (let index = 0; index < 10; index += 1) all.push(text('x'.repeat(20_000)));
  for (let index = 0; all.length < FLOOD; index += 1)
    all.push(claimOf({ node: NODE_A, source: address(index) }));
  while (all.length < 10_000)
    all.push(claimOf({ node: randomUUID(), source: address(all.length), sip_method: 'REGISTER' }));
  return all;
}

test('10,000 hostile values leave memory flat, hold to the quotas, and go with one distrust', async (t) => {
  if (process.platform !== 'linux') return t.skip('memory is read from /proc');
  const syslog = createSocket('udp4').bind(0, '127.0.0.1');
  await once(syslog, 'listening');
  t.after(() => syslog.close());
  const lines: string[] = [];
  syslog.on('message', (octets) => lines.push(octets.toString('latin1')));
  await using daemon = await DaemonProcess.start([
    '-p',
    '--bootstrap-node=none',
    `--dht-network=${NETWORK}`,
    '--dht-address=127.0.0.1',
    '--dht-port=0',
    '--neighbours=off',
    '-j',
    `--syslog-target=udp://127.0.0.1:${syslog.address().port}`,
  ]);
  const port = /^ {2}DHT +127\.0\.0\.1:(\d+),/m.exec(daemon.stdout)?.[1] ?? '';
  const hostile = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((from) =>
      openDht({ ...HOSTILE, addresses: [from], bootstrap: [`127.0.0.1:${port}`] }),
    ),
  );
  t.after(() => Promise.all(hostile.map((node) => node.close())));
  await Promise.all(hostile.map((node) => node.connected()));
  const before = residentMebibytes(daemon.pid);
  const sent = values();
  assert.equal(sent.length, 10_000);
  await Promise.all(
    hostile.map(async (node, nth) => {
      const own = sent.filter((_, index) => index % hostile.length === nth);
      for (let index = 0; index < own.length; index += BATCH) {
        const puts = own
          .slice(index, index + BATCH)
          .map((data) => node.put(BAD_ACTORS, { data, userType: 'text/plain' }));
        await Promise.all([...puts, after(BATCH_MS)]);
      }
    }),
  );
  const looked = async (): Promise<number> =>
    (await metricsOf(daemon)).get('sentrypeer_pool_received_total') ?? 0;
  await until('all values to be looked at', async () => (await looked()) >= sent.length, WAIT_MS);
  /** The outcome for the values: recorded, waiting for a quota, dropped for a reason. */
  const outcome = async (): Promise<{
    recorded: number;
    dropped: [string, number][];
    sum: number;
  }> => {
    const metrics = await metricsOf(daemon);
    const count = (name: string): number => metrics.get(`sentrypeer_pool_${name}`) ?? 0;
    assert.equal(count('missed_total'), 0);
    const dropped = [...metrics].filter(([name]) =>
      name.startsWith('sentrypeer_pool_dropped_total'),
    );
    const recorded = count('recorded_total');
    const sum = dropped.reduce(
      (total, [, value]) => total + value,
      recorded + count('waiting_values'),
    );
    return { recorded, dropped, sum };
  };
  // Every value is a row, or waits, or is counted exactly under a reason.
  await until('the rest to be recorded', async () => (await outcome()).sum === sent.length);
  const { recorded, dropped } = await outcome();
  t.diagnostic(JSON.stringify(Object.fromEntries(dropped.filter(([, value]) => value > 0))));
  const grown = residentMebibytes(daemon.pid) - before;
  t.diagnostic(`memory grew by ${grown.toFixed(0)} MiB from ${before.toFixed(0)}`);
  assert.ok(grown < 128, `memory grew by ${grown} MiB`);
  // 500 from one origin, 128 from new ones that one network told us, and refills.
  assert.ok(recorded >= 628 && recorded <= 728, `${recorded} events`);
  assert.ok(daemon.number('SELECT count(*) FROM honey') >= recorded);
  assert.equal(daemon.number('SELECT count(*) FROM honey WHERE grade IS NOT NULL'), 0);
  assert.equal(daemon.number('SELECT max(grade) FROM address_total'), 0);
  assert.deepEqual(lines, []);
  assert.equal(readFileSync(join(daemon.folder, 'sentrypeer_json.log'), 'utf8'), '');

  const admin = await makeKey(daemon, 'boss', 'admin');
  assert.equal((await judge(daemon, 'unsigned', 'distrust', admin)).status, 204);
  await until('all of it to be gone', () => daemon.number('SELECT count(*) FROM honey') === 0);
  for (const table of ['address_total', 'number_total', 'user_agent_total', 'hour_total'])
    assert.deepEqual(daemon.rows(`SELECT * FROM ${table}`), [], table);
  const summary = (await (await ask(daemon, '/v1/summary')).json()) as Record<string, number>;
  assert.deepEqual([summary['addresses'], summary['numbers'], summary['user_agents']], [0, 0, 0]);
  assert.equal((await ask(daemon, '/livez')).status, 200);
});
