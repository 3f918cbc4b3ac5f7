// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A thief writes the address of a real proxy into datagrams to us. Our answers go to the proxy, which passes them on to
 * him as RFC 3261 §16.11 requires. Whatever he reads in them, it proves nothing about the proxy.
 */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { UdpPeer } from '../e2e/sip-peers.ts';
import { Background } from './background.ts';
import { peer } from './peer.ts';
import { freePort, MANY_REPLIES, runTool } from './tool.ts';

const PROXY = '127.0.7.50';
const THIEF = '127.0.7.66';
/** How often, and at which interval in milliseconds, to check for what was forged before it is sent once more. */
const LOOKS = 20;
const LOOK_MS = 50;
/** Forged INVITEs that each scenario adds after stealing what it can. */
const NUMBER = '00442071234567';
/** The configuration of a stateless proxy: every request is forwarded, every answer goes back. */
const STATELESS = `#!KAMAILIO
log_stderror=yes
children=2
disable_tcp=yes
loadmodule "pv.so"
request_route { forward(); exit; }
`;
const DEFAULT_CONFIGURATION = '/etc/kamailio/kamailio.cfg';

interface Parts {
  readonly method: string;
  readonly callId: string;
  readonly uri: string;
  /** Lines of Via, without their name. */
  readonly vias: readonly string[];
  readonly toTag?: string;
  readonly lines?: readonly string[];
}

function request({ method, callId, uri, vias, toTag, lines = [] }: Parts): string {
  return [
    `${method} ${uri} SIP/2.0`,
    ...vias.map((via) => `Via: ${via}`),
    'Max-Forwards: 70',
    'From: <sip:thief@victim.example>;tag=f1',
    `To: <${uri}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    `User-Agent: ${'x'.repeat(200)}`, // An answer of 1.2 times the request has room for a challenge.
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** The proxy, the thief and the honeypot of one scenario. */
class Scene implements AsyncDisposable {
  readonly daemon: DaemonProcess;
  readonly thief: UdpPeer;
  readonly proxyPort: number;
  readonly #nping: string;
  readonly #kamailio: Background;

  private constructor(parts: {
    readonly daemon: DaemonProcess;
    readonly thief: UdpPeer;
    readonly proxyPort: number;
    readonly nping: string;
    readonly kamailio: Background;
  }) {
    this.daemon = parts.daemon;
    this.thief = parts.thief;
    this.proxyPort = parts.proxyPort;
    this.#nping = parts.nping;
    this.#kamailio = parts.kamailio;
  }

  static async open(kamailio: string, nping: string, configuration: string): Promise<Scene> {
    const daemon = await DaemonProcess.start([
      '-r',
      '--fold-window=0',
      '--persona=cisco', // It challenges a REFER with a tag and a nonce, both of which prove the source.
      ...MANY_REPLIES,
    ]);
    const { folder } = daemon;
    const proxyPort = await freePort();
    let file = configuration;
    if (configuration !== DEFAULT_CONFIGURATION) {
      file = join(folder, 'kamailio.cfg');
      await writeFile(file, configuration);
    }
    const listen = `udp:${PROXY}:${proxyPort}`;
    const args = ['-f', file, '-DD', '-E', '-l', listen, '--alias=victim.example'];
    const background = new Background(kamailio, [...args, '-w', folder, '-Y', folder], folder);
    const thief = await UdpPeer.open(THIEF);
    const scene = new Scene({ daemon, thief, proxyPort, nping, kamailio: background });
    await scene.#proxyAnswers();
    return scene;
  }

  get via(): string {
    return `SIP/2.0/UDP ${PROXY}:${this.proxyPort};branch=z9hG4bK-victim`;
  }

  get thiefVia(): string {
    return `SIP/2.0/UDP ${THIEF}:${this.thief.port};branch=z9hG4bK-thief`;
  }

  /** Sends a datagram to us in the proxy's name. */
  async forge(text: string): Promise<void> {
    const data = Buffer.from(text, 'latin1').toString('hex');
    const { folder, ports } = this.daemon;
    const from = ['-S', PROXY, '-g', String(this.proxyPort)];
    const to = ['-p', String(ports.udp), '127.0.0.1'];
    const args = ['--udp', '--send-ip', '-c', '1', '-N', '-H', ...from, '--data', data, ...to];
    const before = this.#recordedCount();
    // nping sometimes claims to have sent what never arrives.
    await until('what is forged to arrive', async () => {
      const { status, output } = await runTool(this.#nping, args, { folder });
      assert.equal(status, 0, output);
      for (let look = 0; look < LOOKS; look += 1) {
        if (this.#recordedCount() > before) return true;
        await after(LOOK_MS);
      }
      return false;
    });
  }

  /** Messages that the daemon recorded. */
  #recordedCount(): number {
    return this.daemon.number('SELECT coalesce(sum(seen_count), 0) FROM honey');
  }

  /** What the proxy passed on to the thief under this Call-ID. */
  async stolen(callId: string): Promise<string> {
    const isIt = (text: string): boolean => text.includes(callId) && /^SIP\/2.0 40[17] /.test(text);
    await until(`the proxy to hand on the answer to ${callId}`, () =>
      this.thief.received.some(isIt),
    );
    return this.thief.received.find(isIt) ?? '';
  }

  /** The thief returns what he read in an answer, in the proxy's name. */
  async giveBack(answer: string, callId: string): Promise<void> {
    const toTag = /\r\nTo: [^\r]*;tag=([^\r;]+)/.exec(answer)?.[1] ?? '';
    const nonce = /nonce="([^"]+)"/.exec(answer)?.[1] ?? '';
    const realm = /realm="([^"]+)"/.exec(answer)?.[1] ?? '';
    assert.ok(toTag !== '' && nonce !== '', answer);
    const common = { callId, uri: `sip:${NUMBER}@127.0.0.1`, vias: [this.via] };
    await this.forge(request({ ...common, method: 'INFO', toTag }));
    const digest = `Digest username="thief",realm="${realm}",nonce="${nonce}",uri="sip:x",response="${'0'.repeat(32)}"`;
    await this.forge(request({ ...common, method: 'REFER', lines: [`Authorization: ${digest}`] }));
    await this.forge(request({ ...common, method: 'INVITE' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thief[Symbol.dispose]();
    await this.#kamailio[Symbol.asyncDispose]();
    await this.daemon[Symbol.asyncDispose]();
  }

  /** The proxy passes an answer of ours on: it is up. */
  async #proxyAnswers(): Promise<void> {
    const response =
      `SIP/2.0 200 OK\r\nVia: ${this.via}\r\nVia: ${this.thiefVia}\r\nFrom: <sip:a@b>;tag=1\r\n` +
      `To: <sip:a@b>;tag=2\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
    await until('the proxy to be up', async () => {
      await this.thief.send(response, this.proxyPort, PROXY);
      await after(100);
      return this.thief.received.length > 0;
    });
  }
}

