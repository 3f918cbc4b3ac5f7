// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root folder, with a slash at its end. */
export const ROOT = join(import.meta.dirname, '..', '/');

export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file of ours that matches one of the patterns, sorted by path. */
export function readSources(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**'] })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}
