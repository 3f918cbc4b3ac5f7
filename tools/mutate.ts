// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes small changes to the sources of a package, one at a time, and lists those that its tests do not notice.
 * StrykerJS makes the changes and runs the tests (https://stryker-mutator.io/docs/stryker-js/tap-runner/); it is
 * installed on first use, because nothing else needs its 180 packages. Changes without meaning are marked in the
 * sources: `// Stryker disable next-line MUTATOR: reason`.
 *
 *   npm run mutate -- PACKAGE [FILE ...]
 *
 * FILE is below `packages/PACKAGE/src` and may contain `*` and `**`; without one, all of the package is changed. Each
 * change takes about a second, and a package has some thousand.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from './sources.ts';

/** Where most of a judgement, a codec or an access check is decided. */
const PACKAGES = [
  'api/access',
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
const TIMEOUT_MS = 30_000;
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

const [name = '', ...files] = process.argv.slice(2);
if (!PACKAGES.some((known) => known === name)) {
  console.error(`npm run mutate -- PACKAGE [FILE ...]; PACKAGE is one of ${PACKAGES.join(', ')}`);
  process.exit(2);
}
const [folder = '', part = ''] = name.split('/');
const sources = join('packages', folder, 'src', part);
const wanted = (files.length === 0 ? ['**/*.ts'] : files).flatMap((pattern) =>
  globSync(join(sources, pattern), { cwd: ROOT }),
);
const mutate = wanted.filter((file) => !NO_FILES.some((each) => file.endsWith(`/${each}.ts`)));
if (mutate.length === 0) {
  console.error(`there is no such file in ${sources}`);
  process.exit(2);
}

if (!existsSync(join(TOOL, 'node_modules'))) run('npm', ['ci', '--no-audit', '--no-fund'], TOOL);
mkdirSync(OUT, { recursive: true });
const report = join(OUT, `${name.replace('/', '-')}.json`);
const config = join(OUT, 'stryker.json');
const testFiles = globSync(`packages/${folder}/test/**/*.test.ts`, { cwd: ROOT });
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
    concurrency: availableParallelism(),
    timeoutMS: TIMEOUT_MS,
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

function run(program: string, args: readonly string[], cwd: string = ROOT): void {
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit' });
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
