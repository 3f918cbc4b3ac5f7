// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Where the program begins. Signals come first, alone, which takes no time: from there on none of them ends us
 * unhandled. As JavaScript, this much is read by older versions of Node.js too, so that they say what is needed.
 */

import './signals.ts';

const NODE_MAJOR_MIN = 26;

// Node would let FORCE_COLOR win, and say so on standard error.
if (process.env['NO_COLOR']) delete process.env['FORCE_COLOR'];

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) await import('./program.ts');
else {
  process.stderr.write(
    `sentrypeer: needs Node.js ${NODE_MAJOR_MIN} or newer, and this is ${process.version}: install a newer one, or use the one that npm ci installs (node_modules/.bin/node)\n`,
  );
  process.exitCode = 1;
}
