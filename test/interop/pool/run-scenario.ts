// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Runs the named scenario, in whatever network it is started in. */

import { SCENARIOS } from './scenarios.ts';

const name = process.argv[2] ?? '';
const run = SCENARIOS[name];
if (run === undefined) throw new Error(`no scenario: ${name}`);
await run();
