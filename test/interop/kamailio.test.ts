// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A peaceful neighbour: Kamailio checks whether we are up before it would send calls. */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { documented } from './documented.ts';
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

/** Queries the documented table once it is loaded. */
function asksTable(folder: string, modules: string, port: number): string {
  const asked = ['4685078012', '12126834123', '46701740605'].map(
    (number) => `
    $var(e164) = "${number}";
    if (mt_match("sentrypeer", "$var(e164)", "0")) xlog("L_ERR", "${number} is refused\\n");
    else xlog("L_ERR", "${number} passes\\n");`,
  );
  const table = documented('kamailio.md', 'kamailio mtree', { '/etc/kamailio/sentrypeer': folder });
  return `#!KAMAILIO
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:127.0.0.1:${port}
mpath="${modules}/"
${table}
request_route { exit; }
event_route[core:worker-one-init] {${asked.join('')}
    xlog("L_ERR", "all were asked\\n");
}
`;
}

test('kamailio loads /v1/lists/numbers.mtree and refuses a number within a listed range', async (t) => {
  const kamailio = peer('kamailio', t);
  if (kamailio === undefined) return;
  await using daemon = await DaemonProcess.start();
  const { folder, ports } = daemon;
  for (const what of ['+46850780xx', '+12126834123']) {
    const { status, stderr } = await DaemonProcess.run(['block', what, '-f', daemon.dbFile]);
    assert.equal(status, 0, stderr);
  }
  let list = '';
  await until('both to be listed', async () => {
    const response = await fetch(`http://127.0.0.1:${ports.api}/v1/lists/numbers.mtree`);
    list = await response.text();
    return list.split('\n').length === 4;
  });
  const tables = join(folder, 'tables');
  await mkdir(tables);
  await writeFile(join(tables, 'version'), 'table_name(string) table_version(int)\nnumbers:1\n');
  await writeFile(join(tables, 'numbers'), list);
  const [mtree] = globSync('/usr/lib/*/kamailio/modules/mtree.so');
  assert.ok(mtree !== undefined, 'the package has its modules');
  const file = join(folder, 'mtree.cfg');
  await writeFile(file, asksTable(tables, dirname(mtree), await freePort()));
  const args = ['-f', file, '-DD', '-E', '-w', folder, '-Y', folder];
  const { output } = await runTool(kamailio, args, { folder, untilPrinted: 'all were asked' });
  assert.match(output, /4685078012 is refused/);
  assert.match(output, /12126834123 is refused/);
  assert.match(output, /46701740605 passes/);
});
