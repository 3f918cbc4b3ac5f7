// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { BOOTSTRAP_RESOLVE_MS_MAX, BOOTSTRAP_RESOLVE_MS_MIN } from '../../src/limits.ts';
import { BootstrapHosts } from '../../src/node/bootstrap-hosts.ts';

function made() {
  const logged: string[] = [];
  const due: string[] = [];
  const waits: { readonly waitMs: number; readonly run: () => void; cancelled: boolean }[] = [];
  const addresses = new Map<string, readonly string[]>();
  const hosts = new BootstrapHosts(
    {
      resolve: async (host) => {
        const found = addresses.get(host);
        if (found === undefined) throw new Error('ENOTFOUND');
        return found;
      },
      wakeAfter: (waitMs, run) => {
        const wait = { waitMs, run, cancelled: false };
        waits.push(wait);
        return () => void (wait.cancelled = true);
      },
      logger: {
        ...silentLogger,
        warn: (event, fields) => logged.push(`${event} ${fields?.['host']} ${fields?.['error']}`),
      },
    },
    (host) => due.push(host),
  );
  return { hosts, logged, due, waits, addresses };
}

test('a host has an optional port, and IPv6 addresses stand in brackets before one', async () => {
  const { hosts, addresses } = made();
  for (const [text, host, port] of [
    ['a.example', 'a.example', 4222],
    ['a.example:5000', 'a.example', 5000],
    ['192.0.2.1:1', '192.0.2.1', 1],
    ['192.0.2.1:65535', '192.0.2.1', 65_535],
    ['2001:db8::1', '2001:db8::1', 4222],
    ['[2001:db8::1]', '2001:db8::1', 4222],
    ['[2001:db8::1]:5000', '2001:db8::1', 5000],
    ['a.example:0', 'a.example', 4222],
    ['a.example:65536', 'a.example', 4222],
    ['a.example:1.5', 'a.example', 4222],
    ['a.example:x', 'a.example', 4222],
    ['a.example:-1', 'a.example', 4222],
  ] as const) {
    addresses.clear();
    addresses.set(host, ['198.51.100.1', '198.51.100.2']);
    assert.deepEqual(
      await hosts.resolve(text),
      ['198.51.100.1', '198.51.100.2'].map((address) => ({ address, port })),
      text,
    );
  }
});

test('names() are the hosts whose addresses may change', () => {
  const { hosts } = made();
  for (const host of ['a.example:5000', '192.0.2.1', '192.0.2.1:4222', '[2001:db8::1]:1', 'B'])
    hosts.add(host);
  hosts.add('B');
  assert.deepEqual(hosts.names(), ['a.example:5000', 'B']);
});

test('a name that is not found is logged once and looked up again, with growing pauses', async () => {
  const { hosts, logged, due, waits, addresses } = made();
  for (let count = 0; count < 9; count += 1) {
    assert.deepEqual(await hosts.resolve('a.example:5000'), []);
    waits.at(-1)?.run();
  }
  assert.deepEqual(logged, ['dht_bootstrap_unresolved a.example Error: ENOTFOUND']);
  assert.deepEqual(due, Array<string>(9).fill('a.example:5000'));
  const expected = [5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1000);
  assert.deepEqual(
    waits.map(({ waitMs }) => waitMs),
    expected,
  );
  assert.deepEqual(
    [expected[0], expected.at(-1)],
    [BOOTSTRAP_RESOLVE_MS_MIN, BOOTSTRAP_RESOLVE_MS_MAX],
  );
  assert.ok(waits.slice(0, -1).every(({ cancelled }) => cancelled));
  addresses.set('a.example', ['198.51.100.1']);
  assert.equal((await hosts.resolve('a.example:5000')).length, 1);
  assert.ok(waits.at(-1)?.cancelled);
  assert.equal((await hosts.resolve('a.example:5000')).length, 1);
  assert.deepEqual(logged.slice(1), ['dht_bootstrap_resolved a.example undefined']);
  addresses.clear();
  await hosts.resolve('a.example:5000');
  assert.equal(logged.length, 3);
  assert.equal(waits.at(-1)?.waitMs, BOOTSTRAP_RESOLVE_MS_MIN, 'as at the first time');
});

test('after close() nothing is looked up again or logged', async () => {
  const { hosts, logged, waits } = made();
  await hosts.resolve('a.example');
  hosts.close();
  assert.ok(waits.every(({ cancelled }) => cancelled));
  await hosts.resolve('a.example');
  await hosts.resolve('b.example');
  assert.equal(waits.length, 1);
  assert.equal(logged.length, 1);
});
