// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The plan of every statement of the store: none walks through a table that grows with the log. The statements are
 * recorded while tests of the store run, and each call of `prepare()` in the sources must be among them.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { TestDirectory } from './fixtures.ts';
import type { RecordedPlan } from './record-plans.ts';

/**
 * Tests that between them have every statement prepared; the list of calls of `prepare()` below says what is missing.
 */
const TESTS = [
  'access/api-keys',
  'delivery/endpoints',
  'file/backup',
  'file/open-database',
  'fleet/fleet-reader',
  'fleet/followed-listings',
  'import/importer',
  'judging/judging',
  'log/event-search',
  'file/content-watch',
  'pool/pages',
  'retention/forgetting',
  'sharing/origins',
  'store-reader',
].map((name) => `packages/store/test/${name}.test.ts`);

const ROOT = join(import.meta.dirname, '../../..');
const RECORDER = join(import.meta.dirname, 'record-plans.ts');

/** What does not grow with the log, so that a walk through it takes no longer however much was recorded. */
const BOUNDED = new Set([
  'allowance', // ALLOWANCES_COUNT_MAX
  'api_key', // The operator makes each.
  'country_total', // ISO 3166-1
  'counter', // The schema's.
  'dead_letter', // DEAD_LETTERS_COUNT_MAX
  'endpoint_status', // The operator's webhooks.
  'fleet_follow', // One row.
  'fleet_listing', // FOLLOWED_COUNT_MAX; counted by the thread that follows, blocks up to FOLLOWED_BLOCKS_MAX
  'fleet_log', // One row.
  'json_each', // What we hand over.
  'operator_block', // BLOCKS_COUNT_MAX
  'origin', // ORIGINS_COUNT_MAX
  'pool_admission', // POOL_LISTINGS_MAX
  'pool_network', // NETWORKS_PROVED_MAX; the oldest first, past those of voters.
  'pragma_freelist_count',
  'pragma_page_count',
  'pragma_page_size',
  'pragma_table_info',
  'sqlite_master',
  'sqlite_schema',
  'sqlite_sequence',
]);

/** Where whole tables are walked through on purpose, never while a daemon answers. */
const ON_PURPOSE = [
  'packages/store/src/clock/repair-times.ts', // Once, when a clock was set right.
  'packages/store/src/file/lazy-database.ts', // Whatever the others ask for.
  'packages/store/src/file/migration.ts', // Once, when the schema changes.
  'packages/store/src/import/read-database.ts', // The whole of another file.
  'packages/store/src/pool/author-list.ts', // A command that compares every claim, in a process by itself.
  'packages/store/src/pool/ahead-pages.ts', // Once at start, and when a clock was set right.
  'packages/store/src/retention/forgetting.ts', // A command that reads every form of a number, in a process by itself.
  'packages/store/src/retention/retention.ts', // A command that counts rows, in a process by itself.
];
const isOnPurpose = (at: string): boolean => ON_PURPOSE.some((file) => at.startsWith(`${file}:`));

const PREPARES = /\.prepare\(|hotStatement\((this\.#)?database/;

/** SQLite plans by the value of such a limit, so it compiles the statement again whenever a value is bound. */
const BARE_LIMIT = /\bLIMIT \?\d*(?! ?\+|\d)/;

/** Runs these tests with the recorder. */
async function record(file: string): Promise<readonly RecordedPlan[]> {
  const runner = ['--test-isolation=none', '--test'];
  const args = ['--import', RECORDER, ...runner, ...TESTS];
  // As a test of ours, the runner would report to us instead of running.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    env: { ...env, RECORDED_PLANS: file },
    maxBuffer: 64 * 1024 ** 2,
  }).catch(() => undefined); // They report themselves which of them fail.
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RecordedPlan);
}

/** Whether a step of the plan scans a growing table, and nothing ends the scan. */
function isUnbounded(step: string, sql: string): boolean {
  const table = /^SCAN (\w+)/.exec(step)?.[1];
  if (table === undefined || table === 'CONSTANT' || BOUNDED.has(table)) return false;
  // The first rows in the order of an index, and whether there is one at all.
  const ends = [`FROM ${table}( ORDER BY [\\w, ]+)? LIMIT`, `EXISTS \\(SELECT 1 FROM ${table}\\)`];
  return !ends.some((end) => new RegExp(end).test(sql.replaceAll(/\s+/g, ' ')));
}

test('no statement of the store walks through a table that grows', async () => {
  using directory = new TestDirectory();
  const plans = await record(directory.file('plans.jsonl'));
  const calls = globSync('packages/store/src/**/*.ts', { cwd: ROOT }).flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .flatMap((line, index) => (PREPARES.test(line) ? [`${path}:${index + 1}`] : [])),
  );
  const recorded = new Set(plans.map(({ at }) => at));
  assert.deepEqual(
    calls.filter((call) => !recorded.has(call) && !isOnPurpose(call)),
    [],
    'statements that no test of the store prepares: their plans are not known',
  );
  assert.deepEqual(
    plans.filter(({ sql }) => BARE_LIMIT.test(sql)).map(({ at, sql }) => `${at}: ${sql}`),
    [],
    'statements that SQLite compiles again for each call: write LIMIT ? + 0',
  );
  const walks = plans
    .filter(({ at }) => !isOnPurpose(at))
    .flatMap(({ at, sql, plan }) =>
      plan.filter((step) => isUnbounded(step, sql)).map((step) => `${at} ${step}: ${sql}`),
    );
  assert.deepEqual(walks, []);
});
