// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  firewallDirectory,
  type FirewallDirectory,
  type FirewallNote,
} from '../../src/services/firewall/run-directory.ts';
import { followerMetrics } from '../../src/services/listings/follower-metrics.ts';
import { Followers } from '../../src/services/listings/followers.ts';
import { TestClock } from './test-clock.ts';

const NOW_MS = new TestClock().us / 1000;
const NOTE = {
  processId: 4711,
  runId: 'run',
  writtenEpochMs: NOW_MS - 400,
  startedEpochMs: NOW_MS - 60_000,
  node: 'http://127.0.0.1:8082',
  serial: '12',
  feedFailure: null,
  state: 'in force',
  isInForce: true,
  entries: { ipv4: 2, ipv6: 1 },
  alarms: [],
  counts: { changes: 3, refused_packets: 5 },
} as unknown as FirewallNote;

let path = '';
let clock = new TestClock();

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'followers-'));
  clock = new TestClock();
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function directory(): FirewallDirectory {
  return firewallDirectory(path);
}

function followers(): Followers {
  return new Followers(clock, { firewallRunDir: path, bgpRunDir: join(path, 'none') });
}

test('a follower that works is told with its entries and counts, and so is one that was killed', () => {
  assert.deepEqual(followers().states(), [], 'none runs here');
  directory().writeStatus(NOTE, '');
  const own = followers();
  const [state] = own.states();
  assert.equal(state?.name, 'firewall');
  assert.equal(state?.isInForce, true);
  assert.equal(state?.serial, 12);
  assert.deepEqual(state?.entries, { ipv4: 2, ipv6: 1 });
  assert.deepEqual(state?.troubles, []);
  clock.pass(29_600_000);
  const [silent] = own.states();
  assert.equal(silent?.isInForce, false);
  assert.match(silent?.troubles[0] ?? '', /^process 4711 has said nothing for 30 s/);
  const [inForce] = followerMetrics(silent === undefined ? [] : [silent]);
  assert.deepEqual(inForce?.samples, [{ labels: { follower: 'firewall' }, value: 0 }]);
});

test('troubles of a follower are bounded and harmless on a terminal', () => {
  const alarms = Array.from({ length: 100 }, () => `\u001b[2J${'x'.repeat(600)}`);
  directory().writeStatus({ ...NOTE, alarms, counts: { 'a"b': 1, changes: 2 } }, '');
  const [state] = followers().states();
  assert.equal(state?.troubles.length, 20);
  assert.ok(state.troubles.every((one) => one.length <= 350 && !one.includes('\u001b')));
  assert.deepEqual(state.counts, { changes: 2 });
});

test('sessions of a follower are told with their errors, and are down when it is silent', () => {
  const session = {
    name: 'core1',
    address: '203.0.113.1',
    state: 'Established',
    isUp: true,
    sinceEpochMs: NOW_MS - 5000,
    prefixesOut: 7,
    lastError: 'Hold Timer Expired, sent\u001b[2J',
  };
  directory().writeStatus({ ...NOTE, sessions: [session] }, '');
  const own = followers();
  const [told] = own.states()[0]?.sessions ?? [];
  assert.deepEqual([told?.isUp, told?.prefixesOut], [true, 7]);
  assert.equal(told?.sinceEpochUs, (NOW_MS - 5000) * 1000);
  const error = told?.lastError ?? '';
  assert.ok(error.startsWith('Hold Timer Expired, sent') && !error.includes('\u001b'), error);
  const samples = followerMetrics(own.states()).filter(({ name }) => name.includes('session'));
  assert.equal(samples.length, 4);
  assert.equal(samples[3]?.samples[0]?.labels?.['session'], 'core1');
  clock.pass(29_600_000);
  assert.equal(own.states()[0]?.sessions[0]?.isUp, false);
  directory().writeStatus({ ...NOTE, sessions: [{ ...session, isUp: 'yes' }] } as never, '');
  assert.deepEqual(followers().states(), [], 'no session');
});

test('nothing is believed that somebody else could have written', () => {
  directory().writeStatus(NOTE, '');
  assert.equal(followers().states().length, 1);
  chmodSync(path, 0o777);
  assert.deepEqual(followers().states(), [], 'anybody may write there');
  chmodSync(path, 0o755);
  const file = join(path, 'status.json');
  renameSync(file, join(path, 'elsewhere'));
  symlinkSync(join(path, 'elsewhere'), file);
  assert.deepEqual(followers().states(), [], 'a link');
  rmSync(file);
  writeFileSync(file, ' '.repeat(100_000));
  assert.deepEqual(followers().states(), [], 'too large');
  for (const text of ['', '[]', 'null', '{"runId":"x","state":"in force"}']) {
    writeFileSync(file, text);
    assert.deepEqual(followers().states(), [], text);
  }
});
