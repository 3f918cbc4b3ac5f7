// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* SIPVicious goes from OPTIONS to REGISTER to INVITE, and leaves everything it tried in the database. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { personaNames } from '@sentrypeer/honeypot';
import { DaemonProcess, TemporaryFolder } from '../e2e/daemon-process.ts';
import { accountsOf } from './accounts.ts';
import { peer } from './peer.ts';
import { crack, findExtensions, tableOf, WRONG_GUESSES_COUNT } from './sipvicious.ts';
import { MANY_REPLIES, runTool } from './tool.ts';

const RESPONSIVE = ['-r', '--fold-window', '0', ...MANY_REPLIES];

/** How each persona identifies itself. */
const PRODUCTS: Readonly<Record<string, RegExp>> = {
  asterisk: /^Asterisk PBX 1\d\./,
  freepbx: /^FPBX-1\d\./,
  'asterisk-pjsip': /^(Asterisk PBX|FPBX-)/,
  freeswitch: /^FreeSWITCH-mod_sofia\//,
  kamailio: /^kamailio \([56]\./,
  opensips: /^OpenSIPS \(3\./,
  cisco: /^Cisco-SIPGateway\/IOS-/,
};

const SCANS = [
  { method: 'OPTIONS', flags: [] },
  { method: 'OPTIONS', flags: ['-c'] },
  { method: 'REGISTER', flags: ['-m', 'REGISTER'] },
  { method: 'INVITE', flags: ['-m', 'INVITE'] },
] as const;

/** Registers the extension with sipsak, each time from a new port, and so with any of the threads. */
async function register(
  sipsak: string,
  daemon: DaemonProcess,
  credentials: { readonly extension: string; readonly password: string },
): Promise<readonly (number | null)[]> {
  const { extension, password } = credentials;
  const to = `sip:${extension}@127.0.0.1:${daemon.ports.udp}`;
  const args = ['-i', '-U', '-C', `sip:${extension}@127.0.0.1`, '-a', password, '-s', to];
  const { folder } = daemon;
  const runs = Array.from({ length: 8 }, () => runTool(sipsak, args, { folder }));
  return (await Promise.all(runs)).map(({ status }) => status);
}

// The tools wait for seconds when they are done, so the tests run side by side.
describe('SIPVicious', { concurrency: true }, () => {
  test('svmap lists every persona by its product with OPTIONS, REGISTER, INVITE and compact forms', async (t) => {
    const svmap = peer('svmap', t);
    if (svmap === undefined) return;
    await using scope = new AsyncDisposableStack();
    const daemons: { readonly persona: string; readonly daemon: DaemonProcess }[] = [];
    for (const persona of personaNames) {
      const args = [...RESPONSIVE, '--threads', '1', '--persona', persona];
      daemons.push({ persona, daemon: scope.use(await DaemonProcess.start(args)) });
    }
    const folder = scope.use(new TemporaryFolder()).path;
    const ports = daemons.map(({ daemon }) => daemon.ports.udp).join(',');
    const scans = await Promise.all(
      SCANS.map(async ({ method, flags }) => {
        const run = await runTool(svmap, [...flags, '-p', ports, '127.0.0.1'], { folder });
        return { method, table: tableOf(run) };
      }),
    );
    for (const { persona, daemon } of daemons) {
      const port = daemon.ports.udp;
      for (const { method, table } of scans) {
        const product = table.get(`127.0.0.1:${port}`) ?? '';
        // If the node has an account 100, these are challenged, and there may be no room for more.
        if (method !== 'OPTIONS' && product === 'unknown') continue;
        assert.match(product, PRODUCTS[persona] ?? /nothing/, `${method}, ${persona}`);
      }
      await daemon.recorded(SCANS.length);
      const rows = daemon.rows(
        `SELECT method, source_ip, transport_type, user_agent, grade,
        json_extract(details, '$.decodedFromTag') AS tag FROM honey ORDER BY method, user_agent`,
      );
      const row = { source_ip: '127.0.0.1', transport_type: 'UDP', grade: 'seen' };
      const tag = `7f000001${port.toString(16).padStart(4, '0')}`; // The address that svmap thinks it scans.
      const userAgent = 'friendly-scanner';
      assert.deepEqual(rows, [
        { method: 'INVITE', ...row, user_agent: userAgent, tag },
        { method: 'OPTIONS', ...row, user_agent: 'NOT_FOUND', tag },
        { method: 'OPTIONS', ...row, user_agent: userAgent, tag },
        { method: 'REGISTER', ...row, user_agent: userAgent, tag },
      ]);
    }
  });

  test('svwar finds some extensions, the same ones by REGISTER, by INVITE and after a restart', async (t) => {
    const svwar = peer('svwar', t);
    if (svwar === undefined) return;
    using folder = new TemporaryFolder();
    const args = [...RESPONSIVE, '--threads', '3', '--persona', 'asterisk'];
    const search = { method: 'REGISTER', range: '100-179' } as const;
    let found: readonly string[];
    {
      await using daemon = await DaemonProcess.start(args, { folder: folder.path });
      const [first, second, byInvite] = await Promise.all([
        findExtensions(svwar, daemon, search),
        findExtensions(svwar, daemon, search),
        findExtensions(svwar, daemon, { ...search, method: 'INVITE' }),
      ]);
      found = first;
      assert.ok(found.length > 0 && found.length < 80, found.join());
      assert.deepEqual(second, found);
      assert.deepEqual(byInvite, found);
      await daemon.stop();
      assert.equal(
        daemon.number(`SELECT count(*) FROM honey
        WHERE method = 'REGISTER' AND called_number BETWEEN '100' AND '179' AND length(called_number) = 3
          AND json_extract(details, '$.decodedFromTag') = called_number`),
        2 * 80,
      );
      assert.equal(
        daemon.number(`SELECT count(DISTINCT called_number) FROM honey
        WHERE method = 'INVITE' AND length(called_number) = 3 AND called_number_source = 'request-uri'`),
        80,
      );
      // Its ACKs have a tag that only a receiver of our answer can know.
      assert.deepEqual(daemon.rows(`SELECT DISTINCT grade FROM honey WHERE method = 'ACK'`), [
        { grade: 'returned' },
      ]);
    }
    await using daemon = await DaemonProcess.start(args, { folder: folder.path });
    assert.deepEqual(await findExtensions(svwar, daemon, search), found);
  });

  test('svcrack finds the password late and again, and then it is good on every port', async (t) => {
    const svcrack = peer('svcrack', t);
    const sipsak = peer('sipsak', t);
    if (svcrack === undefined || sipsak === undefined) return;
    await using daemon = await DaemonProcess.start([...RESPONSIVE, '--threads', '3']);
    const [extension = ''] = await accountsOf(daemon);

    const password = await crack(svcrack, daemon, extension);
    assert.equal(await crack(svcrack, daemon, extension), password);
    assert.deepEqual(
      new Set(await register(sipsak, daemon, { extension, password })),
      new Set([0]),
    );
    assert.ok(!(await register(sipsak, daemon, { extension, password: 'wrong' })).includes(0));

    await daemon.stop();
    const guesses = daemon.rows(`SELECT grade, json_extract(details, '$.decodedFromTag') AS guess,
      json_extract(details, '$.digest.user') AS user, json_extract(details, '$.registered') AS won
    FROM honey WHERE json_extract(details, '$.digest') IS NOT NULL
      AND called_number = '${extension}' AND user_agent = 'friendly-scanner' ORDER BY honey_id`);
    for (let index = 0; index < WRONG_GUESSES_COUNT; index += 1) {
      assert.equal(guesses[index]?.['guess'], `${extension}:wrong${index}`);
    }
    const first = guesses.find(({ won }) => won === 1);
    assert.equal(first?.['guess'], `${extension}:${password}`);
    assert.deepEqual(new Set(guesses.map(({ grade }) => grade)), new Set(['returned']));
    assert.deepEqual(new Set(guesses.map(({ user }) => user)), new Set([extension]));
    assert.equal(
      daemon.number(`SELECT count(*) FROM honey WHERE user_agent LIKE 'sipsak %'
      AND json_extract(details, '$.digest.user') = '${extension}@'
      AND json_extract(details, '$.registered') = 1`),
      8,
    );
  });

  test('svcrack finds nothing among wrong passwords, and nothing before it has guessed for a while', async (t) => {
    const svcrack = peer('svcrack', t);
    if (svcrack === undefined) return;
    await using daemon = await DaemonProcess.start([...RESPONSIVE, '--threads', '1']);
    const { folder, ports } = daemon;
    const [extension = ''] = await accountsOf(daemon);
    // It tries the extension itself first, which is the password of every second account.
    const args = ['-p', String(ports.udp), '-u', extension, '-r', '1-40', '127.0.0.1'];
    const run = await runTool(svcrack, args, { folder });
    assert.match(run.stderr, /found nothing/);
    assert.equal(tableOf(run).size, 0);
    await daemon.stop();
    const guesses = daemon
      .rows(`SELECT json_extract(details, '$.decodedFromTag') AS guess FROM honey
      WHERE json_extract(details, '$.digest') IS NOT NULL AND grade = 'returned' ORDER BY honey_id`)
      .map(({ guess }) => guess);
    const numbers = Array.from({ length: 40 }, (_, index) => String(index + 1));
    assert.deepEqual(
      guesses,
      [extension, ...numbers].map((password) => `${extension}:${password}`),
    );
    assert.equal(daemon.number(`SELECT count(*) FROM honey WHERE details LIKE '%registered%'`), 0);
  });
});
