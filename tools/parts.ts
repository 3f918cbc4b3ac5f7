// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Third-party code or data inside what we ship. */
export interface Part {
  readonly name: string;
  readonly version: string;
  /** As its own package names it, an SPDX expression. */
  readonly licence: string;
  /** The text that its licence requires; empty if its package has no such file. */
  readonly text: string;
}

/** @param folder Of an installed package. */
export function readPart(folder: string): Part {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { readonly name: string; readonly version: string; readonly license: string };
  const files = globSync(['LICEN[CS]E*', 'NOTICE*'], { cwd: folder }).toSorted();
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return { name, version, licence: license, text };
}

/** The packages of the bundled files, each once. @param inputs Paths from the root. */
export function partsOf(root: string, inputs: readonly string[]): readonly Part[] {
  const folders = inputs.flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].toSorted().map((folder) => readPart(join(root, folder)));
}

/** What `sentrypeer --version --licences` prints: a list, and then the texts. */
export function formatParts(version: string, parts: readonly Part[]): string {
  const list = parts.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}\n`);
  const texts = parts
    .filter(({ text }) => text !== '')
    .map(({ name, version, text }) => `\n${'-'.repeat(80)}\n${name} ${version}\n\n${text}\n`);
  return `sentrypeer ${version}: GPL-2.0-only OR GPL-3.0-only\nInside, by others:\n${list.join('')}${texts.join('')}`;
}
