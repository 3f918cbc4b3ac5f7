// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes packages/client/dist: JavaScript with its types for Node.js 20 and browsers. `npm pack` runs it:
 *
 *   cd packages/client && npm pack
 */

import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';

const CLIENT = join(ROOT, 'packages/client');

rmSync(join(CLIENT, 'dist'), { recursive: true, force: true });
// The `lib` setting contains only what Node.js 20 and browsers of 2023 have, so that newer calls are errors here.
execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(CLIENT, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
for (const name of ['LICENSE-GPL-2.0', 'LICENSE-GPL-3.0'])
  cpSync(join(ROOT, name), join(CLIENT, 'dist', name));
