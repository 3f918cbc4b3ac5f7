// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* `sentrypeer fleet` against Debian's PostgreSQL, as the database's owner and as a node. */

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { fleetCommand } from './fleet-command.ts';
import { Postgres } from './postgres.ts';

function passwordIn(path: string): string {
  const reading = readFleetAddress(readFileSync(path, 'utf8'));
  assert.ok('address' in reading);
  return reading.address.password ?? '';
}

test('fleet init, join, status, leave and migrate, and the password is nowhere but in its file', async (t) => {
  await using postgres = await Postgres.start(t);
  if (postgres === undefined) return;
  using folder = new TemporaryFolder();
  await postgres.rows('postgres', 'CREATE DATABASE fleet');
  const owner = ['--fleet', postgres.url('fleet')];

  const early = await fleetCommand('status', ...owner);
  assert.equal(early.status, 1);
  assert.match(early.stderr, /there is no fleet in this database.*fleet init/);

  const made = await fleetCommand('init', ...owner);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /There is a fleet in fleet now/);
  assert.match(made.stderr, /also opens the databases postgres, template1/);
  assert.match((await fleetCommand('init', ...owner)).stdout, /is there already, and complete/);

  const file = join(folder.path, 'berlin.fleet');
  const join1 = await fleetCommand('join', 'berlin-1', 'sensor', file, ...owner);
  assert.equal(join1.status, 0, join1.stderr);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const first = passwordIn(file);
  assert.equal(first.length, 24);

  // As the node, over TCP with its password.
  const path = join(folder.path, 'tcp.fleet');
  const tcp = (password: string, database = 'fleet'): void =>
    writeFileSync(path, `postgres://berlin-1:${password}@127.0.0.1:${postgres.port}/${database}\n`);
  tcp(first);
  const own = await fleetCommand('status', '--fleet-file', path);
  assert.equal(own.status, 0, own.stderr);
  assert.match(own.stdout, /as this node sees it\nThis node is not in the fleet yet/);

  // Joining again changes the password.
  const again = await fleetCommand('join', 'berlin-1', 'sensor', file, ...owner);
  assert.equal(again.status, 0, again.stderr);
  const second = passwordIn(file);
  assert.notEqual(second, first);
  const stale = await fleetCommand('status', '--fleet-file', path);
  assert.equal(stale.status, 1);
  assert.match(stale.stderr, /refuses this: password authentication failed/);
  tcp(second);
  assert.equal((await fleetCommand('status', '--fleet-file', path)).status, 0);

  const migrated = await fleetCommand('migrate', ...owner);
  assert.match(migrated.stdout, /has version \d+ already/);
  assert.equal((await fleetCommand('leave', 'berlin-1', ...owner)).status, 0);
  const gone = await fleetCommand('status', '--fleet-file', path);
  assert.equal(gone.status, 1);

  const everything = [early, made, join1, own, again, stale, gone]
    .map(({ stdout, stderr }) => stdout + stderr)
    .join('');
  for (const secret of [first, second]) {
    assert.ok(!everything.includes(secret), 'a password was printed');
    assert.ok(!postgres.log.includes(secret), 'a password is in the log of PostgreSQL');
  }
  assert.match(postgres.log, /CREATE ROLE "berlin-1"/, 'the log has all statements');
});

test('fleet commands say what is wrong and what would be right', async (t) => {
  await using postgres = await Postgres.start(t);
  if (postgres === undefined) return;
  using folder = new TemporaryFolder();
  await postgres.rows('postgres', 'CREATE DATABASE fleet');
  await postgres.rows('postgres', 'CREATE DATABASE kamailio');
  await postgres.rows('kamailio', 'CREATE TABLE subscriber (id integer)');
  const owner = ['--fleet', postgres.url('fleet')];
  const file = join(folder.path, 'x.fleet');
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { status, stdout, stderr } = await fleetCommand(...args);
    assert.notEqual(status, 0, stdout);
    assert.match(stderr, message);
  };

  await refused(['status'], /needs the fleet's database: --fleet/);
  const secret = `postgres://owner:hunter2@127.0.0.1:${postgres.port}/fleet`;
  await refused(['status', '--fleet', secret], /has a password in it, which every user/);
  await refused(['status', '--fleet', 'http://x'], /--fleet: it is not an address such as/);
  await refused(
    ['status', '--fleet', 'postgres://a@db.example.org/f?sslmode=require'],
    /sslmode does not verify who answers/,
  );
  await refused(['status', '--fleet-file', file], /cannot be read \(ENOENT\)/);
  await refused(['init', '--fleet', postgres.url('kamailio')], /has tables of something else/);
  await refused(['init', '--fleet', postgres.url('nothing')], /database "nothing" does not exist/);
  await refused(
    ['status', '--fleet', 'postgres://a@127.0.0.1:1/fleet'],
    /fleet on 127\.0\.0\.1, port 1 as a does not answer \(.*ECONNREFUSED/,
  );
  assert.equal((await fleetCommand('init', ...owner)).status, 0);
  await postgres.rows('postgres', 'CREATE DATABASE other');
  await refused(['init', '--fleet', postgres.url('other')], /another database of this server/);
  await refused(['join', 'Berlin', 'sensor', file, ...owner], /"Berlin": the name of a node has/);
  await refused(['join', 'fleet_sensor', 'sensor', file, ...owner], /does not begin with/);
  await refused(['join', 'owner', 'sensor', file, ...owner], /already has a role owner/);
  await refused(['join', 'berlin', 'admin', file, ...owner], /the role "admin": write/);
  await refused(['leave', 'owner', ...owner], /owner is not in this fleet/);
  writeFileSync(file, 'something of mine');
  await refused(
    ['join', 'berlin', 'sensor', file, ...owner],
    /already exists and does not belong to berlin/,
  );
  assert.equal(readFileSync(file, 'utf8'), 'something of mine');
});
