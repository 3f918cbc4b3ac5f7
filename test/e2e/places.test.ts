// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Countries and networks of the running daemon, from its built-in file and from an operator's. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mmdbFile } from '../../packages/geo/test/mmdb-writer.ts';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

async function get<T = Page>(daemon: DaemonProcess, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

function brief({ items }: Page, name: string): readonly unknown[] {
  return items.map((item) => [item[name], item['addresses'], item['seen_count']]);
}

/** Until every message is counted. */
async function counted(daemon: DaemonProcess, messages: number): Promise<void> {
  await until('the countries to be counted', async () => {
    const { items } = await get(daemon, '/v1/countries');
    return items.reduce((sum, item) => sum + Number(item['seen_count']), 0) === messages;
  });
}

function operatorsFile(folder: string): string {
  const path = join(folder, 'own.mmdb');
  const own = (country: string, number: number) => ({
    country_code: country,
    autonomous_system_number: number,
    autonomous_system_organization: `Network ${number}`,
  });
  writeFileSync(
    path,
    mmdbFile({ '127.10.1.0/24': own('SE', 64_500), '127.10.2.0/24': own('DE', 64_501) }),
  );
  return path;
}

test('countries and networks are counted, also those of an earlier run with other files', async () => {
  using folder = new TemporaryFolder();
  const file = operatorsFile(folder.path);
  {
    await using before = await DaemonProcess.start(['--threads=1'], { folder: folder.path });
    using first = await UdpPeer.open('127.10.1.1');
    using second = await StreamPeer.open(before.ports.tcp, '127.10.1.2');
    await first.send(sipRequest(), before.ports.udp);
    await second.send(sipRequest());
    await before.recorded(2);
    await counted(before, 2);
    assert.deepEqual(brief(await get(before, '/v1/countries'), 'country'), [[null, 2, 2]]);
    assert.deepEqual(brief(await get(before, '/v1/networks'), 'network'), [
      ['127.10.1.0/24', 2, 2],
    ]);
    await before.stop();
  }
  const files = ['--country-file', file, '--network-file', file];
  await using daemon = await DaemonProcess.start(files, { folder: folder.path });
  using third = await UdpPeer.open('127.10.2.1');
  await third.send(sipRequest({ user: '0046123' }), daemon.ports.udp);
  await daemon.recorded(3);
  await counted(daemon, 3);
  assert.deepEqual(brief(await get(daemon, '/v1/countries'), 'country'), [
    ['SE', 2, 2],
    ['DE', 1, 1],
  ]);
  const networks = await get(daemon, '/v1/networks');
  assert.deepEqual(brief(networks, 'network'), [
    ['AS64500', 2, 2],
    ['AS64501', 1, 1],
  ]);
  assert.equal(networks.items[0]?.['name'], 'Network 64500');
  const swedish = await get(daemon, '/v1/addresses?country=se');
  assert.equal(swedish.items.length, 2);
  const [german] = (await get(daemon, '/v1/addresses?network=AS64501')).items;
  assert.deepEqual(
    [german?.['address'], german?.['country'], german?.['network_name']],
    ['127.10.2.1', 'DE', 'Network 64501'],
  );
  const [newest] = (await get(daemon, '/v1/events?limit=1')).items;
  assert.deepEqual([newest?.['country'], newest?.['network']], ['DE', 'AS64501']);
  const check = await get<Record<string, unknown>>(daemon, '/v1/check?address=127.10.1.200');
  assert.deepEqual(
    [check['verdict'], check['country'], check['network']],
    ['unknown', 'SE', 'AS64500'],
    'also of an address that was not seen',
  );
});

test('the built-in file knows countries; with none nothing is known and nothing breaks', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1', '--no-sip']);
  const check = (address: string) =>
    get<Record<string, unknown>>(daemon, `/v1/check?address=${address}`);
  assert.equal((await check('193.0.6.139'))['country'], 'NL');
  assert.equal((await check('2001:67c:2e8::1'))['country'], 'NL');
  assert.equal((await check('192.0.2.1'))['country'], null);
  await using without = await DaemonProcess.start(['--no-sip', '--country-file', 'none']);
  const place = await get<Record<string, unknown>>(without, '/v1/check?address=193.0.6.139');
  assert.deepEqual([place['country'], place['network']], [null, '193.0.6.0/24']);
});

test('what is not a file is refused at the start', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'own.mmdb');
  writeFileSync(path, 'country,address\n');
  const run = await DaemonProcess.run(['--no-sip', '--country-file', path]);
  assert.equal(run.status, 1);
  assert.match(run.stderr, /own\.mmdb is not in the MaxMind DB format; name another one, or none/);
});
