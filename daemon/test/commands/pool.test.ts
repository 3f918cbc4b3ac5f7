// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pool by file: what a node says leaves it, and arrives at another, without a network between them. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions, Store } from '@sentrypeer/store';
import type { Answer, CommandContext } from '../../src/commands/command.ts';
import type { Config } from '../../src/config/config.ts';
import { prepared, refusedCommand } from './prepared.ts';

const ATTACKER = '45.12.3.4';
const OTHER = '45.12.3.5';
const HOUR_US = 3_600_000_000;

/** A node whose daemon does not run. */
class Node implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sentrypeer-pool-'));
  readonly file = join(this.folder, 'pool.pages');
  readonly #ports = { clock: systemClock, logger: silentLogger };
  readonly #config: Partial<Config> = {
    dbFile: join(this.folder, 'sentrypeer.db'),
    identityFile: join(this.folder, 'identity.json'),
    dhtNetwork: 0,
    shareDelaySeconds: 60,
    poolQuorum: 2,
  };
  readonly database: DatabaseSync;

  constructor() {
    Store.open(this.#ports, { path: this.#dbFile }).close();
    this.database = new DatabaseSync(this.#dbFile);
  }

  get #dbFile(): string {
    return this.#config.dbFile ?? '';
  }

  /** Evidence against an address, as the judge's summary. */
  met(address: string, atUs = systemClock.epochUs()): void {
    this.database
      .prepare(`
        INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
          credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
        VALUES (?, 2, ?2, ?2, 1, 9, 0, 9, 2, 1, NULL, 0, 9, 1)
        ON CONFLICT (address) DO UPDATE SET last_seen_us = excluded.last_seen_us`)
      .run(address, atUs);
  }

  allow(value: string): void {
    using decisions = Decisions.open(this.#ports, this.#dbFile);
    decisions.write({ kind: 'allow', value, comment: '', untilEpochUs: undefined });
  }

  /** As a link does. */
  prove(nodeId: string, network: string): void {
    this.database
      .prepare('INSERT INTO pool_network (node_id, network, proved_us) VALUES (?, ?, ?)')
      .run(nodeId, network, systemClock.epochUs());
  }

  async answer(line: string): Promise<Answer> {
    const { signal: stopped } = new AbortController();
    const context = { ...this.#ports, config: this.#config, stopped } as unknown as CommandContext;
    const answer = await prepared(line)(context);
    assert.ok(answer !== undefined);
    return answer;
  }

  async run(line: string): Promise<Readonly<Record<string, unknown>>> {
    return (await this.answer(line)).json as Record<string, unknown>;
  }

  subjects(): readonly unknown[] {
    return this.database
      .prepare('SELECT DISTINCT subject FROM pool_claim ORDER BY subject')
      .all()
      .map((row) => row['subject']);
  }

  [Symbol.dispose](): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}

test('pool export says once what the node met, and nothing of what is guarded', async () => {
  using alice = new Node();
  alice.met(ATTACKER);
  alice.met('2a01:4f8:1:2::/64');
  for (const guarded of [OTHER, '2a01:4f8:1:3::7']) alice.allow(guarded);
  for (const unsaid of [OTHER, '2a01:4f8:1:3::/64', '10.0.0.1']) alice.met(unsaid);
  const { file } = alice;
  const first = await alice.run(`pool export ${file}`);
  assert.deepEqual(first, { file, pages: 1, own_pages_written: 1 });
  assert.deepEqual(alice.subjects(), ['2a01:4f8:1:2::/64', ATTACKER]);
  const again = await alice.run(`pool export ${file}`);
  assert.deepEqual(again, { file, pages: 1, own_pages_written: 0 });
});

test('pool import takes each page once, whoever brings it', async () => {
  using alice = new Node();
  using bob = new Node();
  using carol = new Node();
  alice.met(ATTACKER);
  bob.met(OTHER);
  await alice.run(`pool export ${alice.file}`);
  assert.equal((await bob.run(`pool import ${alice.file}`))['taken'], 1);
  assert.equal((await bob.run(`pool import ${alice.file}`))['known'], 1);
  await bob.run(`pool export ${bob.file}`);
  assert.equal((await carol.run(`pool import ${bob.file}`))['taken'], 2);
  assert.deepEqual(carol.subjects(), [ATTACKER, OTHER]);
  // A node that lost its database finds its own claims, and they remain its own.
  assert.equal((await alice.run(`pool import ${bob.file}`))['taken'], 1);
});

test('pool withdraw takes a subject back everywhere, until it comes again', async () => {
  using alice = new Node();
  using bob = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  await bob.run(`pool import ${alice.file}`);
  assert.deepEqual(await alice.run(`pool withdraw ${ATTACKER}`), {
    withdrawn: true,
    what: ATTACKER,
  });
  await alice.run(`pool export ${alice.file}`);
  await bob.run(`pool import ${alice.file}`);
  assert.deepEqual(bob.subjects(), []);
  assert.equal((await alice.run(`pool withdraw ${ATTACKER}`))['withdrawn'], false);
  alice.database.exec(`UPDATE delisting SET at_us = at_us - ${2 * HOUR_US}`);
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  assert.deepEqual(alice.subjects(), [ATTACKER]);
});

test('what is allowed after it was said is taken back by itself', async () => {
  using alice = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  alice.allow('45.12.0.0/16');
  await alice.run(`pool export ${alice.file}`);
  assert.deepEqual(alice.subjects(), []);
});

test('pool retire ends the key at every node that learns of it', async () => {
  using alice = new Node();
  using bob = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  const before = readFileSync(alice.file);
  await bob.run(`pool import ${alice.file}`);
  assert.match(refusedCommand('pool retire'), /cannot be undone.*--yes/);
  await alice.run('pool retire --yes');
  await alice.run(`pool export ${alice.file}`);
  await bob.run(`pool import ${alice.file}`);
  assert.deepEqual(bob.subjects(), []);
  writeFileSync(alice.file, before);
  assert.equal((await bob.run(`pool import ${alice.file}`))['retired'], 1);
});

test('an operator who retired the key is told so by each command, and a new identity is heard again at once', async () => {
  using alice = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  await alice.run('pool retire --yes');
  assert.equal((await alice.run('pool status'))['key_state'], 'retired');
  assert.match((await alice.answer('pool status')).text, /^Ended +the key of this node: .*retire/m);
  for (const line of [`pool export ${alice.file}`, `pool withdraw ${OTHER}`, 'peers list']) {
    assert.match(
      (await alice.answer(line)).remark ?? '',
      /accept nothing from it\. It was retired/,
    );
  }
  await assert.rejects(alice.run('pool retire --yes'), { code: 'pool_key_not_retired' });
  rmSync(join(alice.folder, 'identity.json'));
  const { own_pages_written: written } = await alice.run(`pool export ${alice.file}`);
  assert.equal(written, 1);
  assert.equal((await alice.run('pool status'))['key_state'], 'alive');
});

test('a new identity says at once what the one before it said, and takes it back as its own', async () => {
  using alice = new Node();
  using bob = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  rmSync(join(alice.folder, 'identity.json'));
  const { own_pages_written: written } = await alice.run(`pool export ${alice.file}`);
  assert.equal(written, 1);
  await bob.run(`pool import ${alice.file}`);
  const authors = 'SELECT count(DISTINCT author_id) AS count FROM pool_claim';
  assert.deepEqual({ ...bob.database.prepare(authors).get() }, { count: 2 });
  await alice.run(`pool withdraw ${ATTACKER}`);
  await alice.run(`pool export ${alice.file}`);
  await bob.run(`pool import ${alice.file}`);
  assert.deepEqual({ ...bob.database.prepare(authors).get() }, { count: 1 });
  await alice.run(`pool withdraw ${ATTACKER}`);
});

test('pool status and peers list say that pages of this node are ahead', async () => {
  using alice = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  alice.database.exec('UPDATE pool_page SET serial = serial + 1000000');
  assert.match((await alice.answer('pool status')).text, /^Ahead +the pages of this node/m);
  assert.match((await alice.answer('peers list')).remark ?? '', /^Ahead: the pages of this node/m);
});

test('pool import names what is bad and takes all the rest', async () => {
  using alice = new Node();
  using bob = new Node();
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  const octets = readFileSync(alice.file);
  const title = octets.subarray(0, 'sentrypeer pool 1\n'.length);
  const page = octets.subarray(title.length);
  const changed = Buffer.from(page);
  changed[2 + 60] = (changed[2 + 60] ?? 0) ^ 1;
  const foreign = Buffer.from(page);
  foreign[2 + 1] = 1;
  const cut = page.subarray(0, 70);
  writeFileSync(alice.file, Buffer.concat([title, changed, foreign, page, cut]));
  const { text, remark, isBad } = await bob.answer(`pool import ${alice.file}`);
  assert.match(text, /^1 page of \S+ taken, .*, 3 bad\.\n$/);
  assert.deepEqual(remark?.split('\n'), [
    'bad page at octet 18: page_signature',
    'bad page at octet 146: page_network',
    'bad page at octet 402: page_size at octet 68',
    '',
  ]);
  assert.equal(isBad, true);
  assert.deepEqual(bob.subjects(), [ATTACKER]);
});

test('peers trust remembers the key that it was given, before the node has said anything', async () => {
  using carol = new Node();
  const key = new Uint8Array(32).fill(7).toBase64({ alphabet: 'base64url', omitPadding: true });
  await carol.run(`peers trust ${key} Dave`);
  const [dave] = (await carol.answer('peers list')).json as Record<string, unknown>[];
  assert.deepEqual([dave?.['name'], dave?.['voter'], dave?.['public_key']], ['Dave', true, key]);
});

test('peers says that without a daemon there are no links, and shows who told something', async () => {
  using alice = new Node();
  using carol = new Node();
  const none = await carol.answer('peers');
  assert.deepEqual([none.text, none.json], ['', []]);
  assert.equal(
    none.remark,
    'No node has shared anything yet.\nNo daemon runs on this database, so there are no links.\n',
  );
  alice.met(ATTACKER);
  await alice.run(`pool export ${alice.file}`);
  await carol.run(`pool import ${alice.file}`);
  const some = await carol.answer('peers');
  assert.match(some.text, /^NODE[^]*\n\S+ +0 +1 +/);
  assert.doesNotMatch(some.text, /over others/, 'whether there is a link is not known');
  assert.equal(some.remark, 'No daemon runs on this database, so there are no links.\n');
  assert.deepEqual(await carol.answer('peers list'), some);
});

test('peers list shows who wrote pages, and by their record', async () => {
  using alice = new Node();
  using bob = new Node();
  using carol = new Node();
  alice.met(ATTACKER);
  bob.met(OTHER);
  await alice.run(`pool export ${alice.file}`);
  await bob.run(`pool export ${bob.file}`);
  for (const { file } of [alice, bob]) await carol.run(`pool import ${file}`);
  carol.met(OTHER);
  const list = async (): Promise<readonly Record<string, unknown>[]> =>
    (await carol.answer('peers list --by record')).json as Record<string, unknown>[];
  const [first, second] = await list();
  assert.deepEqual([first?.['claims'], first?.['met'], first?.['disputed']], [1, 1, 0]);
  assert.deepEqual([second?.['claims'], second?.['met']], [1, 0]);
  assert.equal(first?.['trust'], 'none');
  const trusted = await carol.answer(
    `peers trust ${String(first?.['public_key'])} Bob the Builder`,
  );
  assert.match(trusted.text, /counts once a link with it proves where it is: --pool-peer/);
  assert.match((await carol.answer('pool status')).text, /^No vote 1 voter in no network/m);
  carol.allow(OTHER);
  const [, last] = await list();
  assert.deepEqual(
    [last?.['name'], last?.['voter'], last?.['disputed']],
    ['Bob the Builder', true, 1],
  );
  assert.match((await carol.answer('peers list')).text, /^NODE +NAME[^]*Bob the Builder[^]*voter/);
  assert.match(
    refusedCommand('peers list --by name'),
    /"name" is not an order: write time or record/,
  );
  assert.match((await carol.answer('pool status')).text, /Voters +1; none acts, it takes 2/);
  const nodeId = String(first?.['node']);
  carol.prove(nodeId, '45.66.0.0/16');
  assert.deepEqual((await list())[1]?.['networks'], ['45.66.0.0/16']);
  assert.match((await carol.answer('peers list')).text, /NETWORK[^]* 45\.66\.0\.0\/16 /);
  const again = await carol.answer(`peers trust ${nodeId}`);
  assert.match(again.text, /as one of 1 voter\.\n$/);
  assert.doesNotMatch((await carol.answer('pool status')).text, /No vote/);
});

test('pool import and export say which file cannot be used', async () => {
  using node = new Node();
  writeFileSync(node.file, 'Dear reader,\n');
  await assert.rejects(node.run(`pool import ${node.file}`), {
    code: 'pool_file_unknown',
    message: /is not a file of the pool; sentrypeer pool export FILE creates a file of the pool/,
  });
  for (const [octets, message] of [
    ['', /is empty/],
    ['sentrypeer', /is not a file of the pool/],
    [gzipSync('sentrypeer pool 1\n'), /is compressed: unpack it with gunzip first/],
    ['sentrypeer pool 2\n', /was written by another version of this program/],
  ] as const) {
    writeFileSync(node.file, octets);
    await assert.rejects(node.run(`pool import ${node.file}`), {
      code: 'pool_file_unknown',
      message,
    });
  }
  await assert.rejects(node.run('pool import /dev/zero'), { code: 'pool_file_unknown' });
  const missing = join(node.folder, 'none', 'x');
  await assert.rejects(node.run(`pool import ${missing}`), { code: 'pool_file_unreadable' });
  await assert.rejects(node.run(`pool export ${missing}`), { code: 'pool_file_unwritable' });
});
