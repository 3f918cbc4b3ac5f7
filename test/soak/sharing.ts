// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Daemons that share for a long time: do all have everything, is nothing said twice, does memory stay flat?
 *
 *   node test/soak/sharing.ts [MINUTES]
 *
 * Needs unshare, nsenter, ip and Debian's dhtnode. After ten minutes the first values have expired or were refreshed.
 */

import { runInWorld } from '../interop/pool/namespaces.ts';

const minutes = process.argv[2] ?? '12';
const limitMs = (Number(minutes) + 5) * 60_000;
const { status, output } = await runInWorld('unshare', 'run-soak.ts', [minutes], limitMs);
console.log(output);
process.exitCode = status ?? 1;
