// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A peaceful neighbour: Kamailio checks whether we are up before it would send calls. */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { freePort, runTool } from './tool.ts';

/** The dispatcher's flags: inactive, and to be probed. */
const INACTIVE_PROBING = 1 + 8;

/** Asks once a second, and reports when the answer was a 2xx. */
function configuration(folder: string, modules: string, port: number): string {
  return `#!KAMAILIO
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:127.0.0.1:${port}
mpath="${modules}/"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "${join(folder, 'dispatcher.list')}")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_ping_reply_codes", "class=2")
request_route { exit; }
event_route[dispatcher:dst-up] { xlog("L_ERR", "is up: $ru\\n"); }
`;
}

test('kamailio sends its OPTIONS and takes us for a server that is up', async (t) => {
  const kamailio = peer('kamailio', t);
  if (kamailio === undefined) return;
  await using daemon = await DaemonProcess.start(['-r', '--fold-window', '0']);
  const { folder, ports } = daemon;
  const [dispatcher] = globSync('/usr/lib/*/kamailio/modules/dispatcher.so');
  assert.ok(dispatcher !== undefined, 'the package has its modules');
  const destination = `sip:127.0.0.1:${ports.udp}`;
  const file = join(folder, 'kamailio.cfg');
  await writeFile(file, configuration(folder, dirname(dispatcher), await freePort()));
  await writeFile(join(folder, 'dispatcher.list'), `1 ${destination} ${INACTIVE_PROBING}\n`);
  const args = ['-f', file, '-DD', '-E', '-w', folder, '-Y', folder];
  await runTool(kamailio, args, { folder, untilPrinted: `is up: ${destination}` });
  await daemon.recorded(1);
  assert.deepEqual(
    daemon.rows(`SELECT DISTINCT method, from_user, request_uri, called_number, grade,
      user_agent LIKE 'kamailio (%' AS named FROM honey`),
    [
      {
        method: 'OPTIONS',
        from_user: 'dispatcher',
        request_uri: destination,
        called_number: 'NOT_FOUND',
        grade: 'seen',
        named: 1,
      },
    ],
  );
});
