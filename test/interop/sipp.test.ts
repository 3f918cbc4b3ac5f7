// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* SIPp's built-in scenarios: calls that ring, are accepted and hung up, and a registration that fails. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { freePort, MANY_REPLIES, runTool } from './tool.ts';

const RESPONSIVE = ['-r', '--fold-window', '0', ...MANY_REPLIES];
/** Calls to one number until one is accepted: the first is refused, and it takes two or three more. */
const REFUSED_MAX = 3;
const CALLS_COUNT = 5;
/** From the header to the first line end after it; rows have it only inside the message. */
const CALL_ID = `substr(sip_message, instr(sip_message, 'Call-ID:'),
  instr(substr(sip_message, instr(sip_message, 'Call-ID:')), char(13)))`;
const NUMBER = '900442071234567';

/** The last figure, the sum, of a line of SIPp's statistics. */
function statistic(output: string, name: string): number {
  const line = output.split('\n').findLast((each) => each.startsWith(`  ${name} `)) ?? '';
  return Number(line.split('|').at(-1));
}

async function sippArgs(port: number, flags: readonly string[]): Promise<readonly string[]> {
  const own = ['-i', '127.0.0.1', '-p', String(await freePort()), '-nostdin', '-timeout', '30'];
  return [...flags, ...own, `127.0.0.1:${port}`];
}

// Calls ring for seconds, so the tests run side by side.
describe('SIPp', { concurrency: true }, () => {
  for (const [transport, mode] of [
    ['udp', 'u1'],
    ['tcp', 't1'],
  ] as const) {
    test(`SIPp insists over ${transport}, and its calls ring, are taken and hung up`, async (t) => {
      const sipp = peer('sipp', t);
      if (sipp === undefined) return;
      await using daemon = await DaemonProcess.start(RESPONSIVE);
      const { folder, ports } = daemon;
      const count = String(CALLS_COUNT);
      const flags = ['-sn', 'uac', '-t', mode, '-s', NUMBER, '-m', count, '-r', '10', '-d', '50'];
      const run = await runTool(sipp, await sippArgs(ports[transport], flags), { folder });
      const successful = statistic(run.stdout, 'Successful call');
      const failed = statistic(run.stdout, 'Failed call');
      assert.equal(successful + failed, CALLS_COUNT, run.output);
      assert.ok(failed >= 1 && failed <= REFUSED_MAX, run.output);

      await daemon.stop();
      // On a busy machine SIPp repeats over UDP what was not answered within half a second, and calls before the
      // answer.
      const grades = transport === 'udp' ? ['seen', 'returned'] : ['handshake'];
      const calls = daemon.rows(`SELECT grade, from_user, called_number, called_number_source,
          transport_type FROM honey WHERE method = 'INVITE'
          GROUP BY ${CALL_ID} ORDER BY min(honey_id)`);
      assert.equal(calls.length, CALLS_COUNT);
      assert.equal(calls[0]?.['grade'], grades[0]);
      assert.equal(calls.at(-1)?.['grade'], grades.at(-1));
      for (const { grade, ...call } of calls) {
        assert.ok(grades.includes(String(grade)));
        assert.deepEqual(call, {
          from_user: 'sipp',
          called_number: NUMBER,
          called_number_source: 'request-uri',
          transport_type: transport.toUpperCase(),
        });
      }
      const ended = (method: string): number =>
        daemon.number(`SELECT count(DISTINCT ${CALL_ID}) FROM honey WHERE method = '${method}'
          AND called_number = '${NUMBER}' AND grade = '${grades.at(-1)}'`);
      assert.equal(ended('ACK'), CALLS_COUNT); // Also for a refusal.
      assert.equal(ended('BYE'), successful);
    });
  }

  test('SIPp does not register an account that nobody has', async (t) => {
    const sipp = peer('sipp', t);
    if (sipp === undefined) return;
    // Outside dialogs PJSIP answers with the branch as the tag, which proves nothing.
    await using daemon = await DaemonProcess.start([...RESPONSIVE, '--persona', 'freeswitch']);
    const { folder, ports } = daemon;
    const flags = ['-sn', 'branchc', '-s', '4711471', '-m', '1'];
    const run = await runTool(sipp, await sippArgs(ports.udp, flags), { folder });
    assert.equal(statistic(run.stdout, 'Failed call'), 1, run.output);
    assert.match(run.output, /SIP\/2\.0 404 /);
    await daemon.recorded(2);
    // It hangs up a call that never was one, with our tag.
    const requests = 'SELECT DISTINCT method, grade FROM honey ORDER BY honey_id';
    assert.deepEqual(daemon.rows(requests), [
      { method: 'REGISTER', grade: 'seen' },
      { method: 'BYE', grade: 'returned' },
    ]);
  });
});
