// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../docs/integrations');
const PACKAGING = join(import.meta.dirname, '../../packaging');

/**
 * A block of a page of docs/integrations, by the text after its opening fence (`kamailio http`), with other places than
 * those that the page names. Each place must be there, so that a page cannot drift from its test.
 */
export function documented(
  page: string,
  fence: string,
  places: Readonly<Record<string, string>>,
): string {
  const [, behind] = readFileSync(join(FOLDER, page), 'utf8').split(`\n\`\`\`${fence}\n`);
  const [block, rest] = behind?.split('\n```\n') ?? [];
  assert.ok(block !== undefined && rest !== undefined, `${page} has the block ${fence}`);
  return replaced(`${page}, ${fence}`, `${block}\n`, places);
}

/** A file of packaging/ with other places than those that it names, each of which must be there. */
export function shipped(path: string, places: Readonly<Record<string, string>>): string {
  return replaced(path, readFileSync(join(PACKAGING, path), 'utf8'), places);
}

function replaced(name: string, text: string, places: Readonly<Record<string, string>>): string {
  let changed = text;
  for (const [place, other] of Object.entries(places)) {
    assert.ok(changed.includes(place), `${name}: ${place}`);
    changed = changed.replaceAll(place, other);
  }
  return changed;
}
