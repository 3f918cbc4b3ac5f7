// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The configurations of docs/integrations/kamailio.md, with SIPp as the caller and as the gateway. */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { Background } from './background.ts';
import { Calls } from './calls.ts';
import { documented } from './documented.ts';
import { CLEAN, LISTED, listNumber } from './listed-number.ts';
import { peer } from './peer.ts';
import { freePort } from './tool.ts';

const KAMAILIO_CALLS = {
  caller: ['-sf', join(import.meta.dirname, 'caller.xml')],
  gateway: ['-sf', join(import.meta.dirname, 'gateway.xml')], // It never rings: a 180 may come after the answer.
};

interface Programs {
  readonly kamailio: string;
  readonly sipp: string;
}

function programs(t: TestContext): Programs | undefined {
  const kamailio = peer('kamailio', t);
  const sipp = peer('sipp', t);
  const modules = peer('http_client.so', t);
  const tls = peer('tls.so', t);
  if (kamailio === undefined || sipp === undefined || modules === undefined) return undefined;
  return tls === undefined ? undefined : { kamailio, sipp };
}

/** Runs Kamailio with a configuration in the daemon's folder. */
async function startKamailio(
  program: string,
  configuration: string,
  daemon: DaemonProcess,
): Promise<Background> {
  const file = join(daemon.folder, 'kamailio.cfg');
  const [tm = ''] = globSync('/usr/lib/*/kamailio/modules/tm.so');
  await writeFile(
    file,
    configuration.replace('\nloadmodule', `\nmpath="${dirname(tm)}/"\nloadmodule`),
  );
  const { folder } = daemon;
  const args = ['-f', file, '-DD', '-E', '-m', '64', '-M', '8', '-w', folder, '-Y', folder];
  const kamailio = new Background(program, args, folder);
  await kamailio.printed('Listening on');
  return kamailio;
}

/** The daemon, Kamailio and SIPp on both sides of it, with one of the page's configurations. */
async function open(
  found: Programs,
  scope: AsyncDisposableStack,
  way: { readonly fence: string; readonly transport?: 'udp' | 'tcp' | 'tls' },
) {
  const { fence, transport = 'udp' } = way;
  const proxyPort = await freePort();
  const calls = scope.use(await Calls.open(found.sipp, proxyPort, KAMAILIO_CALLS));
  const destination = `sip:{number}@127.0.0.1:${calls.gatewayPort}`;
  const flags = ['-r', COUNTS_LOCAL, '-z', '127.0.0.1:0', '--sip-agent=127.0.0.1:0'];
  const daemon = scope.use(
    await DaemonProcess.start([...flags, `--sip-agent-destination=${destination}`]),
  );
  await listNumber(daemon);
  const { agent, api } = daemon.ports;
  const gateway = `127.0.0.1:${calls.gatewayPort}`;
  const places = { '127.0.0.1:5070': `127.0.0.1:${proxyPort}`, '192.0.2.10:5060': gateway };
  const asked: Readonly<Record<string, string>> =
    fence === 'kamailio http'
      ? { '127.0.0.1:8082': `127.0.0.1:${api}` }
      : { '"sip:127.0.0.1:5062"': `"sip:127.0.0.1:${agent[transport]};transport=${transport}"` };
  const text = documented('kamailio.md', fence, { ...places, ...asked });
  const configuration = transport === 'tls' ? await withTls(text, daemon.folder) : text;
  const kamailio = scope.use(await startKamailio(found.kamailio, configuration, daemon));
  return { calls, daemon, kamailio, proxyPort };
}

/** The other settings needed to speak TLS to the agent. */
async function withTls(configuration: string, folder: string): Promise<string> {
  const tls = documented('kamailio.md', 'kamailio tls', {
    '127.0.0.1:5071': `127.0.0.1:${await freePort()}`,
    '/var/lib/sentrypeer': folder,
  });
  return configuration.replace('\nloadmodule', `\n${tls}loadmodule`);
}

/** Requests that pretend to belong to a call, with and without a route through Kamailio. */
async function refusesInventedCalls(proxyPort: number): Promise<void> {
  using caller = await UdpPeer.open();
  const to = `<sip:${LISTED}@127.0.0.1>;tag=invented`;
  const routes = ['', 'lr', 'lr;ftag=f00d', 'lr;did=1f3.1'].map((parameters) =>
    parameters === '' ? [] : [`Route: <sip:127.0.0.1:${proxyPort};${parameters}>`],
  );
  for (const [index, lines] of routes.entries()) {
    const own = { callId: `invented-${index}`, branch: `z9hG4bK-invented-${index}` };
    await caller.send(sipRequest({ method: 'INVITE', user: LISTED, to, lines, ...own }), proxyPort);
    await until('an answer', () => caller.received.length > index);
    assert.match(caller.received[index] ?? '', /^SIP\/2\.0 481 /);
  }
}

// The calls wait for each other's timeouts, so the tests run side by side.
describe('kamailio', { concurrency: true }, () => {
  for (const transport of ['udp', 'tcp', 'tls'] as const) {
    test(`kamailio asks the SIP agent over ${transport}: a known-bad number is refused, another gets through`, async (t) => {
      const found = programs(t);
      if (found === undefined) return;
      await using scope = new AsyncDisposableStack();
      const way = { fence: 'kamailio sip-agent', transport };
      const { calls, daemon, kamailio, proxyPort } = await open(found, scope, way);
      const bad = await calls.call(LISTED);
      assert.equal(bad.taken, false, kamailio.output);
      assert.match(bad.heard, /^SIP\/2\.0 404 Not Found\r$/m, kamailio.output);
      assert.match(bad.heard, /^Reason: Q\.850;cause=21;text="the number was called once/m);
      const good = await calls.call(CLEAN);
      assert.equal(good.taken, true, `${good.heard}\n${kamailio.output}`);
      await refusesInventedCalls(proxyPort);
      assert.deepEqual(calls.reached(), [CLEAN]);

      // The agent dies, and calls pass.
      daemon.signal('SIGKILL');
      await daemon.ended();
      const unasked = await calls.call(LISTED);
      assert.equal(unasked.taken, true, `${unasked.heard}\n${kamailio.output}`);
      assert.deepEqual(calls.reached(), [CLEAN, LISTED]);
      const why = transport === 'udp' ? 'did not decide' : 'is closed';
      await kamailio.printed(`the SIP agent ${why}: ${LISTED} passes`);
    });
  }

  test('kamailio asks the HTTP API: a known-bad number is refused, another gets through', async (t) => {
    const found = programs(t);
    if (found === undefined) return;
    await using scope = new AsyncDisposableStack();
    const way = { fence: 'kamailio http' };
    const { calls, daemon, kamailio, proxyPort } = await open(found, scope, way);
    const bad = await calls.call(LISTED);
    assert.match(bad.heard, /^SIP\/2\.0 608 Rejected\r$/m, kamailio.output);
    assert.match((await calls.call('+449012345678')).heard, /^SIP\/2\.0 608 /m, 'escaped');
    assert.equal((await calls.call(CLEAN)).taken, true, kamailio.output);
    await refusesInventedCalls(proxyPort);
    daemon.signal('SIGKILL');
    await daemon.ended();
    assert.equal((await calls.call('00442071234568')).taken, true, kamailio.output);
    assert.match((await calls.call(LISTED)).heard, /^SIP\/2\.0 608 Rejected\r$/m, 'remembered');
    assert.deepEqual(calls.reached(), [CLEAN, '00442071234568']);
  });
});
