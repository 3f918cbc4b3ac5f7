// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A real phone with the password that an attacker has found. */

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { accountsOf } from './accounts.ts';
import { peer } from './peer.ts';
import { crack } from './sipvicious.ts';
import { MANY_REPLIES, runTool } from './tool.ts';

const MODULES = '/usr/lib/baresip/modules';

test('baresip registers with the password that svcrack found, and with no other', async (t) => {
  const baresip = peer('baresip', t);
  const svcrack = peer('svcrack', t);
  if (baresip === undefined || svcrack === undefined) return;
  await using daemon = await DaemonProcess.start(['-r', '--fold-window', '0', ...MANY_REPLIES]);
  const [account = ''] = await accountsOf(daemon);
  const password = await crack(svcrack, daemon, account);

  const phone = async (name: string, secret: string, untilPrinted: string): Promise<string> => {
    const folder = join(daemon.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, 'config'), `module_path ${MODULES}\nmodule account.so\n`);
    const address = `sip:${account}@127.0.0.1:${daemon.ports.udp};transport=udp`;
    await writeFile(join(folder, 'accounts'), `<${address}>;auth_pass=${secret};regint=60\n`);
    await writeFile(join(folder, 'contacts'), '');
    return (await runTool(baresip, ['-f', folder], { folder, untilPrinted })).output;
  };
  const [right] = await Promise.all([
    phone('right', password, ' 200 OK '),
    phone('wrong', 'secret', ' 401 Unauthorized '),
  ]);
  assert.match(right, /\b200 OK \(.*\) \[1 binding\]/);

  await daemon.stop();
  assert.deepEqual(
    daemon.rows(`SELECT DISTINCT method, grade, called_number,
        json_extract(details, '$.digest.user') AS user,
        json_extract(details, '$.registered') AS registered
      FROM honey WHERE user_agent LIKE 'baresip %' AND json_extract(details, '$.digest') IS NOT NULL
      ORDER BY registered`),
    [null, 1].map((registered) => ({
      method: 'REGISTER',
      grade: 'returned',
      called_number: account,
      user: account,
      registered,
    })),
  );
});
