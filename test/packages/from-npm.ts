// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Programs and libraries that only tests of packages need, from npm's registry. They are kept for the next run. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/sources.ts';
import { runInRoot } from './run-in-root.ts';

const KEPT = join(ROOT, 'node_modules/.cache/from-npm');

/**
 * The folder of a package, unpacked and without its dependencies; nothing in it is run.
 *
 * @param archive Name and version.
 * @param integrity Of the archive, as in a lock file.
 */
export function packageFromNpm(archive: string, integrity: string): string {
  const folder = join(KEPT, archive.replaceAll('/', '+'));
  if (existsSync(folder)) return join(folder, 'package');
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const file = runInRoot('npm', ['pack', '--silent', '--pack-destination', unfinished, archive]);
    const path = join(unfinished, file.trim());
    const digest = createHash('sha512').update(readFileSync(path)).digest('base64');
    assert.equal(`sha512-${digest}`, integrity, archive);
    runInRoot('tar', ['-C', unfinished, '-xzf', path]);
    rmSync(path);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return join(folder, 'package');
}

/** A folder in which packages are installed with their dependencies. @param packages Names and versions. */
export function installFromNpm(packages: readonly string[]): string {
  const folder = join(KEPT, packages.join(',').replaceAll('/', '+'));
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    runInRoot('npm', ['install', '--prefix', unfinished, ...quietly, ...packages]);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
