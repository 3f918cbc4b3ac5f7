// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Does `sentrypeer firewall` enforce 1,000 new listings a minute for ten minutes with flat memory? A node is told about
 * attackers at that rate, and told to delist each two minutes later; the firewall follows it. PER_MINUTE and MINUTES
 * can be changed. Needs root, or a kernel that lets users create networks:
 *
 *   npm run bundle && unshare -n node test/soak/firewall.ts
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ApiKeys } from '@sentrypeer/store';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { machineLine, start, temporaryFolder } from '../../bench/load/processes.ts';

const perMinute = Number(process.env['PER_MINUTE'] ?? '1000');
const minutes = Number(process.env['MINUTES'] ?? '10');
const LISTED_SECONDS = 120;
const SAMPLE_SECONDS = 15;
/** Memory in the second half of the run, compared with the second quarter. */
const GROWTH_MAX = 1.1;
const API_PORT = 25_271;
const node = `http://127.0.0.1:${API_PORT}`;

using folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

interface Note {
  readonly state: string;
  readonly entries: { readonly ipv4: number };
  readonly alarms: readonly string[];
  readonly failures: number;
  readonly repairs: number;
  readonly changes: number;
}
const note = (): Note => JSON.parse(readFileSync(at('run/status.json'), 'utf8')) as Note;

const address = (index: number): string =>
  `45.${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

/** A scanner's REGISTER over TCP, as another node reports it. */
const event = (sourceIp: string): object => ({
  app_name: 'sentrypeer',
  app_version: '4.0.0',
  event_timestamp: new Date().toISOString().slice(0, 19).replace('T', ' '),
  event_uuid: randomUUID(),
  created_by_node_id: randomUUID(),
  collected_method: 'responsive',
  transport_type: 'TCP',
  source_ip: sourceIp,
  destination_ip: '198.51.100.7',
  called_number: '100',
  sip_method: 'REGISTER',
  sip_user_agent: 'friendly-scanner',
  sip_message: 'REGISTER',
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

assert.equal(spawnSync('ip', ['link', 'set', 'lo', 'up']).status, 0);
const common = ['dist/main.js', '--api-port', String(API_PORT), '--firewall-run-dir', at('run')];
const daemon = await start(
  [...common, '-a', '--no-tls', '--sip-address', '127.0.0.1', '--sip-port', '0', '-f'].concat(
    at('node.db'),
    '--identity-file',
    at('node.json'),
  ),
  'Stop ',
);
using keys = ApiKeys.open({ clock: systemClock, logger: silentLogger }, at('node.db'));
const key = keys.add('soak', 'admin');
const firewall = await start([...common, 'firewall'], 'In force');

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(new URL(path, node), {
    method: 'POST',
    headers: { 'x-api-key': key },
    body: JSON.stringify(body),
  });
  await response.text();
  assert.ok(response.ok, `${path} ${response.status}`);
}

process.stdout.write(`${machineLine()}\n second  entries  firewall MiB  node MiB\n`);
const samples: { readonly second: number; readonly mib: number }[] = [];
let told = 0;
let delisted = 0;
const beganAtMs = performance.now();
for (let second = 0; second < minutes * 60; second += 1) {
  const due = Math.floor(((second + 1) * perMinute) / 60);
  await post(
    '/api/events',
    Array.from({ length: due - told }, (_, index) => event(address(told + index))),
  );
  told = due;
  const over = Math.max(0, Math.floor(((second + 1 - LISTED_SECONDS) * perMinute) / 60));
  for (; delisted < over; delisted += 1) {
    await post('/v1/decisions', { delist: address(delisted), comment: 'soak' });
  }
  if (second % SAMPLE_SECONDS === 0) {
    const mib = firewall.residentMib();
    samples.push({ second, mib });
    const fields = [second, note().entries.ipv4, mib.toFixed(0), daemon.residentMib().toFixed(0)];
    process.stdout.write(`${fields.map((one) => String(one).padStart(9)).join('')}\n`);
  }
  await after(Math.max(0, beganAtMs + (second + 1) * 1000 - performance.now()));
}
while (note().entries.ipv4 !== told - delisted) {
  assert.ok(performance.now() < beganAtMs + (minutes + 2) * 60_000, JSON.stringify(note()));
  await after(100);
}

const set = spawnSync('nft', ['-j', 'list', 'set', 'inet', 'sentrypeer', 'ipv4_32'], {
  encoding: 'utf8',
});
assert.equal(set.stdout.match(/"val"/gu)?.length, told - delisted);
const { alarms, failures, repairs, changes } = note();
assert.deepEqual({ alarms, failures, repairs }, { alarms: [], failures: 0, repairs: 0 });
const total = minutes * 60;
const mibOf = (from: number, to: number): number =>
  median(samples.flatMap(({ second, mib }) => (from <= second && second < to ? mib : [])));
const [early, late] = [mibOf(total / 4, total / 2), mibOf(total / 2, total)];
process.stdout.write(
  `${told} listed and ${delisted} delisted, ${changes} changes; memory in the second quarter ${early.toFixed(0)} MiB, in the second half ${late.toFixed(0)} MiB\n`,
);
assert.ok(late < early * GROWTH_MAX, 'memory is flat');
await firewall.stop();
await daemon.stop();
