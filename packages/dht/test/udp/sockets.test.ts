// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which sockets a node asks the system for, and what it does when it does not get them. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { test } from 'node:test';
import type { UdpBinding } from '@sentrypeer/ip/udp';
import { OperatingError, silentLogger } from '@sentrypeer/kernel';
import { bindAll, joinGroups } from '../../src/udp/sockets.ts';

/** A system that refuses some addresses, and chooses the port 9999. */
function system(refused: Readonly<Record<string, Error>> = {}) {
  const asked: UdpBinding[] = [];
  const done: string[] = [];
  const bind = (binding: UdpBinding): Promise<Socket> => {
    asked.push(binding);
    const { address, port } = binding;
    const why = refused[address];
    if (why !== undefined) return Promise.reject(why);
    const socket = {
      address: () => ({ address, port: port === 0 ? 9999 : port }),
      close: () => done.push(`close ${address}`),
      addMembership: (group: string) => {
        done.push(`join ${group}`);
        if (refused[group] !== undefined) throw refused[group];
      },
    };
    return Promise.resolve(socket as unknown as Socket);
  };
  return { bind, asked, done };
}

const MISSING = new OperatingError('address_unknown', 'no such address');
const TAKEN = new OperatingError('port_taken', 'taken');

test('bindAll() takes all addresses of both families on port 4222', async () => {
  const { bind, asked } = system();
  assert.equal((await bindAll({}, bind)).length, 2);
  assert.deepEqual(asked, [
    { address: '0.0.0.0', port: 4222, reuseAddr: false },
    { address: '::', port: 4222, reuseAddr: false },
  ]);
});

test('bindAll() takes the port that the first socket got for the second', async () => {
  const { bind, asked } = system();
  await bindAll({ port: 0, addresses: ['127.0.0.1', '::1'] }, bind);
  assert.deepEqual(
    asked.map(({ address, port }) => `${address} ${port}`),
    ['127.0.0.1 0', '::1 9999'],
  );
});

test('bindAll() goes on without IPv6 only where it was not asked for and is missing', async () => {
  const without = system({ '::': MISSING });
  assert.equal((await bindAll({}, without.bind)).length, 1);
  assert.deepEqual(without.done, []);
  for (const [refused, options] of [
    [{ '::': TAKEN }, {}],
    [{ '::': new Error('another') }, {}],
    [{ '::': MISSING }, { addresses: ['0.0.0.0', '::'] }],
  ] as const) {
    const { bind, done } = system(refused);
    await assert.rejects(bindAll(options, bind), refused['::']);
    assert.deepEqual(done, ['close 0.0.0.0'], 'nothing is left open');
  }
  const { bind, done } = system({ '0.0.0.0': MISSING });
  await assert.rejects(bindAll({}, bind), MISSING);
  assert.deepEqual(done, []);
});

test('joinGroups() hears the group of each family on a port that others share', async () => {
  const { bind, asked, done } = system();
  assert.equal((await joinGroups([4, 6], silentLogger, bind)).length, 2);
  assert.deepEqual(asked, [
    { address: '0.0.0.0', port: 8888, reuseAddr: true },
    { address: '::', port: 8888, reuseAddr: true },
  ]);
  assert.deepEqual(done, ['join 239.192.0.1', 'join ff08::101']);
});

test('joinGroups() logs what it cannot hear, and goes on', async () => {
  const logged: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (event: string, fields?: object) => logged.push({ event, ...fields }),
  };
  const event = 'dht_discovery_failed';
  const first = system({ '0.0.0.0': new Error('no socket') });
  assert.equal((await joinGroups([4, 6], logger, first.bind)).length, 1);
  assert.deepEqual(logged.splice(0), [{ event, group: '239.192.0.1', error: 'Error: no socket' }]);
  const second = system({ 'ff08::101': new Error('no route') });
  assert.equal((await joinGroups([4, 6], logger, second.bind)).length, 2, 'to be closed later');
  assert.deepEqual(logged, [{ event, group: 'ff08::101', error: 'Error: no route' }]);
});
