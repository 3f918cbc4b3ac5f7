// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The configurations of docs/integrations/asterisk.md in Asterisk, with SIPp as the caller and as the gateway. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { asteriskPeer, startAsterisk } from './asterisk.ts';
import { Calls } from './calls.ts';
import { documented } from './documented.ts';
import { CLEAN, LISTED, listNumber } from './listed-number.ts';
import { peer } from './peer.ts';
import { freePort, runTool } from './tool.ts';

const SCENARIOS = {
  caller: ['-sn', 'uac'],
  gateway: ['-sf', join(import.meta.dirname, 'gateway.xml')],
};
const LISTED_PLUS = LISTED.replace(/^00/, '+');
/** The gateway answers that this number is busy. */
const BUSY = '0046701740486';
/** What the operator blocks. */
const RANGE = '+46850780xx';
/** Internal and service numbers, emergency calls. */
const SHORT = ['5', '*97', '112'];
/** Milliseconds that a call may take longer if nobody answers: the configured second, and a busy machine. */
const UNANSWERED_MS_MAX = 4000;

/** What FreePBX does before a trunk, as far as the hook sees it. */
const FREEPBX = `[outbound]
exten => _[+*0-9]!,1,Set(OUTNUM=\${EXTEN})
 same => n,Gosub(macro-dialout-trunk-predial-hook,s,1())
 same => n,Dial(PJSIP/\${OUTNUM}@gateway,60)
 same => n,Hangup()

`;

function pjsip(port: number, gatewayPort: number): string {
  return `
[udp]
type=transport
protocol=udp
bind=127.0.0.1:${port}

[tcp]
type=transport
protocol=tcp
bind=127.0.0.1:${port}

[caller]
type=endpoint
context=outbound
disallow=all
allow=ulaw
direct_media=no

[caller]
type=identify
endpoint=caller
match=127.0.0.1

[gateway]
type=aor
contact=sip:127.0.0.1:${gatewayPort}

[gateway]
type=endpoint
aors=gateway
context=from-nowhere
disallow=all
allow=ulaw
direct_media=no
`;
}

type Way = 'agi' | 'curl' | 'agent' | 'freepbx' | 'list' | 'database';

/** The daemon, Asterisk and SIPp on both sides of it, in one of the page's variants. */
async function open(t: TestContext, scope: AsyncDisposableStack, way: Way) {
  const sipp = peer('sipp', t);
  if (sipp === undefined || (way !== 'curl' && peer('curl', t) === undefined)) return undefined;
  const found = asteriskPeer(t);
  if (found === undefined) return undefined;
  const port = await freePort();
  const calls = scope.use(await Calls.open(sipp, port, SCENARIOS));
  const flags = ['-r', COUNTS_LOCAL, '--sip-agent=127.0.0.1:0'];
  const daemon = scope.use(await DaemonProcess.start(flags));
  await listNumber(daemon);
  const page = (fence: string, places: Readonly<Record<string, string>> = {}): string =>
    documented('asterisk.md', fence, places);
  const api = { '127.0.0.1:8082': `127.0.0.1:${daemon.ports.api}` };
  const dialplans = {
    agi: () => page('asterisk outbound') + page('asterisk agi'),
    curl: () => page('asterisk outbound') + page('asterisk curl', api),
    agent: () => page('asterisk outbound') + page('asterisk agent'),
    list: () => page('asterisk outbound') + page('asterisk list'),
    database: () => page('asterisk outbound') + page('asterisk database'),
    freepbx: () => FREEPBX + documented('freepbx.md', 'asterisk hook', {}) + page('asterisk agi'),
  };
  const agent = page('ini pjsip', {
    '127.0.0.1:5062': `127.0.0.1:${daemon.ports.agent.tcp}`,
  });
  const folder = join(daemon.folder, 'asterisk');
  const script = join(folder, 'agi-bin/sentrypeer.sh');
  await mkdir(join(folder, 'agi-bin'), { recursive: true });
  await writeFile(script, page('sh agi', api));
  await chmod(script, 0o755);
  const asterisk = scope.use(
    await startAsterisk(found, folder, {
      'extensions.conf': dialplans[way](),
      'pjsip.conf': pjsip(port, calls.gatewayPort) + agent,
      'cdr.conf': page('ini cdr'),
      'sentrypeer-numbers.conf': way === 'list' ? await numbersOf(daemon) : '',
    }),
  );
  const records = (): string => {
    try {
      return readFileSync(join(folder, 'cdr-csv/Master.csv'), 'utf8');
    } catch {
      return ''; // None yet.
    }
  };
  await mkdir(join(folder, 'cdr-csv'), { recursive: true });
  return { calls, daemon, asterisk, records, console: await consoleOf(found.command, folder) };
}

