// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Debian's crowdsec-firewall-bouncer, unchanged, pulls from the daemon and fills nftables, in a separate network. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { Background } from './background.ts';
import { documented } from './documented.ts';
import { isInNetwork, testInNetwork } from './in-network.ts';
import { runTool } from './tool.ts';

/** No other program is in this network. */
const API_PORT = 8082;

if (!isInNetwork) {
  testInNetwork(
    'crowdsec-firewall-bouncer carries out what is listed, also through a restart of either side',
    {
      file: import.meta.filename,
      programs: ['crowdsec-firewall-bouncer', 'nft', 'ip'],
      passCount: 1,
    },
  );
} else {
  test('inside', async () => {
    using folder = new TemporaryFolder();
    await runTool('ip', ['link', 'set', 'lo', 'up'], { folder: folder.path });
    const flags = ['--threads=1', '--sip-address=127.0.0.1', `--api-port=${API_PORT}`];
    const start = (): Promise<DaemonProcess> => DaemonProcess.start(flags, { folder: folder.path });
    await using daemon = await start();
    const added = await DaemonProcess.run(['keys', 'add', 'bouncer', 'admin'], {
      folder: folder.path,
    });
    const [key] = /sentrypeer_[\w-]+/.exec(added.stdout) ?? [''];
    const decide = async (decision: object): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${API_PORT}/v1/decisions`, {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: JSON.stringify(decision),
      });
      assert.equal(response.status, 204, await response.text());
    };
    const file = join(folder.path, 'bouncer.yaml');
    const bouncers: Background[] = [];
    const bouncer = (): Background => {
      const next = new Background('crowdsec-firewall-bouncer', ['-c', file], folder.path);
      bouncers.push(next);
      return next;
    };
    const holds = async (what: string, isFit: (rules: string) => boolean): Promise<void> => {
      let rules = '';
      try {
        await until(what, async () => {
          rules = (await runTool('nft', ['list', 'ruleset'], { folder: folder.path })).stdout;
          return isFit(rules);
        });
      } catch (cause) {
        throw new Error(`${rules}\n${bouncers.at(-1)?.output}`, { cause });
      }
    };

    await decide({ block: '45.1.1.1' });
    await decide({ block: '2a02:7b8:1:2::/64' });
    writeFileSync(
      file,
      documented('crowdsec.md', 'yaml bouncer', {
        sentrypeer_KEY: key,
        '/run/': `${folder.path}/`,
        'update_frequency: 10s': 'update_frequency: 500ms',
        'daemonize: true': 'daemonize: false',
        'log_mode: file': 'log_mode: stdout',
      }),
    );
    await using firstBouncer = bouncer();
    await holds('what was listed before', (rules) =>
      /45\.1\.1\.1 timeout [^]*2a02:7b8:1:2:: timeout /.test(rules),
    );
    await decide({ block: '45.1.1.2' });
    await holds('what is new', (rules) => rules.includes('45.1.1.2 timeout'));
    await decide({ unblock: '45.1.1.2' });
    await holds('what ended to be let in', (rules) => !rules.includes('45.1.1.2'));

    // The daemon is killed, and what it knew about the bouncer is lost.
    daemon.signal('SIGKILL');
    await daemon.ended();
    await using again = await start();
    await decide({ unblock: '45.1.1.1' });
    await decide({ block: '45.1.1.3' });
    await holds(
      'a change after the restart',
      (rules) => !rules.includes('45.1.1.1') && rules.includes('45.1.1.3 timeout'),
    );

    // Changes made while the bouncer is down reach it at its next start.
    await firstBouncer[Symbol.asyncDispose]();
    await decide({ unblock: '45.1.1.3' });
    await using _secondBouncer = bouncer();
    await holds(
      'the state of now',
      (rules) => rules.includes('2a02:7b8:1:2:: timeout') && !rules.includes('45.1.1.3'),
    );
    await again.stop();
  });
}
