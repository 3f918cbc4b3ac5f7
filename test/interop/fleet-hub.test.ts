// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Hubs take what all nodes of a fleet push, and judge it: a packet at one node is a refusal at another. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

/** Satellite numbers, far apart, called by somebody who proved to be there: that alone lists them. */
const NUMBERS = [
  '+881612345601',
  '+881623456701',
  '+881634567801',
  '+881645678901',
  '+881656789001',
];

async function isListed(daemon: DaemonProcess, number: string): Promise<boolean> {
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/check?number=${encodeURIComponent(number)}`;
  const { listed } = (await (await fetch(url)).json()) as { readonly listed: boolean };
  return listed;
}

function listings(daemon: DaemonProcess): readonly unknown[] {
  return daemon.rows('SELECT kind, value, level, grade FROM listing ORDER BY kind, value');
}

async function call(daemon: DaemonProcess, user: string): Promise<void> {
  using peer = await StreamPeer.open(daemon.ports.tcp);
  await peer.send(sipRequest({ method: 'INVITE', user, callId: user }));
}

test('what one node meets is listed at every hub within seconds, also after a hub was killed', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const args = async (name: string, role: string): Promise<readonly string[]> => {
    const file = await world.join(name, role);
    return [
      `--fleet-file=${file}`,
      ...(role === 'hub' ? ['--fleet-hub', COUNTS_LOCAL] : ['--api=off']),
    ];
  };
  await using sensor = await DaemonProcess.start(await args('berlin-1', 'sensor'));
  using folder = new TemporaryFolder();
  const argsOfSecond = await args('hub-2', 'hub');
  await using first = await DaemonProcess.start(await args('hub-1', 'hub'));
  let second = await DaemonProcess.start(argsOfSecond, { folder: folder.path });
  const delaysMs: number[] = [];
  for (const number of NUMBERS.slice(0, 4)) {
    const sentAtMs = performance.now();
    await call(sensor, number);
    await until(`${number} at the first hub`, () => isListed(first, number));
    delaysMs.push(performance.now() - sentAtMs);
    await until(`${number} at the second hub`, () => isListed(second, number));
  }
  // The grade is kept: a number is listed by it, and the event belongs to the node that saw it.
  const [event] = first.rows('SELECT grade, created_by_node_id FROM honey LIMIT 1');
  assert.deepEqual([event], sensor.rows('SELECT grade, created_by_node_id FROM honey LIMIT 1'));

  second.signal('SIGKILL');
  await second.ended();
  await second[Symbol.asyncDispose]();
  await call(first, NUMBERS[4] ?? ''); // A hub is a node, too.
  second = await DaemonProcess.start(argsOfSecond, { folder: folder.path });
  await until('the last number at the second hub', () => isListed(second, NUMBERS[4] ?? ''));
  await until('both hubs to list the same', () => {
    const [one, other] = [listings(first), listings(second)];
    return one.length >= NUMBERS.length && JSON.stringify(one) === JSON.stringify(other);
  });
  const count = 'SELECT count(*) FROM honey';
  await until(
    'each event at each hub',
    () => first.number(count) >= 5 && second.number(count) >= 5,
  );
  assert.deepEqual([first.number(count), second.number(count)], [5, 5], 'each event once');
  assert.equal(
    await world.number('SELECT count(*) FROM fleet.event'),
    5,
    'nothing is pushed again',
  );
  assert.ok(Math.max(...delaysMs) < 20_000);
  t.diagnostic(
    `from the packet to the refusal: ${delaysMs.map((ms) => Math.round(ms)).join(', ')} ms`,
  );
  await second[Symbol.asyncDispose]();
});

test('a node that is not a hub of the fleet is told so, and goes on pushing', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const file = await world.join('berlin-1');
  await using daemon = await DaemonProcess.start([`--fleet-file=${file}`, '--fleet-hub']);
  await until('the refusal', () => daemon.output().includes('fleet_pull_failed'));
  assert.match(
    daemon.output(),
    /berlin-1 is not a hub of the fleet .*: sentrypeer fleet join NAME hub FILE makes one/,
  );
  await call(daemon, NUMBERS[0] ?? '');
  await until(
    'the push',
    async () => (await world.number('SELECT count(*) FROM fleet.event')) === 1,
  );
});
