// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes small changes to the sources of a package, one at a time, and lists those that its tests do not notice.
 * StrykerJS makes the changes and runs the tests (https://stryker-mutator.io/docs/stryker-js/tap-runner/); it is
 * installed on first use, because nothing else needs its 180 packages. Changes without meaning are marked in the
 * sources: `// Stryker disable next-line MUTATOR: reason`.
 *
 *   npm run mutate -- PACKAGE [FILE ...] [--tests GLOB ...] [--jobs N] [--timeout SECONDS]
 *
 * FILE is below `packages/PACKAGE/src` and may contain `*` and `**`; without one, all of the package is changed.
 * `FILE:10-50` changes lines 10 to 50 only. `--tests` is below `packages/PACKAGE/test`; without it all tests of the
 * package run. Each change takes about a second, and much more if many test files reach it; a package has some thousand.
 * `--jobs` is the number of changes tried at a time, one for each core if it is left out.
 * `--timeout` is what the tests may take longer than without a change; they hang if they take more.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './sources.ts';

/** Where most of a judgement, a codec or an access check is decided. */
const PACKAGES = [
  'api/access',
  'bgp',
  'delivery',
  'dht',
  'event',
  'follow',
  'honeypot',
  'ip',
  'listings',
  'numbers',
  'pool',
  'sip',
  'store',
  'verdict',
] as const;
const TOOL = join(ROOT, 'tools', 'mutation');
const OUT = join(ROOT, 'out', 'mutation');
/** In addition to the tests' first run: a change that makes them hang counts as noticed, a busy machine must not. */
const TIMEOUT_S = 30;
/** Files of which no behaviour depends on a text. */
const NO_FILES = ['index', 'limits'];

/** A change and its outcome, as in the report (mutation-testing-report-schema). */
interface Mutant {
  readonly mutatorName: string;
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true },
    jobs: { type: 'string' },
    timeout: { type: 'string' },
  },
});
const [name = '', ...files] = positionals;
if (!PACKAGES.some((known) => known === name)) {
  fail(
    `npm run mutate -- PACKAGE [FILE ...] [--tests GLOB] [--jobs N]; PACKAGE is one of ${PACKAGES.join(', ')}`,
  );
}
const [folder = '', part = ''] = name.split('/');
const sources = join('packages', folder, 'src', part);
const wanted = (files.length === 0 ? ['**/*.ts'] : files).flatMap((pattern) => {
  const { path, lines } = splitLines(pattern);
  return globSync(join(sources, path), { cwd: ROOT }).map((file) => ({ file, lines }));
});
const mutate = wanted
  .filter(({ file }) => !NO_FILES.some((each) => file.endsWith(`/${each}.ts`)))
  .map(({ file, lines }) => file + lines);
if (mutate.length === 0) fail(`there is no such file in ${sources}`);
const jobs = whole('--jobs', values.jobs, availableParallelism());
const timeoutS = whole('--timeout', values.timeout, TIMEOUT_S);
const tests = values.tests ?? ['**/*.test.ts'];
const testFiles = tests.flatMap((glob) =>
  globSync(join('packages', folder, 'test', glob), { cwd: ROOT }),
);
if (testFiles.length === 0) fail(`there is no such test in packages/${folder}/test`);

if (!existsSync(join(TOOL, 'node_modules'))) run('npm', ['ci', '--no-audit', '--no-fund'], TOOL);
mkdirSync(OUT, { recursive: true });
const report = join(OUT, `${name.replace('/', '-')}.json`);
const config = join(OUT, 'stryker.json');
writeFileSync(
  config,
  JSON.stringify({
    testRunner: 'tap',
    plugins: [join(TOOL, 'node_modules/@stryker-mutator/tap-runner/dist/src/index.js')],
    tap: {
      testFiles,
      nodeArgs: ['--test-reporter=tap', '-r', '{{hookFile}}', '{{testFile}}'],
      forceBail: true,
    },
    mutate,
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    concurrency: jobs,
    timeoutMS: timeoutS * 1000,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: relative(ROOT, report) },
    tempDirName: relative(ROOT, join(OUT, 'sandbox')),
    ignorePatterns: ['dist', 'out', 'packaging', 'docs'],
    // TypeScript 7 has no API with which Stryker could rewrite the configuration; nothing is compiled anyway.
    tsconfigFile: 'none.json',
    packageManager: 'npm',
  }),
);
run(process.execPath, [
  join(TOOL, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
  'run',
  config,
]);
tell(JSON.parse(readFileSync(report, 'utf8')) as Report);

/** `judge.ts:10-50`: the path, and the lines as Stryker wants them; `lines` is empty for the whole file. */
function splitLines(pattern: string): { readonly path: string; readonly lines: string } {
  const at = pattern.lastIndexOf(':');
  if (at < 0) return { path: pattern, lines: '' };
  return { path: pattern.slice(0, at), lines: pattern.slice(at) };
}

function whole(option: string, value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  return Number.isSafeInteger(number) && number >= 1
    ? number
    : fail(`${option} is a whole number from 1`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function run(program: string, args: readonly string[], cwd: string = ROOT): void {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(OUT, 'compiled') }; // A process for each change.
  const { status } = spawnSync(program, args, { cwd, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Prints the changes that survived, and the share that a test noticed. */
function tell({ files: reported }: Report): void {
  const totals = { noticed: 0, survived: 0 };
  for (const [file, { source, mutants }] of Object.entries(reported)) {
    const lines = source.split('\n');
    const survivors = mutants.filter(
      ({ status }) => status === 'Survived' || status === 'NoCoverage',
    );
    const noticed = mutants.filter(
      ({ status }) => status === 'Killed' || status === 'Timeout',
    ).length;
    totals.noticed += noticed;
    totals.survived += survivors.length;
    if (noticed + survivors.length === 0) continue;
    console.log(`${file}: ${percent(noticed, survivors.length)}`);
    for (const { mutatorName, replacement = '', location, status } of survivors) {
      const { line } = location.start;
      const how = status === 'NoCoverage' ? ' (no test comes here)' : '';
      console.log(`  ${line}: ${(lines[line - 1] ?? '').trim()}`);
      console.log(`    ${mutatorName}${how}: ${replacement.split('\n').join(' ').slice(0, 90)}`);
    }
  }
  console.log(`${name}: ${percent(totals.noticed, totals.survived)}`);
}

function percent(noticed: number, survived: number): string {
  const all = noticed + survived;
  return `${((100 * noticed) / Math.max(1, all)).toFixed(1)} % of ${all} changes noticed`;
}
