// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The dashboard's view of enforcement in the real Chromium, while a real router, a webhook and the SIP agent change
 * state.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebhookReceiver } from '@sentrypeer/delivery/receiver';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { adminKey, post } from '../e2e/delivered.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { bgpTable, OUR_ASN, ROUTER_ASN } from './bgp-configs.ts';
import { BgpProcess, Router } from './bgp-world.ts';
import { launch, Tab } from './dashboard-tab.ts';
import { findPeer, peer } from './peer.ts';
import { freePort } from './tool.ts';

const DESTINATION = ['--sip-agent-destination', 'sip:{number}@192.0.2.10:5060'];
const PEERS = ['chromium', 'bird', 'birdc'] as const;

/** The cell of a table's only row, by the head of its column. */
function cell({ page }: Tab, table: string, head: string): ReturnType<Tab['page']['locator']> {
  return page.getByRole('region', { name: table }).locator(`tbody td[data-name="${head}"]`);
}

/** Waits until the cell has this text. */
async function says(tab: Tab, table: string, head: string, text: RegExp): Promise<void> {
  await until(`${table}: ${head} ${String(text)}`, async () => {
    const texts = await cell(tab, table, head).allTextContents();
    return texts.some((one) => text.test(one));
  });
}

function birdConfig(port: number): string {
  return `
router id 127.0.0.2;
protocol device { }
protocol bgp edge {
    local 127.0.0.2 port ${port} as ${ROUTER_ASN};
    neighbor 127.0.0.1 port 1 as ${OUR_ASN};
    multihop; strict bind yes; passive on; error wait time 1, 2;
    ipv4 { import all; export none; };
}
`;
}

test('the view of enforcement follows a router, a webhook and the SIP agent', async (t) => {
  for (const name of PEERS) if (peer(name, t) === undefined) return;
  using folder = new TemporaryFolder();
  let isDown = true;
  await using hook = await WebhookReceiver.open({ behave: () => (isDown ? 503 : 201) });
  await using daemon = await DaemonProcess.start([
    '--threads=1',
    `--bgp-run-dir=${join(folder.path, 'run-bgp')}`,
    '-w',
    `http://127.0.0.1:${hook.port}/events`,
    '--sip-agent=127.0.0.1:0',
    ...DESTINATION,
  ]);
  const key = await adminKey(daemon);
  const block = async (value: string): Promise<void> =>
    assert.equal(await post(daemon, '/v1/decisions', key, { block: value }), 204);
  await block('45.13.0.1');
  await block('+449012345678');
  await using browser = await launch(findPeer('chromium') ?? '');
  await using tab = await Tab.open(browser, `http://127.0.0.1:${daemon.ports.api}`);
  await tab.show('/sign-in', 'With a key of this node');
  await tab.page.getByLabel('Key', { exact: true }).fill(key);
  await tab.page.keyboard.press('Enter');
  await tab.sees('Sign out');
  await tab.show('/enforcement', 'Nothing carries the listings out yet');

  // A router: it gets the current listings and new ones; its session goes down and up.
  const port = await freePort();
  await using bird = Router.bird(folder.path, birdConfig(port));
  const ways = `address = "127.0.0.2"\nport = ${port}\nlocal_address = "127.0.0.1"\nconnect_only = true\nconnect_retry = 1`;
  const table = bgpTable('', `name = "edge"\n${ways}`);
  await using bgp = new BgpProcess(folder.path, `http://127.0.0.1:${daemon.ports.api}`, table);
  await says(tab, 'Routers', 'Session', /^up$/).catch((cause: unknown) => {
    throw new Error(bgp.output, { cause });
  });
  await says(tab, 'Routers', 'Prefixes it has', /^1$/);
  await block('45.13.0.2');
  await says(tab, 'Routers', 'Prefixes it has', /^2$/);
  await says(tab, 'Firewalls, routers and bouncers', 'Behind', /^up to date$/);
  assert.deepEqual(await tab.hurdles(), []);
  await bird.ask('disable', 'edge');
  await says(tab, 'Routers', 'Session', /^down: /);
  await says(tab, 'Routers', 'Last error', /^(?!none$)./); // That error, or one of an attempt after it.
  await tab.sees('0 of 1 session up');
  await bird.ask('enable', 'edge');
  await tab.sees('1 of 1 session up');

  // A webhook: how far it is behind, and what went wrong, until it accepts events.
  using caller = await UdpPeer.open();
  await caller.send(sipRequest({ user: '100' }), daemon.ports.udp);
  await says(tab, 'Webhooks', 'Behind', /^1 event$/);
  await says(tab, 'Webhooks', 'Last failure', /503/);
  isDown = false;
  await says(tab, 'Webhooks', 'Behind', /^up to date$/);
  await says(tab, 'Webhooks', 'Taken', /^1$/);

  // The SIP agent: what it refuses and lets through, live.
  await tab.sees('No call yet.');
  for (const [user, shown] of [
    ['00449012345678', '00 44 901 234 5678'],
    ['0046701740605', '00 46 70 174 06 05'],
  ] as const) {
    const request = sipRequest({ method: 'INVITE', user, callId: user, branch: user });
    await caller.send(request, daemon.ports.agent.udp);
    await tab.sees(shown);
  }
  const outcomes = await cell(tab, 'Calls', 'Outcome').allTextContents();
  assert.match(outcomes[1] ?? '', /^refused \d{3}$/);
  assert.doesNotMatch(outcomes[0] ?? '', /refused/);
});
