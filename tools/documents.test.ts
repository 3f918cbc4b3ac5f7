// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Statements of the documents about the repository are true: links lead somewhere, and the list of tables matches the
 * schema.
 */

import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLogger, systemClock } from '../packages/kernel/src/index.ts';
import { Store } from '../packages/store/src/store.ts';
import { ROOT } from './sources.ts';

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'packages/*/*.md'], {
  cwd: ROOT,
}).toSorted();

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Links to files of the repository, without their fragments. */
function linksOf(path: string): readonly string[] {
  return [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').split('#')[0] ?? '')
    .filter((target) => target !== '' && !target.includes('://') && !target.startsWith('mailto:'));
}

test('every link in the documents leads to a file', () => {
  const broken = DOCUMENTS.flatMap((path) =>
    linksOf(path)
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('docs/extending.md has its six recipes, each with the files that it takes', () => {
  const recipes = read('docs/extending.md').split(/^## /m).slice(1);
  assert.deepEqual(
    recipes.map((text) => text.split('\n')[0]),
    ['An option', 'An output', 'A follower', 'A list format', "A writer's command", 'A table'],
  );
  for (const text of recipes) assert.ok((text.match(/\]\(\.\.\//g) ?? []).length >= 2, text);
});

test('what docs/extending.md names in those files is there', () => {
  for (const [path, name] of [
    ['daemon/src/daemon.ts', 'function cursorNames('],
    ['packages/follow/src/pump.ts', 'export interface Sink<'],
    ['packages/api/src/list-formats.ts', 'export const LIST_FORMATS'],
    ['daemon/src/services/writer-commands.ts', 'export interface WriterCommands'],
    ['daemon/src/services/store-service.ts', 'implements WriterCommands'],
    ['packages/store/src/file/schema.ts', 'export const SCHEMA_VERSION'],
  ] as const)
    assert.ok(read(path).includes(name), `${path}: ${name}`);
});

test('docs/database.md names every table of a new file, and none besides', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tables-'));
  try {
    const path = join(folder, 'new.db');
    Store.open({ logger: silentLogger, clock: systemClock }, { path }).close();
    using database = new DatabaseSync(path, { readOnly: true });
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map((row) => String(row['name']))
      .filter((name) => name !== 'honey')
      .toSorted();
    const section = read('docs/database.md').split('## Our tables')[1] ?? '';
    const documented = section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)])
      .map((match) => match[1] ?? '');
    assert.deepEqual(documented.toSorted(), tables);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the page for operators in docs/limits.md names options that exist', () => {
  const page = read('docs/limits.md').split('\n## packages/')[0] ?? '';
  const named = [...page.matchAll(/`(--[a-z-]+)`/g)].map((match) => match[1] ?? '');
  const options = read('docs/options.md');
  assert.ok(named.length > 8);
  assert.deepEqual(
    named.filter((name) => !options.includes(`\`${name}`) && !options.includes(`${name}\``)),
    [],
  );
});
