// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* nmap names the product, and its four SIP scripts get what they want. Its UDP scans need root. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { accountsOf } from './accounts.ts';
import { peer } from './peer.ts';
import { WRONG_GUESSES_COUNT } from './sipvicious.ts';
import { MANY_REPLIES, runTool } from './tool.ts';

const PROBES = '/usr/share/nmap/nmap-service-probes';
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
/** The scripts open a connection for each guess and leave it open. */
const MANY_CONNECTIONS = ['--max-connections-per-source', '1000'];
const TRANSPORTS = process.getuid?.() === 0 ? (['tcp', 'udp'] as const) : (['tcp'] as const);
const ALL_ACCOUNTS = 'minext=100,sip-enum-users.maxext=199';

type Transport = (typeof TRANSPORTS)[number];

/** A honeypot and the program that scans it. */
class Scan implements AsyncDisposable {
  readonly daemon: DaemonProcess;
  readonly transport: Transport;
  readonly #nmap: string;

  private constructor(nmap: string, daemon: DaemonProcess, transport: Transport) {
    this.#nmap = nmap;
    this.daemon = daemon;
    this.transport = transport;
  }

  static async open(context: TestContext, transport: Transport): Promise<Scan | undefined> {
    const nmap = peer('nmap', context);
    if (nmap === undefined) return undefined;
    return new Scan(
      nmap,
      await DaemonProcess.start([...RESPONSIVE, ...MANY_CONNECTIONS]),
      transport,
    );
  }

