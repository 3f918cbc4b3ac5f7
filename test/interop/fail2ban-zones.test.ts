// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The first attacker is banned in any time zone: the real daemon sends over the network to the real rsyslogd, which
 * writes its traditional format without a time zone; the real fail2ban reads that file with the jail that we ship.
 */

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { freePort } from './tool.ts';

const PACKAGING = join(import.meta.dirname, '../../packaging/fail2ban');
const COMMON = '/etc/fail2ban/filter.d/common.conf';
const SCAN = [
  'OPTIONS sip:100@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK1',
  'From: <sip:100@127.0.0.1>;tag=1',
  'To: <sip:100@127.0.0.1>',
  'Call-ID: 1@127.0.0.1',
  'CSeq: 1 OPTIONS',
  'User-Agent: friendly-scanner',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** A third-party server that runs until the end of the block, in a host's time zone. */
class Server implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(program: string, args: readonly string[], zone: string) {
    const env = { ...process.env, TZ: zone };
    this.#child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

async function rsyslogConfiguration(folder: string, port: number): Promise<string> {
  const path = join(folder, 'rsyslog.conf');
  await writeFile(
    path,
    `global(workDirectory="${folder}")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="${port}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${join(folder, 'log.sock')}" CreatePath="on")
module(load="builtin:omfile" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="${join(folder, 'syslog')}")
`,
  );
  return path;
}

/**
 * Our configuration as shipped, except for the file that it reads; and it writes down bans instead of dropping packets.
 */
async function fail2banConfiguration(folder: string): Promise<string> {
  const root = join(folder, 'fail2ban');
  for (const name of ['filter.d', 'action.d', 'jail.d'])
    await mkdir(join(root, name), { recursive: true });
  await copyFile(COMMON, join(root, 'filter.d/common.conf'));
  await copyFile(
    join(PACKAGING, 'filter.d/sentrypeer.conf'),
    join(root, 'filter.d/sentrypeer.conf'),
  );
  await copyFile(join(PACKAGING, 'jail.d/sentrypeer.conf'), join(root, 'jail.d/sentrypeer.conf'));
  await writeFile(
    join(root, 'fail2ban.conf'),
    `[DEFAULT]
loglevel = INFO
logtarget = ${join(folder, 'fail2ban.log')}
syslogsocket = auto
socket = ${join(folder, 'fail2ban.sock')}
pidfile = ${join(folder, 'fail2ban.pid')}
allowipv6 = auto
dbfile = ${join(folder, 'fail2ban.sqlite3')}
dbpurgeage = 1d
dbmaxmatches = 10
[Definition]
[Thread]
`,
  );
  await writeFile(
    join(root, 'action.d/record.conf'),
    `[Definition]\nactionban = echo <ip> >> ${join(folder, 'banned')}\nactionunban =\n`,
  );
  await writeFile(join(root, 'jail.conf'), '[DEFAULT]\nbackend = polling\n');
  await writeFile(
    join(root, 'jail.local'),
    `[sentrypeer]\nlogpath = ${join(folder, 'syslog')}\nignoreip =\nignoreself = false\naction = record\n`,
  );
  return root;
}

async function firstIsBanned(
  context: TestContext,
  way: 'udp' | 'tcp',
  zone: string,
): Promise<void> {
  const rsyslogd = peer('rsyslogd', context);
  const fail2ban = peer('fail2ban-server', context);
  if (rsyslogd === undefined || fail2ban === undefined) return;
  using folder = new TemporaryFolder();
  const inFolder = (name: string): string => join(folder.path, name);
  const port = await freePort();
  const configuration = await rsyslogConfiguration(folder.path, port);
  await writeFile(inFolder('syslog'), '');
  const pid = inFolder('rsyslogd.pid');
  await using _rsyslogd = new Server(rsyslogd, ['-n', '-f', configuration, '-i', pid], zone);
  const root = await fail2banConfiguration(folder.path);
  const args = ['-f', '-c', root, '-s', inFolder('fail2ban.sock'), '-p', inFolder('fail2ban.pid')];
  await using _fail2ban = new Server(fail2ban, [...args, 'start'], zone);
  await until('rsyslogd', () => existsSync(inFolder('log.sock')));
  await until('fail2ban', () =>
    text(inFolder('fail2ban.log')).includes("Jail 'sentrypeer' started"),
  );
  await using daemon = await DaemonProcess.start([`--syslog-target=${way}://127.0.0.1:${port}`], {
    env: { TZ: zone },
  });
  await using attacker = createSocket('udp4');
  attacker.send(SCAN, daemon.ports.udp, '127.0.0.1');
  await until('the ban', () => text(inFolder('banned')) !== '').catch((error: unknown) => {
    const log = text(inFolder('fail2ban.log'));
    throw new Error(`${text(inFolder('syslog'))}\n${log}`, { cause: error });
  });
  assert.equal(text(inFolder('banned')), '127.0.0.1\n');
  const log = text(inFolder('fail2ban.log'));
  assert.doesNotMatch(log, /timezone problem|too old/, log);
}

describe('the first attacker is banned', () => {
  for (const zone of ['Asia/Kolkata', 'America/New_York', 'UTC'])
    test(`by fail2ban on a host in ${zone} that reads rsyslog's traditional format`, (t) =>
      firstIsBanned(t, zone === 'UTC' ? 'tcp' : 'udp', zone));
  test('over TCP in Kolkata too', (t) => firstIsBanned(t, 'tcp', 'Asia/Kolkata'));
});
