// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* sipsak pings, registers, traces, floods and sends rubbish; everything is recorded. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { accountsOf } from './accounts.ts';
import { peer } from './peer.ts';
import { MANY_REPLIES, runTool } from './tool.ts';

const RESPONSIVE = [
  '-r',
  '--threads',
  '1',
  '--fold-window',
  '0',
  '--persona',
  'asterisk',
  ...MANY_REPLIES,
];

// Random mode waits for seconds, so the tests run side by side.
describe('sipsak', { concurrency: true }, () => {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`sipsak is content with the answer to OPTIONS over ${transport}`, async (t) => {
      const sipsak = peer('sipsak', t);
      if (sipsak === undefined) return;
      await using daemon = await DaemonProcess.start(RESPONSIVE);
      const { folder, ports } = daemon;
      const uri = `sip:127.0.0.1:${ports[transport]}`;
      const run = await runTool(sipsak, ['-vv', '-E', transport, '-s', uri], { folder });
      assert.equal(run.status, 0, run.output);
      assert.match(run.stdout, /\bSIP\/2\.0 200 OK\b/);
      assert.match(run.stdout, /^Server: Asterisk PBX /m);
      assert.match(run.stdout, /^Allow: INVITE, ACK, /m);
      await daemon.recorded(1);
      // Once more if the answer was late.
      assert.deepEqual(
        daemon.rows(`SELECT DISTINCT method, transport_type, source_ip, destination_ip, grade, from_user,
          called_number, user_agent LIKE 'sipsak %' AS named FROM honey`),
        [
          {
            method: 'OPTIONS',
            transport_type: transport.toUpperCase(),
            source_ip: '127.0.0.1',
            destination_ip: '127.0.0.1',
            grade: transport === 'udp' ? 'seen' : 'handshake',
            from_user: 'sipsak',
            called_number: 'NOT_FOUND',
            named: 1,
          },
        ],
      );
    });
  }

  test('sipsak is refused with a wrong password, and its digest is recorded', async (t) => {
    const sipsak = peer('sipsak', t);
    if (sipsak === undefined) return;
    await using daemon = await DaemonProcess.start(RESPONSIVE);
    const { folder, ports } = daemon;
    const [account = ''] = await accountsOf(daemon);
    const uri = `sip:${account}@127.0.0.1:${ports.udp}`;
    const contact = `sip:${account}@127.0.0.1`;
    const args = ['-i', '-vvv', '-U', '-C', contact, '-a', 'secret', '-s', uri];
    const run = await runTool(sipsak, args, { folder });
    assert.equal(run.status, 2, run.output);
    assert.match(run.output, /SIP\/2\.0 401 Unauthorized/);
    await daemon.stop();
    const rows = daemon.rows(`SELECT method, grade, called_number, called_number_source,
        json_extract(details, '$.digest.user') AS user,
        length(json_extract(details, '$.digest.response')) AS response
      FROM honey WHERE user_agent LIKE 'sipsak %' ORDER BY honey_id LIMIT 2`);
    const row = { method: 'REGISTER', called_number: account, called_number_source: 'to' };
    assert.deepEqual(rows, [
      { ...row, grade: 'seen', user: null, response: null },
      { ...row, grade: 'returned', user: `${account}@`, response: 32 },
    ]);
  });

  test('sipsak traces the route in one hop', async (t) => {
    const sipsak = peer('sipsak', t);
    if (sipsak === undefined) return;
    await using daemon = await DaemonProcess.start(RESPONSIVE);
    const { folder, ports } = daemon;
    const [account = ''] = await accountsOf(daemon);
    const uri = `sip:${account}@127.0.0.1:${ports.udp}`;
    const run = await runTool(sipsak, ['-T', '-s', uri], { folder });
    assert.equal(run.status, 0, run.output);
    assert.match(run.output, /^0: .* SIP\/2\.0 200 OK$/m);
    await daemon.stop();
    assert.deepEqual(
      daemon.rows(`SELECT method, called_number, sip_message LIKE '%Max-Forwards: 0%' AS first
        FROM honey WHERE user_agent LIKE 'sipsak %'`),
      [{ method: 'OPTIONS', called_number: account, first: 1 }],
    );
  });

  test('sipsak floods, and every datagram is a row', async (t) => {
    const sipsak = peer('sipsak', t);
    if (sipsak === undefined) return;
    await using daemon = await DaemonProcess.start(RESPONSIVE);
    const { folder, ports } = daemon;
    const uri = `sip:100@127.0.0.1:${ports.udp}`;
    const run = await runTool(sipsak, ['-F', '-e', '50', '-s', uri], { folder });
    assert.match(run.output, /flood end reached/);
    await daemon.recorded(50);
    assert.deepEqual(
      daemon.rows(`SELECT count(*) AS count, count(DISTINCT sip_message) AS distinct_count,
        max(seen_count) AS seen_count FROM honey WHERE method = 'OPTIONS'`),
      [{ count: 50, distinct_count: 50, seen_count: 1 }],
    );
  });

  test('sipsak sends what it has damaged until no answer comes, and all of it is recorded', async (t) => {
    const sipsak = peer('sipsak', t);
    if (sipsak === undefined) return;
    await using daemon = await DaemonProcess.start(RESPONSIVE);
    const { folder, ports } = daemon;
    const uri = `sip:127.0.0.1:${ports.udp}`;
    const run = await runTool(sipsak, ['-R', '-s', uri], { folder });
    assert.equal(run.status, 3, run.output); // No answer.
    assert.match(run.output, /sent the following message three times without getting a response/);
    // One warning for each answered request; the last one is sent three times.
    const answered = run.output.split('did not received 4xx').length - 1;
    await daemon.stop();
    assert.ok(daemon.accounted() >= answered + 3, `${daemon.accounted()} of ${answered + 3}`);
    assert.deepEqual(daemon.rows('SELECT DISTINCT source_ip FROM honey'), [
      { source_ip: '127.0.0.1' },
    ]);
  });
});
