// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Every command line of ours in the documents is one that the program understands. */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { prepared } from './prepared.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'packages/*/*.md'], {
  cwd: ROOT,
});
/** What may precede our name. */
const BEFORE = /^(?:\$ |# )?(?:sudo |npx |exec |setpriv .* )?/;
/** Code blocks for a shell, and text between backquotes. */
const BLOCK = /^```(?:sh|console|bash)\n([^]*?)^```/gm;

interface Line {
  readonly document: string;
  /** What follows `sentrypeer`. */
  readonly words: string;
}

const LINES: readonly Line[] = DOCUMENTS.flatMap((document) =>
  commandLines(readFileSync(join(ROOT, document), 'utf8')).map((words) => ({ document, words })),
);

function commandLines(text: string): readonly string[] {
  return [...text.matchAll(BLOCK)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim().replace(BEFORE, ''))
    .filter((line) => line.startsWith('sentrypeer ') && !line.includes('[OPTION]'))
    .map((line) => withoutShell(line.slice('sentrypeer '.length)));
}

/** Without comments, redirections, and other programs in a pipe. */
function withoutShell(line: string): string {
  return (line.split(/ +#| [|>&]|;/)[0] ?? '').replaceAll(/['"]/g, '').trim();
}

test('the documents show many commands', () => {
  assert.ok(LINES.length > 40, String(LINES.length));
});

for (const { document, words } of LINES) {
  test(`${document}: sentrypeer ${words}`, () => {
    const loaded = loadConfig({
      argv: words.split(' ').filter((word) => word !== ''),
      env: {},
      homeDirectory: undefined,
      coresCount: 2,
      personaNames: [],
      readFile: (path) =>
        path.endsWith('.fleet') ? 'postgres://pbx-1:x@db.example.org/fleet' : '',
      directoryExists: () => true,
      realPath: (path) => path,
      throughLinks: (path) => path,
      fileExists: () => false,
      listDirectory: () => [],
    });
    assert.notEqual(loaded.kind, 'refused', 'message' in loaded ? loaded.message : '');
    if (loaded.kind === 'command') prepared(words);
  });
}
