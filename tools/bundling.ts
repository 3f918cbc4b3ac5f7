// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { ROOT } from './sources.ts';

const SOURCES = join(ROOT, 'daemon/src');

/** The entries of the program: its main thread, and the threads that it starts. */
export const ENTRIES = [
  { in: join(SOURCES, 'main.ts'), out: 'main' },
  ...['agent-worker', 'fleet-worker', 'reader-worker', 'sip-worker', 'store-worker'].map(
    (name) => ({
      in: join(SOURCES, `workers/${name}.ts`),
      out: name,
    }),
  ),
];

/** What Fastify could also serve, and we do not. */
const UNUSED_SERVERS = new Set(['node:http2', 'node:https']);

/** What Fastify loads for route schemas and tests, which we never use: half of its code, kept in memory as text. */
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
 * Takes from Node's modules only what is used. An `import` reads every export of a module, which triggers those that are
 * created on demand: for node:http that alone costs 16 MiB (its WebSocket brings a second client). esbuild's own way, a
 * copy of all exports for each file that imports some, takes 2 MiB in the main thread. Modules that belong to a choice
 * we do not make are not loaded until they are used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^(node:|https?2?$)/ }, ({ path, kind }) => ({
      path: path.startsWith('node:') ? path : `node:${path}`,
      namespace: kind === 'import-statement' ? 'builtin-exports' : 'builtin',
      sideEffects: false,
    }));
    bundler.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = ${loading(path)};`,
    }));
    bundler.onLoad({ filter: /^/, namespace: 'builtin-exports' }, ({ path }) => ({
      contents: [
        `const loaded = ${loading(path)};`,
        'const take = (name) => loaded[name];',
        'export default loaded;',
        ...exportsOf(path).map((name) => `export const ${name} = /* @__PURE__ */ take('${name}');`),
      ].join('\n'),
    }));
  },
};

function loading(path: string): string {
  const load = `process.getBuiltinModule('${path}')`;
  return UNUSED_SERVERS.has(path) ? `new Proxy({}, { get: (_, name) => ${load}[name] })` : load;
}

/** Names under which something can be imported. */
function exportsOf(path: string): readonly string[] {
  return Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => name !== 'default');
}

/** Settings of every bundle of the program. */
export const BUNDLING = {
  absWorkingDir: ROOT,
  bundle: true,
  metafile: true,
  // Names are kept: renaming with `keepNames` costs a definition for each function created at run time, a third of the
  // API's requests (bench/api.ts).
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  plugins: [lazyBuiltins, unusedParts],
  format: 'esm',
  target: 'node26',
} satisfies BuildOptions;
