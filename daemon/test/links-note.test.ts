// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LinkPeer } from '@sentrypeer/pool/link';
import { LinksNote, readLinks } from '../src/links-note.ts';
import { until } from '../../test/e2e/daemon-process.ts';
import { TestClock } from './services/test-clock.ts';

const LINK: LinkPeer = {
  key: '1'.repeat(64),
  nodeId: '454dfd30-4375-80fd-bcfe-99c52e887041',
  address: '45.0.0.1',
  isOutward: true,
  sinceEpochUs: 1,
};

/** A database of which this process is the daemon, whose timers a test fires. */
class Noted implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sentrypeer-links-'));
  readonly dbFile = join(this.folder, 's.db');
  readonly path = `${this.dbFile}-links.json`;
  readonly clock = new TestClock();
  readonly waits: { readonly waitMs: number; readonly run: () => void }[] = [];
  links: readonly LinkPeer[] = [];

  constructor() {
    const running = { processId: process.pid, version: '1', nodeId: 'n', startedEpochUs: 1 };
    const note = JSON.stringify({ ...running, open: {}, consumers: [] });
    writeFileSync(`${this.dbFile}-running.json`, note);
  }

  open(): LinksNote {
    const wakeAfter = (waitMs: number, run: () => void): (() => void) => {
      const wait = { waitMs, run };
      this.waits.push(wait);
      return () => void (this.waits.includes(wait) && this.waits.splice(this.waits.indexOf(wait)));
    };
    return new LinksNote(this.dbFile, { clock: this.clock, links: () => this.links, wakeAfter });
  }

  /** Fires the timer that is set, and waits until the note is written, after which the next one is set. */
  async write(): Promise<void> {
    const [wait] = this.waits.splice(0);
    assert.ok(wait);
    wait.run();
    await until('the note to be written', () => this.waits.length > 0);
  }

  read(): ReturnType<typeof readLinks> {
    return readLinks(this.dbFile, this.clock.us);
  }

  whyUnknown(): string {
    const read = this.read();
    return typeof read === 'string' ? read : 'known';
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

test('LinksNote shows the links soon after they came or went, and is not written for anything else', async () => {
  using noted = new Noted();
  await using note = noted.open();
  await noted.write();
  assert.deepEqual(noted.read(), []);
  note.changed();
  assert.deepEqual(
    noted.waits.map(({ waitMs }) => waitMs),
    [10_000],
    'nothing has changed',
  );
  noted.links = [LINK];
  note.changed();
  note.changed();
  assert.deepEqual(
    noted.waits.map(({ waitMs }) => waitMs),
    [500],
  );
  await noted.write();
  assert.deepEqual(noted.read(), [LINK]);
  assert.equal(statSync(noted.path).mode & 0o007, 0);
  noted.clock.pass(50e6);
  await noted.write();
  noted.clock.pass(50e6);
  assert.deepEqual(noted.read(), [LINK], 'it was written again');
});

test('LinksNote of a daemon that crashed is not shown as links of the next one', async () => {
  using noted = new Noted();
  noted.links = [LINK];
  const crashed = noted.open();
  await noted.write();
  const left = readFileSync(noted.path);
  await crashed[Symbol.asyncDispose]();
  assert.ok(!existsSync(noted.path), 'a stop leaves none');
  writeFileSync(noted.path, left);
  noted.clock.pass(61e6);
  assert.match(noted.whyUnknown(), /may have crashed/, 'another process has its id');
  noted.clock.pass(-122e6);
  assert.match(noted.whyUnknown(), /may have crashed/, 'the clock was put back');
  noted.clock.pass(61e6);
  assert.deepEqual(noted.read(), [LINK]);
  await using _ = noted.open();
  assert.match(noted.whyUnknown(), /only just started/, 'the next daemon removes it');
});

test('LinksNote that cannot be written harms nobody', async () => {
  using noted = new Noted();
  const note = noted.open();
  rmSync(noted.folder, { recursive: true });
  await noted.write();
  assert.match(noted.whyUnknown(), /No daemon runs/);
  await note[Symbol.asyncDispose]();
  assert.ok(!existsSync(noted.folder));
  writeFileSync(noted.folder, ''); // For its owner to remove.
});