async function provesNothing(scene: Scene, eventsCount: number): Promise<void> {
  const { daemon } = scene;
  await daemon.recorded(eventsCount);
  assert.deepEqual(daemon.rows(`SELECT DISTINCT grade FROM honey WHERE source_ip = '${PROXY}'`), [
    { grade: 'seen' },
  ]);
}

for (const [name, configuration] of [
  ['in its default configuration', DEFAULT_CONFIGURATION],
  ['that keeps no state', STATELESS],
] as const) {
  test(`what a Kamailio ${name} hands on proves nothing about it`, async (t) => {
    const kamailio = peer('kamailio', t);
    const nping = peer('nping', t);
    if (kamailio === undefined || nping === undefined) return;
    await using scene = await Scene.open(kamailio, nping, configuration);
    const ways: readonly (readonly [string, readonly string[]])[] = [
      ['two-lines', [scene.via, scene.thiefVia]],
      ['one-line', [`${scene.via}, ${scene.thiefVia}`]],
      ['lone-carriage-return', [`${scene.via}\rVia: ${scene.thiefVia}`]],
      ['folded', [`${scene.via},\r\n ${scene.thiefVia}`]],
    ];
    for (const [callId, vias] of ways) {
      await scene.forge(request({ method: 'REFER', callId, uri: 'sip:100@127.0.0.1', vias }));
      await scene.giveBack(await scene.stolen(callId), callId);
    }
    await provesNothing(scene, ways.length * 4);
  });
}

test('what a Kamailio takes for the answer to a transaction of its own proves nothing about it', async (t) => {
  const kamailio = peer('kamailio', t);
  const nping = peer('nping', t);
  if (kamailio === undefined || nping === undefined) return;
  await using scene = await Scene.open(kamailio, nping, DEFAULT_CONFIGURATION);
  const { thief, proxyPort } = scene;
  using accomplice = await UdpPeer.open(THIEF);
  const contact = [`Contact: <sip:bob@${THIEF}:${accomplice.port}>`, 'Expires: 600'];
  const bob = { uri: 'sip:bob@victim.example', vias: [scene.thiefVia] };
  const register = request({ ...bob, method: 'REGISTER', callId: 'bob', lines: contact });
  await thief.send(register.replace(bob.uri, 'sip:victim.example'), proxyPort, PROXY);
  await until('bob to be registered', () => thief.received.some((text) => text.includes('bob')));
  // The thief calls his accomplice through the proxy, and learns the proxy's branch from him.
  const callId = 'of-its-own';
  await thief.send(request({ ...bob, method: 'REFER', callId }), proxyPort, PROXY);
  const relayed = await accomplice.heard('REFER');
  const via = /\r\nVia: (SIP\/2\.0\/UDP 127\.0\.7\.50[^\r]*)/.exec(relayed)?.[1];
  assert.ok(via !== undefined, relayed);
  await scene.forge(request({ method: 'REFER', callId, uri: 'sip:100@127.0.0.1', vias: [via] }));
  await scene.giveBack(await scene.stolen(callId), callId);
  await provesNothing(scene, 4);
});

test('who hears us himself proves it by tag and nonce, also between forged requests', async (t) => {
  const nping = peer('nping', t);
  const kamailio = peer('kamailio', t);
  if (kamailio === undefined || nping === undefined) return;
  await using scene = await Scene.open(kamailio, nping, STATELESS);
  const { daemon, thief } = scene;
  const { udp } = daemon.ports;
  const common = { callId: 'direct', uri: 'sip:100@127.0.0.1', vias: [scene.thiefVia] };
  await thief.send(request({ ...common, method: 'REFER' }), udp);
  const answer = await scene.stolen('direct');
  const toTag = /\r\nTo: [^\r]*;tag=([^\r;]+)/.exec(answer)?.[1] ?? '';
  await thief.send(request({ ...common, method: 'INFO', toTag }), udp);
  await daemon.recorded(2);
  assert.deepEqual(
    daemon.rows(`SELECT grade FROM honey WHERE source_ip = '${THIEF}' ORDER BY honey_id`),
    [{ grade: 'seen' }, { grade: 'returned' }],
  );
  // Another socket of the same address has not received anything from us, and may be anybody.
  using stranger = await UdpPeer.open(THIEF);
  await stranger.send(request({ ...common, method: 'INVITE' }), udp);
  await daemon.recorded(3);
  assert.equal(daemon.number(`SELECT count(*) FROM honey WHERE grade = 'returned'`), 1);
});