/** A folder with a program `asterisk` that reaches the one just started. */
async function consoleOf(command: readonly string[], folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const words = [...command, '-C', join(folder, 'asterisk.conf')].map((word) => `'${word}'`);
  await writeFile(join(bin, 'asterisk'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}

async function decide(daemon: DaemonProcess, command: 'block' | 'unblock', what: string) {
  const { status, stderr } = await DaemonProcess.run([command, what, '-f', daemon.dbFile]);
  assert.equal(status, 0, stderr);
}

/** Waits until a list of numbers says so. */
async function listed(daemon: DaemonProcess, isRight: (list: string) => boolean): Promise<void> {
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/lists/numbers.txt`;
  await until('the list', async () => isRight(await (await fetch(url)).text()));
}

/** The list for the dialplan, with the attacker's number and a range that the operator blocks. */
async function numbersOf(daemon: DaemonProcess): Promise<string> {
  await decide(daemon, 'block', RANGE);
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/lists/numbers.extensions`;
  let list = '';
  await until('both to be listed', async () => {
    list = await (await fetch(url)).text();
    return list.split('\n').length === 4;
  });
  return list;
}

describe('asterisk', () => {
  test('asterisk loads /v1/lists/numbers.extensions and refuses a number within a listed range', async (t) => {
    await using scope = new AsyncDisposableStack();
    const opened = await open(t, scope, 'list');
    if (opened === undefined) return;
    const { calls, asterisk } = opened;
    for (const number of ['004685078012', '+4685078099', LISTED, LISTED_PLUS]) {
      const { heard } = await calls.call(number);
      assert.match(heard, /^SIP\/2\.0 403 /m, `${number}\n${asterisk.output}`);
      await asterisk.printed(`SentryPeer: ${number} is listed`);
    }
    for (const number of [CLEAN, '004685078112', '00468507801', ...SHORT]) {
      const { taken, heard } = await calls.call(number);
      assert.equal(taken, true, `${number}\n${heard}\n${asterisk.output}`);
    }
  });

  test('asterisk keeps /v1/lists/numbers.astdb in its database, and takes the changes', async (t) => {
    await using scope = new AsyncDisposableStack();
    const opened = await open(t, scope, 'database');
    if (opened === undefined) return;
    const { calls, daemon, asterisk, console } = opened;
    const folder = join(daemon.folder, 'asterisk');
    const script = join(folder, 'load');
    const places = {
      'http://127.0.0.1:8082': `http://127.0.0.1:${daemon.ports.api}`,
      '/var/lib/asterisk': folder,
    };
    await writeFile(script, documented('asterisk.md', 'sh database', places));
    const run = async (program: string, args: readonly string[]): Promise<string> => {
      const path = `PATH=${console}:${process.env['PATH'] ?? ''}`;
      const { status, output, stdout } = await runTool('env', [path, program, ...args], { folder });
      assert.equal(status, 0, output);
      return stdout;
    };
    const shown = async (): Promise<readonly string[]> =>
      (await run('asterisk', ['-rx', 'database show sentrypeer'])).match(/(?<=peer\/)\d+/g) ?? [];
    await run('sh', [script]);
    assert.deepEqual(await shown(), [LISTED.slice(2)]);
    assert.match((await calls.call(LISTED)).heard, /^SIP\/2\.0 403 /m, asterisk.output);
    assert.equal((await calls.call(CLEAN)).taken, true, asterisk.output);

    await decide(daemon, 'block', `+${CLEAN.slice(2)}`);
    await listed(daemon, (list) => list.split('\n').length === 3);
    await run('sh', [script]);
    assert.deepEqual(await shown(), [LISTED, CLEAN].map((number) => number.slice(2)).toSorted());
    assert.match((await calls.call(CLEAN)).heard, /^SIP\/2\.0 403 /m, asterisk.output);

    await decide(daemon, 'unblock', `+${CLEAN.slice(2)}`);
    await listed(daemon, (list) => list.split('\n').length === 2);
    await run('sh', [script]);
    await run('sh', [script]);
    assert.deepEqual(await shown(), [LISTED.slice(2)]);
    assert.equal((await calls.call(CLEAN)).taken, true, asterisk.output);
  });

  for (const way of ['agi', 'curl', 'agent', 'freepbx'] as const) {
    test(`asterisk asks by ${way}: a known-bad number is refused, others get through`, async (t) => {
      await using scope = new AsyncDisposableStack();
      const opened = await open(t, scope, way);
      if (opened === undefined) return;
      const { calls, daemon, asterisk, records } = opened;
      // A program just started on a busy machine may not answer within the second.
      await until('the node to be asked', async () =>
        /^SIP\/2\.0 403 /m.test((await calls.call(LISTED)).heard),
      );
      const before = calls.reached().length;
      const reached = (): readonly string[] => calls.reached().slice(before);
      for (const number of [LISTED, LISTED_PLUS]) {
        const bad = await calls.call(number);
        assert.match(bad.heard, /^SIP\/2\.0 403 /m, `${number}\n${asterisk.output}`);
        assert.match(bad.heard, /^Reason: Q\.850;cause=21/m);
        await asterisk.printed(`SentryPeer: ${number} is listed, call of sipp refused`);
      }
      for (const number of [CLEAN, ...SHORT]) {
        const good = await calls.call(number);
        assert.equal(good.taken, true, `${number}\n${good.heard}\n${asterisk.output}`);
      }
      const busy = await calls.call(BUSY);
      assert.match(busy.heard, /^SIP\/2\.0 486 /m, asterisk.output);
      const passed = [CLEAN, ...SHORT, BUSY];
      assert.deepEqual(reached(), passed, 'each once');
      await until('the records', () => records().includes('"BUSY"'));
      const refused = records()
        .split('\n')
        .filter((line) => line.endsWith('"sentrypeer: listed"'));
      assert.ok(refused.length >= 3, records());
      assert.doesNotMatch(records(), /PJSIP\/sentrypeer/, 'no question in the records');

      // It hangs, and is killed: calls pass.
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
        daemon.signal(signal);
        if (signal === 'SIGKILL') await daemon.ended();
        const start = performance.now();
        const unasked = await calls.call(LISTED);
        const ms = performance.now() - start;
        assert.equal(unasked.taken, true, `${signal}\n${unasked.heard}\n${asterisk.output}`);
        assert.ok(ms < UNANSWERED_MS_MAX, `${signal}: ${ms} ms`);
        passed.push(LISTED);
      }
      assert.deepEqual(reached(), passed);
    });
  }
});
