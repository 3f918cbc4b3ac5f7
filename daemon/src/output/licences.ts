// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync, readFileSync } from 'node:fs';
import { VERSION } from '../config/version.ts';
import { embedded } from '../embedded.ts';

const NAME = 'LICENCES.txt';

/** The list of included software that tools/bundle.ts made, with the texts of the licences. */
export function licences(): string {
  const octets = embedded(NAME);
  if (octets !== undefined) return new TextDecoder().decode(octets);
  const file = new URL(NAME, import.meta.url);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  return `sentrypeer ${VERSION}: GPL-2.0-only OR GPL-3.0-only\nIt runs from its sources, and nothing is inside: docs/dependencies.md names what it uses.\n`;
}
