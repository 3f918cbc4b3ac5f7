// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the linter cannot check: the house rules, read from the sources. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCHEMAS } from '../packages/api/src/v1/schemas.ts';
import { formatClientTypes } from './client-types.ts';
import { formatLimits } from './limits-document.ts';
import { formatPolicy } from './policy-document.ts';
import { readSources, ROOT, type SourceFile } from './sources.ts';

const SPDX = '// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only\n';
const LINES_MAX = 400;

/** Packages that use neither clock, nor randomness, nor sockets. */
const PURE_PACKAGES = new Set([
  'bgp',
  'bytes',
  'dht',
  'event',
  'honeypot',
  'ip',
  'kernel',
  'numbers',
  'redirect',
  'sip',
  'verdict',
]);
/** Exceptions: the clock itself, and patterns that a library brings for numbers of bounded length. */
const IMPURE_PATHS = new Set([
  'packages/kernel/src/clock.ts',
  'packages/numbers/src/numbering-plans.ts',
]);
/** Entry points of pure packages that bind sockets or open files: second exports, which nothing else in the package imports. */
const IMPURE_FOLDERS: readonly string[] = [
  'packages/bgp/src/tcp/',
  'packages/bytes/src/file/',
  'packages/dht/src/udp/',
  'packages/ip/src/udp/',
];
/** Packages that may use `Buffer`. */
const BUFFER_PACKAGES = new Set(['bytes', 'net', 'store']);

/**
 * What `store` may call in `node:fs`: calls that take a name and open nothing, or open files that are not a database in
 * use.
 */
const HARMLESS_FILE_CALLS = new Set([
  'accessSync',
  'BigIntStats',
  'chmodSync',
  'constants',
  'copyFileSync',
  'mkdtempSync',
  'renameSync',
  'rmSync',
  'statSync',
  'Stats',
  'statfsSync',
  'truncateSync',
]);

/** Packages that all others may import. */
const GROUND: readonly string[] = ['kernel', 'bytes', 'ip'];

/** What each package may import in addition: imports point down (docs/architecture.md). */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  dht: [],
  event: [],
  sip: [],
  honeypot: ['sip', 'event'],
  numbers: [],
  verdict: ['event', 'numbers'],
  redirect: ['sip', 'numbers', 'verdict'],
  net: [],
  store: ['event', 'follow'],
  follow: ['event'],
  delivery: ['event', 'follow'],
  geo: [],
  listings: [],
  firewall: ['listings'],
  bgp: [],
  blackhole: ['listings'],
  pool: ['dht', 'event', 'follow'],
  fleet: ['event', 'follow'],
  api: ['event', 'verdict'],
  client: [],
};

const sources = readSources('packages/*/src/**/*.ts', 'daemon/src/**/*.ts');
const all = readSources('{packages,daemon,dashboard,test,bench,tools}/**/*.{ts,tsx}');
const ofDashboard = readSources('dashboard/src/**/*.{ts,tsx}');

function packageOf(file: SourceFile): string {
  return file.path.startsWith('packages/') ? (file.path.split('/')[1] ?? '') : '';
}

function offenders(files: readonly SourceFile[], pattern: RegExp): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
      .filter(({ line }) => pattern.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line))
      .map(({ at }) => at),
  );
}

function texts(files: readonly SourceFile[]): readonly string[] {
  return files.map(({ text }) => text);
}

