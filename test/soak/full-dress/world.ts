// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The machine that a soak runs on: a network namespace without a way out, and small disks that can be filled. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statfsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The honeypot's address; attackers have the addresses of 45.83.64.0/24, which look public. */
export const HONEYPOT = '203.0.113.10';
export const ATTACKER_NET = '45.83.64';

/** Octets of the disks that hold the database and the logs. */
const DATA_DISK = '3g';
const LOG_DISK = '3g';

const WORLD = `
ip link set lo up multicast on
ip addr add ${HONEYPOT}/32 dev lo
ip route add local ${ATTACKER_NET}.0/24 dev lo
mkdir -p "$SOAK_FOLDER/data" "$SOAK_FOLDER/logs"
mount -t tmpfs -o size=${DATA_DISK} tmpfs "$SOAK_FOLDER/data"
mount -t tmpfs -o size=${LOG_DISK} tmpfs "$SOAK_FOLDER/logs"
exec "$@"`;

/** Runs a program of ours there, passing on its output. @returns Its exit status. */
export async function runInWorld(
  program: string,
  args: readonly string[],
  folder: string,
): Promise<number> {
  const shell = ['sh', '-ec', WORLD, 'sh', process.execPath, program, ...args];
  const child = spawn(
    'unshare',
    ['-rnm', '--pid', '--fork', '--mount-proc', '--kill-child', ...shell],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, SOAK_FOLDER: folder },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'close');
  return typeof status === 'number' ? status : 1;
}

/** Fills the disk of a folder to the last page, until it is disposed of. */
export function fillDisk(folder: string): Disposable {
  const file = join(folder, 'filler');
  const { bavail, bsize } = statfsSync(folder);
  const chunk = Buffer.alloc(16 * 1024 * 1024);
  writeFileSync(file, '');
  for (let left = bavail * bsize; left > 0; left -= chunk.length) {
    try {
      writeFileSync(file, chunk.subarray(0, Math.min(left, chunk.length)), { flag: 'a' });
    } catch {
      break; // Full, which is what was wanted.
    }
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}
