// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Syslog lines as fail2ban reads them: through the real `logger`, and over UDP and TCP, into the real rsyslogd, then
 * read from its file by the real fail2ban with the filter that we ship.
 */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test, type TestContext } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Syslog, type SyslogTarget } from '@sentrypeer/delivery';
import type { RecordedEvent } from '@sentrypeer/event';
import { MemoryEventLog, NODE_ID } from '@sentrypeer/delivery/testing';
import { peer } from './peer.ts';
import { freePort } from './tool.ts';

const DEADLINE_MS = 60_000;
const FILTER = join(import.meta.dirname, '../../packaging/fail2ban/filter.d/sentrypeer.conf');
const COMMON = '/etc/fail2ban/filter.d/common.conf';

/** What attackers write to escape, or to get somebody else banned. */
const ATTACKS: readonly Partial<RecordedEvent>[] = [
  { sipMethod: 'OPTIONS', userAgent: 'sipsak 0.9.8.1' },
  { sipMethod: 'NOT_FOUND', userAgent: 'NOT_FOUND' },
  { userAgent: '' },
  { userAgent: ' leading and trailing ' },
  { userAgent: 'Source IP: 9.9.9.9, Method: X, Agent: evil' },
  { userAgent: 'x\nNov 30 21:32:22 host sentrypeer[1]: Source IP: 9.9.9.9, Method: X, Agent: y' },
  { userAgent: 'x\r\n<13>Source IP: 9.9.9.9, Method: X, Agent: y\0z\u001b]0;title\u0007' },
  { userAgent: 'l\u00f6ng \u{1f4de} '.repeat(400) },
  { userAgent: '%s%n <HOST> #012 \\n "quoted" \u0085\u2028' },
  { sipMethod: 'FOO BAR, Agent: 9.9.9.9' },
  { sipMethod: "M3THOD.!%*+`'~" },
  { sipMethod: 'X'.repeat(2000), sourceIp: '2001:db8::66' },
];

let folder = '';
let log = new MemoryEventLog();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-fail2ban-'));
  log = new MemoryEventLog();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!condition()) {
    assert.ok(!deadline.aborted, `not in time: ${what}`);
    await after(10); // A file of another program, which does not notify us.
  }
}

const logPath = (): string => join(folder, 'sentrypeer.log');
const socketPath = (): string => join(folder, 'log.sock');
const lines = (): readonly string[] =>
  existsSync(logPath()) ? readFileSync(logPath(), 'utf8').split('\n').slice(0, -1) : [];

class Rsyslogd implements AsyncDisposable {
  readonly #child;

  private constructor(program: string) {
    const args = ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'rsyslogd.pid')];
    this.#child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  }

  /** Receives datagrams and streams on the port and datagrams on the socket, into one file. */
  static async open(program: string, port: number): Promise<Rsyslogd> {
    await writeFile(
      join(folder, 'rsyslog.conf'),
      `global(workDirectory="${folder}" maxMessageSize="16k")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="${port}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socketPath()}" CreatePath="on" RateLimit.Interval="0")
template(name="file" type="string" string="%TIMESTAMP:::date-rfc3339% %HOSTNAME% %syslogtag%%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\\n")
if $programname == "sentrypeer" then { action(type="omfile" file="${logPath()}" template="file") stop }
action(type="omfile" file="${join(folder, 'other.log')}")
`,
    );
    const rsyslogd = new Rsyslogd(program);
    await until('rsyslogd', () => existsSync(socketPath()));
    return rsyslogd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

/** The addresses that fail2ban would ban, and how many lines it missed. */
async function readByFail2ban(
  program: string,
): Promise<{ ips: readonly string[]; missed: number }> {
  const filters = join(folder, 'filter.d');
  await mkdir(filters, { recursive: true });
  await copyFile(COMMON, join(filters, 'common.conf'));
  await copyFile(FILTER, join(filters, 'sentrypeer.conf'));
  const args = [logPath(), join(filters, 'sentrypeer.conf')];
  const ips = await promisify(execFile)(program, ['-o', 'ip', ...args]);
  const summary = await promisify(execFile)(program, args);
  const missed = /(\d+) missed/.exec(summary.stdout)?.[1];
  assert.ok(missed !== undefined, summary.stdout);
  return { ips: ips.stdout.split('\n').slice(0, -1), missed: Number(missed) };
}

async function deliversEveryLine(
  context: TestContext,
  way: 'local' | 'udp' | 'tcp',
): Promise<void> {
  const rsyslogd = peer('rsyslogd', context);
  const fail2ban = peer('fail2ban-regex', context);
  const logger = peer('logger', context);
  if (rsyslogd === undefined || fail2ban === undefined || logger === undefined) return;
  const port = await freePort();
  await using _rsyslogd = await Rsyslogd.open(rsyslogd, port);
  const target: SyslogTarget =
    way === 'local'
      ? { kind: 'local', command: logger, socketPath: socketPath() }
      : { kind: way, host: '127.0.0.1', port };
  const syslog = await Syslog.open(log.ports, {
    target,
    nodeId: NODE_ID,
    pid: 4711,
    hostname: 'pot',
  });
  ATTACKS.forEach((attack, index) =>
    log.append(1, { sourceIp: `192.0.2.${index + 1}`, ...attack }),
  );
  syslog.wake();
  await until('all lines', () => lines().length >= ATTACKS.length);
  await syslog.close();
  assert.equal(log.cursors.get('syslog'), ATTACKS.length);
  const { ips, missed } = await readByFail2ban(fail2ban);
  assert.deepEqual(
    ips,
    log.events.map((event) => event.sourceIp),
    lines().join('\n'),
  );
  assert.equal(missed, 0);
  assert.equal(lines().length, ATTACKS.length);
  assert.ok(lines().every((line) => / sentrypeer\[4711\]:? Source IP: /.test(line)));
}

test('Syslog through logger and rsyslogd is matched line by line by our fail2ban filter', (t) =>
  deliversEveryLine(t, 'local'));

test('Syslog over UDP to rsyslogd is matched line by line by our fail2ban filter', (t) =>
  deliversEveryLine(t, 'udp'));

test('Syslog over TCP to rsyslogd is matched line by line by our fail2ban filter', (t) =>
  deliversEveryLine(t, 'tcp'));

test('Syslog loses no line when rsyslogd is restarted', async (t) => {
  const rsyslogd = peer('rsyslogd', t);
  const logger = peer('logger', t);
  if (rsyslogd === undefined || logger === undefined) return;
  const numbers = (): ReadonlySet<string> =>
    new Set(lines().flatMap((line) => /Agent: n(\d+)$/.exec(line)?.[1] ?? []));
  const target: SyslogTarget = { kind: 'local', command: logger, socketPath: socketPath() };
  const options = {
    target,
    nodeId: NODE_ID,
    pid: 4711,
    hostname: 'pot',
    retryMsMin: 20,
    settleMs: 100,
  };
  const append = (): void => {
    for (let count = 0; count < 200; count += 1) {
      log.append(1, { userAgent: `n${log.events.length + 1}` });
    }
  };
  const first = await Rsyslogd.open(rsyslogd, await freePort());
  const syslog = await Syslog.open(log.ports, options);
  append();
  syslog.wake();
  await until('the first lines', () => numbers().size === 200);
  await first[Symbol.asyncDispose]();
  append();
  syslog.wake();
  await log.logged('delivery_failed');
  await using _second = await Rsyslogd.open(rsyslogd, await freePort());
  await until('the lines since', () => numbers().size === 400);
  await syslog.close();
  assert.equal(log.cursors.get('syslog'), 400);
});
