// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Bundles the daemon to plain JavaScript under dist/, with nothing to install beside Node.js: what is shipped.
 *
 *   npm run bundle && node dist/main.js --help
 */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { builtInFile } from '../daemon/src/services/places-options.ts';
import { ROOT } from './sources.ts';

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

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [
    { in: join(SOURCES, 'program.ts'), out: 'main' },
    ...['agent-worker', 'sip-worker', 'store-worker'].map((name) => ({
      in: join(SOURCES, `workers/${name}.ts`),
      out: name,
    })),
  ],
  // Beside the entries: the workers' are found from wherever the code that starts them stands.
  chunkNames: '[name]-[hash]',
  outdir: join(ROOT, 'dist'),
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
cpSync(builtInFile(), join(ROOT, 'dist', 'country.mmdb'));
for (const name of ['LICENSE-GPL-2.0', 'LICENSE-GPL-3.0'])
  cpSync(join(ROOT, name), join(ROOT, 'dist', name));