  /** What nmap reports about the port. */
  async run(flags: readonly string[]): Promise<string> {
    const { folder, ports } = this.daemon;
    const how = this.transport === 'tcp' ? '-sT' : '-sU';
    const port = String(ports[this.transport]);
    const args = ['-Pn', '-n', how, '-p', port, ...flags, '127.0.0.1'];
    const run = await runTool(this.#nmap, args, { folder });
    assert.equal(run.status, 0, run.output);
    return run.stdout;
  }

  /** Makes a script, which otherwise wants port 5060, talk to this one. */
  script(name: string, args = ''): Promise<string> {
    return this.run(['--script', `+${name}`, ...(args === '' ? [] : ['--script-args', args])]);
  }

  /** Stops the daemon, if it runs, and counts rows that came this way. */
  async count(condition: string): Promise<number> {
    if (!this.daemon.hasEnded) await this.daemon.stop();
    return this.daemon.number(`SELECT count(*) FROM honey WHERE source_ip = '127.0.0.1'
      AND transport_type = '${this.transport.toUpperCase()}' AND ${condition}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.daemon[Symbol.asyncDispose]();
  }
}

/** The methods that the honeypot says it allows. */
async function allowOf(daemon: DaemonProcess): Promise<string> {
  using udp = await UdpPeer.open();
  await udp.send(sipRequest({ userAgent: 'x'.repeat(300) }), daemon.ports.udp);
  return /\r\nAllow: (.+)\r\n/.exec(await udp.heard('SIP/2.0 '))?.[1] ?? 'nothing';
}

/** Makes sip-brute try these in their order, and not the account's own name first. */
async function guess(scan: Scan, account: string, passwords: readonly string[]): Promise<string> {
  const { folder } = scan.daemon;
  const users = join(folder, 'users');
  const words = join(folder, 'passwords');
  await writeFile(users, `${account}\n`);
  await writeFile(words, [...passwords, ''].join('\n'));
  return scan.script('sip-brute', `userdb=${users},passdb=${words},brute.useraspass=false`);
}

// A scan waits for seconds before it calls a port silent, so the scans run side by side.
describe('nmap', { concurrency: true }, () => {
  for (const transport of TRANSPORTS) {
    test(`nmap -sV names product and version over ${transport}`, async (t) => {
      await using scan = await Scan.open(t, transport);
      if (scan === undefined) return;
      const { daemon } = scan;
      const port = daemon.ports[transport];
      // Its SIP probe is for port 5060; on other ports it comes after minutes of everything else.
      const probes = join(daemon.folder, 'probes');
      const text = await readFile(PROBES, 'latin1');
      await writeFile(
        probes,
        text.replaceAll(/^ports (.*\b5060\b)/gm, `ports ${port},$1`),
        'latin1',
      );
      const flags = ['-sV', '--version-intensity', '0', '--versiondb', probes];
      const output = await scan.run(flags);
      assert.match(
        output,
        new RegExp(`^${port}/${transport} +open +sip(-proxy)? +Asterisk (PBX )?1\\d\\.`, 'm'),
      );
      assert.match(output, /Device: PBX/);
      const probe = `method = 'OPTIONS' AND request_uri = 'sip:nm' AND to_uri = 'sip:nm2@nm2'`;
      assert.equal(await scan.count(probe), 1);
    });

    test(`nmap sip-methods prints the methods of the persona over ${transport}`, async (t) => {
      await using scan = await Scan.open(t, transport);
      if (scan === undefined) return;
      const allow = await allowOf(scan.daemon);
      const output = await scan.script('sip-methods');
      assert.ok(output.includes(`sip-methods: ${allow}\n`), `${allow} is not in ${output}`);
      assert.equal(await scan.count(`method = 'OPTIONS' AND user_agent = 'Nmap NSE'`), 1);
    });

    test(`nmap sip-enum-users finds the accounts over ${transport}`, async (t) => {
      await using scan = await Scan.open(t, transport);
      if (scan === undefined) return;
      const accounts = await accountsOf(scan.daemon);
      const output = await scan.script('sip-enum-users', `sip-enum-users.${ALL_ACCOUNTS}`);
      const found = [...output.matchAll(/^\|_? +(\d+): Auth required/gm)].map(
        ([, account = '']) => account,
      );
      assert.deepEqual(found.toSorted(), accounts, output);
      const condition = `method = 'REGISTER' AND user_agent = 'Nmap NSE'`;
      assert.equal(await scan.count(condition), 101); // The first one tried does not exist.
    });

    test(`nmap sip-brute guesses a password over ${transport}`, async (t) => {
      await using scan = await Scan.open(t, transport);
      if (scan === undefined) return;
      const [account = ''] = await accountsOf(scan.daemon);
      const wrong = Array.from({ length: WRONG_GUESSES_COUNT }, (_, index) => `wrong${index}`);
      const common = [`${account}${account}`, '1234', '12345', '123456', 'password', account];
      const output = await guess(scan, account, [...wrong, ...common]);
      assert.match(output, new RegExp(`^\\| +${account}:\\w+ - Valid credentials$`, 'm'));
      const guesses = `method = 'REGISTER' AND json_extract(details, '$.digest.user') = '${account}'`;
      const guessesCount = await scan.count(guesses);
      assert.ok(guessesCount > WRONG_GUESSES_COUNT, `${guessesCount} guesses`);
      assert.equal(await scan.count(`${guesses} AND grade = 'seen'`), 0);
      assert.ok((await scan.count(`${guesses} AND details LIKE '%"registered":true%'`)) >= 1);
    });

    test(`nmap sip-call-spoof calls over ${transport}`, async (t) => {
      await using scan = await Scan.open(t, transport);
      if (scan === undefined) return;
      const [account = ''] = await accountsOf(scan.daemon);
      const args = `sip-call-spoof.extension=${account},sip-call-spoof.ua=Ghost,sip-call-spoof.timeout=8s`;
      // Over UDP its port has proved nothing, so it is not told that it rings. Over TCP it overlooks a 180 that comes
      // in one segment with the 100.
      await scan.script('sip-call-spoof', args);
      const condition = `method = 'INVITE' AND user_agent = 'Ghost' AND called_number = '${account}'`;
      assert.equal(await scan.count(condition), 1);
    });
  }
});