/** What the pattern's first group matches in the texts, each once, sorted. */
function captures(within: readonly string[], pattern: RegExp): readonly string[] {
  const found = within.flatMap((text) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
  return [...new Set(found)].toSorted();
}

const inPackages = (names: Iterable<string>): readonly SourceFile[] => {
  const wanted = new Set(names);
  return sources.filter((file) => wanted.has(packageOf(file)));
};

function pureSources(): readonly SourceFile[] {
  return inPackages(PURE_PACKAGES).filter(
    ({ path }) => !IMPURE_FOLDERS.some((folder) => path.startsWith(folder)),
  );
}

test('the sources are found', () => {
  assert.ok(sources.length > 40, String(sources.length));
});

test('every source file begins with the licence', () => {
  assert.deepEqual(
    all.filter(({ text }) => !text.replace(/^#!.*\n/, '').startsWith(SPDX)).map(({ path }) => path),
    [],
  );
});

test('no source file that people write is longer than 400 lines', () => {
  const long = [...sources, ...ofDashboard].filter(
    ({ path, text }) =>
      path !== 'packages/client/src/api-types.ts' && text.split('\n').length - 1 > LINES_MAX,
  );
  assert.deepEqual(
    long.map(({ path }) => path),
    [],
  );
});

test('pure rooms use no clock, no chance, no timer, no process and no regular expression', () => {
  const impure =
    /\bDate\.now\b|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\bprocess\.|\bnew RegExp\b|[=(,:?&|!]\s*\/(?![/*])(?:[^/\n\\]|\\.)+\/[dgimsuy]*[.,;)]/;
  const files = pureSources().filter(({ path }) => !IMPURE_PATHS.has(path));
  assert.deepEqual(offenders(files, impure), []);
});

test('pure rooms import nothing of Node but hashing', () => {
  const forbidden = /from 'node:(?!crypto')/;
  assert.deepEqual(offenders(pureSources(), forbidden), []);
});

test('only bytes, net and store say Buffer', () => {
  const files = sources.filter((file) => !BUFFER_PACKAGES.has(packageOf(file)));
  assert.deepEqual(offenders(files, /\bBuffer\b/), []);
});

test('only ip reads addresses', () => {
  const files = sources.filter((file) => packageOf(file) !== 'ip');
  assert.deepEqual(offenders(files, /\b(isIP|isIPv4|isIPv6|SocketAddress|BlockList)\b/), []);
});

test('only the daemon reads process', () => {
  const files = sources.filter((file) => packageOf(file) !== '');
  assert.deepEqual(offenders(files, /\bprocess\.(env|argv|exit|on|stdout|stderr|cwd)\b/), []);
});

/* POSIX drops all locks of a process on a file when it closes any descriptor of it, including those of SQLite. */
test('nothing but SQLite opens a file in store', () => {
  const imported = (text: string): readonly string[] =>
    [...text.matchAll(/import \{([^}]*)\} from 'node:fs(?:\/promises)?'/g)].flatMap((match) =>
      (match[1] ?? '').split(',').map((name) => name.trim().replace(/^type /, '')),
    );
  const files = inPackages(['store']);
  const wrong = files.flatMap(({ path, text }) =>
    imported(text)
      .filter((name) => name !== '' && !HARMLESS_FILE_CALLS.has(name))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(wrong, []);
  const wholesale = /\* as \w+ from 'node:fs|^import \w+ from 'node:fs|\bprocess\.getBuiltinModule/;
  assert.deepEqual(offenders(files, wholesale), []);
});

test('databases are opened in only one file', () => {
  const files = sources.filter(({ path }) => !path.endsWith('/open-database.ts'));
  assert.deepEqual(offenders(files, /\bnew DatabaseSync\b/), []);
});

test('imports point down', () => {
  const wrong = sources.flatMap((file) => {
    const room = packageOf(file);
    if (room === '') return [];
    const edges = EDGES[room];
    const level = GROUND.indexOf(room);
    if (edges === undefined && level < 0) return [`${file.path}: unknown room`];
    const allowed = level < 0 ? [...GROUND, ...(edges ?? [])] : GROUND.slice(0, level);
    return [...file.text.matchAll(/from '@sentrypeer\/([a-z]+)[^']*'/g)]
      .map((match) => match[1] ?? '')
      .filter((imported) => !allowed.includes(imported))
      .map((imported) => `${file.path}: ${imported}`);
  });
  assert.deepEqual(wrong, []);
});

test('the dashboard knows nothing of ours but the types of what the API answers', () => {
  const foreign = /from '(?:@sentrypeer\/|node:|(?:\.\.\/)+(?:packages|daemon)\/)/;
  assert.deepEqual(
    offenders(ofDashboard, foreign).map((at) => at.split(':')[0]),
    ['dashboard/src/api-types.ts'],
  );
  const types = readSources('dashboard/src/api-types.ts')[0]?.text ?? '';
  assert.match(
    types,
    /^export type \{[^}]*\} from '[./]+\/packages\/client\/src\/api-types\.ts';$/m,
  );
});

/* Texts from attackers reach the page; none may be treated as markup, a script, or an address to go to. */
test('the dashboard makes no markup of texts', () => {
  const markup =
    /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|\beval\b|new Function|srcdoc/;
  assert.deepEqual(offenders(ofDashboard, markup), []);
});

test('the types of the client are what the API answers (npm run docs)', () => {
  const path = join(ROOT, 'packages/client/src/api-types.ts');
  assert.equal(readFileSync(path, 'utf8'), formatClientTypes(SCHEMAS));
});

test('every error code is documented, and none that does not exist', () => {
  const document = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const documented = captures([document], /^\| `([a-z0-9_]+)` +\|/gm);
  const made = /(?:new OperatingError|databaseError)\(\s*'([a-z0-9_]+)'/g;
  assert.deepEqual(documented, captures(texts(sources), made));
});

test('every anomaly code is documented, and none that does not exist', () => {
  const document = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const documented = captures([document], /^- `([a-z0-9_]+)`/gm);
  const inUnions = captures(
    texts(
      sources.filter(({ path }) =>
        /sip\/src\/anomaly|net\/src\/(stream-listener|tls-acceptor)/.test(path),
      ),
    ),
    /\| '([a-z0-9_]+)'/g,
  ).filter((code) => code.includes('_') || documented.includes(code));
  const ofHoneypot = captures(texts(inPackages(['honeypot'])), /codes\.push\('([a-z0-9_]+)'\)/g);
  assert.deepEqual(
    [...inUnions, ...ofHoneypot].filter((code) => !documented.includes(code)),
    [],
  );
  const known = texts(sources).join('\n');
  assert.deepEqual(
    documented.filter((code) => !known.includes(`'${code}'`)),
    [],
  );
});

test('docs/limits.md is what the limits say (npm run docs writes it)', () => {
  assert.equal(readFileSync(join(ROOT, 'docs/limits.md'), 'utf8'), formatLimits());
});

test('docs/limits.md names every limit', () => {
  const limits = texts(readSources('{packages/*,daemon}/src/**/limits.ts'));
  const named = captures([formatLimits()], /`([A-Z0-9_]+)`(?=,| \|)/g);
  const exported = captures(limits, /^export const ([A-Z0-9_]+)/gm);
  assert.deepEqual(
    exported.filter((name) => !named.includes(name)),
    [],
  );
});

test('docs/policy.md is what the policy says (npm run docs writes it)', () => {
  assert.equal(readFileSync(join(ROOT, 'docs/policy.md'), 'utf8'), formatPolicy());
});
