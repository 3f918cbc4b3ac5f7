// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

interface Taken {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An endpoint that accepts posts from the second one on. */
class Collector implements AsyncDisposable {
  readonly taken: Taken[] = [];
  readonly #server = createServer((request, response) => {
    void text(request).then((body) => {
      this.taken.push({ headers: request.headers, body });
      response.writeHead(this.taken.length === 1 ? 500 : 204).end();
    });
  });

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/summary?of=node-7`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

/** A day in the log, dated yesterday. The User-Agents could reveal who they are. */
async function attackYesterday(folder: string): Promise<void> {
  const daemon = await DaemonProcess.start(['--threads=1', '--responsive'], { folder });
  using peer = await UdpPeer.open();
  for (const [index, userAgent] of [
    'friendly-scanner 203.0.113.77',
    'friendly-scanner',
    'I am +442079460123',
  ].entries()) {
    const id = `x${index}`;
    const parts = { method: 'INVITE', user: '900442079460000', userAgent, callId: id, branch: id };
    await peer.send(sipRequest(parts), daemon.ports.udp);
  }
  await daemon.recorded(3);
  await daemon.stop();
  using database = new DatabaseSync(daemon.dbFile);
  database.exec('UPDATE rate_total SET start = start - 24 WHERE span = 60');
}

test('the summary of a day is what the preview printed, sent once, and only to who has seen it', async () => {
  using own = new TemporaryFolder();
  await using collector = new Collector();
  const url = await collector.listen();
  const folder = own.path;
  await attackYesterday(folder);
  const summary = ['--analytics', `--analytics-summary=${url}`, '--threads=1'];

  const preview = await DaemonProcess.run(['analytics', 'preview', ...summary], { folder });
  assert.equal(preview.status, 0, preview.stderr);
  const { day, ...said } = JSON.parse(preview.stdout);
  assert.equal(day, new Date(Date.now() - 86_400e3).toISOString().slice(0, 10));
  assert.deepEqual(said, {
    summary: 1,
    messages: 3,
    grades: { seen: 3 },
    methods: { INVITE: 3 },
    transports: { UDP: 3 },
    countries: said.countries,
    networks: said.networks,
    tools: [
      { name: 'SIPVicious', messages: 2 },
      { name: null, messages: 1 },
    ],
    ranges: [],
  });
  assert.doesNotMatch(preview.stdout, /20794|203\.0\.113|127\.0\.0\.1/);
  assert.match(preview.stderr, /not sent yet/);
  const code = /--analytics-seen=([0-9a-f]{8})\n/.exec(preview.stderr)?.[1] ?? '';

  // The confirmation is for one address, not for another.
  const unseen = await DaemonProcess.start([...summary, '--analytics-seen=00000000'], { folder });
  assert.match(unseen.output(), /analytics_summary_not_seen/);
  await unseen.stop();
  // The second opt-in alone has no effect.
  const single = await DaemonProcess.start([`${summary[1]}`, `--analytics-seen=${code}`], {
    folder,
  });
  assert.match(single.output(), /has no effect without --analytics/);
  await single.stop();
  assert.equal(collector.taken.length, 0);

  const args = [...summary, `--analytics-seen=${code}`];
  const refused = await DaemonProcess.start(args, { folder });
  await until('a failure', () => refused.output().includes('analytics_summary_failed'));
  await refused.stop();
  const daemon = await DaemonProcess.start([...args, '-v'], { folder });
  await until('the summary', () => daemon.output().includes('analytics_summary_sent'));
  assert.doesNotMatch(daemon.output(), /of=node-7/, 'an address may hold a secret');
  await daemon.stop();
  assert.deepEqual(
    collector.taken.map(({ body }) => body),
    [preview.stdout, preview.stdout],
  );
  assert.deepEqual(Object.keys(collector.taken[0]?.headers ?? {}).toSorted(), [
    'connection',
    'content-length',
    'content-type',
    'host',
    'user-agent',
  ]);
  using database = new DatabaseSync(daemon.dbFile);
  const sent = database
    .prepare("SELECT honey_id FROM cursor WHERE name = 'analytics-summary'")
    .get();
  assert.equal(sent?.['honey_id'], Date.parse(day) / 86_400e3);

  // A clock that was once years ahead does not end the summaries.
  database.exec("UPDATE cursor SET honey_id = 40000 WHERE name = 'analytics-summary'");
  const later = await DaemonProcess.start(args, { folder });
  await until('the day once more', () => collector.taken.length === 3);
  await later.stop();
  const on = await DaemonProcess.run(['analytics', 'preview', ...args], { folder });
  assert.match(on.stderr, /It is on/);
});
