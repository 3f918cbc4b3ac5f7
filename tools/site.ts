// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes the documentation as a web site with search, in out/site:
 *
 *   sudo apt-get install mkdocs && npm run site
 *
 * MkDocs builds it from the Markdown in the repository. It only knows the pages of one folder, so they are copied into
 * one first; a link from there to a file that is not a page becomes the name of the file.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ROOT } from './sources.ts';

const PAGES_FOLDER = join(ROOT, 'out/site-pages');
const PAGES = ['*.md', 'docs/**/*.md', 'bench/README.md', 'packages/*/*.md'];
const PICTURES = ['docs/**/*.{png,svg,webp}'];

const pages = globSync(PAGES, { cwd: ROOT }).toSorted();
rmSync(PAGES_FOLDER, { recursive: true, force: true });
for (const page of pages) {
  write(page, withLinksToPages(readFileSync(join(ROOT, page), 'utf8'), posix.dirname(page)));
}
for (const picture of globSync(PICTURES, { cwd: ROOT })) {
  cpSync(join(ROOT, picture), join(PAGES_FOLDER, picture));
}
execFileSync(
  'mkdocs',
  ['build', '--strict', '--quiet', '--config-file', 'packaging/site/mkdocs.yml'],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);

function write(page: string, text: string): void {
  mkdirSync(join(PAGES_FOLDER, dirname(page)), { recursive: true });
  writeFileSync(join(PAGES_FOLDER, page), text);
}

/** @param folder The page's folder, from the root of the repository. */
function withLinksToPages(text: string, folder: string): string {
  return text.replaceAll(
    /(?<!!)\[([^\]]+)\]\(([^)\s]+)\)/gu,
    (link, label: string, target: string) => {
      if (target.includes('://') || target.startsWith('#') || target.startsWith('mailto:'))
        return link;
      const [file = '', fragment] = target.split('#');
      const path = posix.join(folder, file);
      const page = pages.includes(posix.join(path, 'README.md'))
        ? posix.join(file, 'README.md')
        : file;
      if (!pages.includes(posix.join(folder, page))) return label;
      return `[${label}](${page}${fragment === undefined ? '' : `#${fragment}`})`;
    },
  );
}
