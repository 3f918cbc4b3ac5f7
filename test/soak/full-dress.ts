// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A day in two hours: everything on, real scanners and 100 requests a second over UDP, TCP and TLS, clients of the
 * stream, Prometheus, fail2ban, logrotate, keys, allowances and backups; and the faults of a schedule that the seed
 * draws: kill -9, rsyslog down, disks full, the DHT cut off, idle connections, SIGSTOP, a clock that jumps. At the end
 * database, JSON log and webhook must hold the same events, metrics must say what the database says, and
 * look-ups, explanations, listings and lists must agree. In the last third nothing ends the process: its memory must
 * stay flat.
 *
 *   npm run soak                      two hours, a seed of its own
 *   npm run soak -- --seconds 600 --seed 42
 *   npm run soak -- --without kill,restart    no process ends, so that its memory can be watched for long
 *
 * Each word of --without leaves out the faults with that word in their name; `all` leaves out every fault.
 *
 * Needs unshare, and Debian's sipvicious, sipsak, sip-tester, nmap, rsyslog, fail2ban, prometheus, logrotate,
 * sqlite3 and faketime. With --keep its folder stays.
 */

import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runInWorld } from './full-dress/world.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '7200' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    keep: { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-soak-'));
const program = join(import.meta.dirname, 'full-dress/run.ts');
try {
  process.exitCode = await runInWorld(
    program,
    [values.seed, values.seconds, folder, values.without],
    folder,
  );
} finally {
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
