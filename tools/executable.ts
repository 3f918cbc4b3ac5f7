// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes one executable of the program and the Node.js that runs this, for the platform that it runs on: out/sentrypeer.
 * It needs no file next to it; threads, dashboard, the file of countries and the licences are inside.
 *
 *   npm run build && out/sentrypeer --version --licences
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLING, ENTRIES } from './bundling.ts';
import { readPart } from './parts.ts';
import { ROOT } from './sources.ts';

const OUT = join(ROOT, 'out', process.platform === 'win32' ? 'sentrypeer.exe' : 'sentrypeer');

const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-executable-'));
try {
  execFileSync(process.execPath, ['tools/bundle.ts'], { cwd: ROOT, stdio: 'inherit' });
  // A file within the executable cannot import another one, so each thread's code is one file.
  await build({
    ...BUNDLING,
    entryPoints: ENTRIES,
    outdir: folder,
    banner: {
      js: "const require = process.getBuiltinModule('node:module').createRequire(process.execPath);",
    },
  });
  const assets: Record<string, string> = {
    'country.mmdb': join(ROOT, 'dist/country.mmdb'),
    'LICENCES.txt': join(folder, 'LICENCES.txt'),
  };
  for (const name of readdirSync(join(ROOT, 'dist/dashboard')))
    assets[`dashboard/${name}`] = join(ROOT, 'dist/dashboard', name);
  for (const { out: name } of ENTRIES) {
    if (name === 'main') continue;
    const file = join(folder, `${name}.js`);
    // Named in stack traces; without it, the address that the code is loaded from would contain all of the code.
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n//# sourceURL=sentrypeer/${name}.js\n`);
    assets[`${name}.js`] = file;
  }
  const node = readPart(join(dirname(process.execPath), '..'));
  const licences = readFileSync(join(ROOT, 'dist/LICENCES.txt'), 'utf8');
  const heading = `Node.js ${process.versions.node}, with what it contains`;
  writeFileSync(
    join(folder, 'LICENCES.txt'),
    licences.replace('\n\n---', `\n  ${heading}: MIT and others\n\n---`) +
      `\n${'-'.repeat(80)}\n${heading}\n\n${node.text}\n`,
  );
  const executable = join(folder, 'node');
  copyFileSync(process.execPath, executable);
  // Symbols are a fifth of it, and only debuggers read them.
  spawnSync('strip', [executable], { stdio: 'ignore' });
  mkdirSync(dirname(OUT), { recursive: true });
  rmSync(OUT, { force: true });
  const recipe = join(folder, 'sea.json');
  const settings = {
    main: join(folder, 'main.js'),
    mainFormat: 'module',
    executable,
    output: OUT,
    disableExperimentalSEAWarning: true,
    useCodeCache: true, // For the main thread's code, of which parsing takes a sixth of the thread's start.
    assets,
  };
  writeFileSync(recipe, JSON.stringify(settings));
  execFileSync(process.execPath, ['--build-sea', recipe], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
} finally {
  rmSync(folder, { recursive: true });
}
