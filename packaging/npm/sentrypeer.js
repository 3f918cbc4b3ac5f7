#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Read by any Node.js from 14 on, so that an older one than the program needs can say so. */

const NODE_MAJOR_MIN = 26;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  await import('./main.js');
} else {
  process.stderr.write(
    `sentrypeer: needs Node.js ${NODE_MAJOR_MIN} or newer, and this is ${process.version}: install a newer one, or a package that brings it\n`,
  );
  process.exitCode = 1;
}
