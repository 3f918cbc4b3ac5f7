// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Builds the files for browsers. The daemon calls it when it runs from its sources, tools/bundle.ts for what is
 * shipped.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, stop } from 'esbuild';
import { ROOT } from './sources.ts';
import { WORLD_INPUTS, worldMap } from './world-map.ts';

const SOURCES = join(ROOT, 'dashboard/src');

/** Browsers of the last two years. */
const TARGETS = ['chrome120', 'firefox121', 'safari17'];

interface BuiltDashboard {
  /**
   * By name: the page `index.html`, and its script, style, icon and map, whose names contain a hash of their content.
   */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The files that they were made from; paths from the root. */
  readonly inputs: readonly string[];
}

export async function buildDashboard(): Promise<BuiltDashboard> {
  const { outputFiles, metafile } = await build({
    entryPoints: ['app.tsx', 'app.css', 'icon.svg'].map((name) => join(SOURCES, name)),
    entryNames: '[name]-[hash]',
    outdir: '/',
    write: false,
    metafile: true,
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: 'esm',
    target: TARGETS,
    loader: { '.svg': 'copy' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // Ignores any tsconfig.json that happens to be above the checkout.
    tsconfigRaw: {},
    logLevel: 'silent', // Errors are thrown.
  }).finally(stop); // Otherwise its process would stay.
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const world = new TextEncoder().encode(await worldMap());
  files.set(`world-${createHash('sha256').update(world).digest('hex').slice(0, 8)}.json`, world);
  const page = await readFile(join(SOURCES, 'index.html'), 'utf8');
  const linked = [...files.keys()].reduce(
    (text, name) => text.replace(`"${name.replace(/-\w+\./, '.')}"`, `"/dashboard/${name}"`),
    page,
  );
  files.set('index.html', new TextEncoder().encode(linked));
  return { files, inputs: [...Object.keys(metafile.inputs), ...WORLD_INPUTS] };
}
