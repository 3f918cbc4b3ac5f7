// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The dashboard's view of a fleet in the real Chromium: at a hub and at a sensor, while PostgreSQL is reachable and
 * not.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { launch, Tab } from './dashboard-tab.ts';
import { FleetWorld } from './fleet-world.ts';
import { findPeer, peer } from './peer.ts';

/** A PostgreSQL role may have this name. */
const HOSTILE = `<img src=x onerror=document.title='taken'>`;
const PHONE = { width: 360, height: 740 };

function row({ page }: Tab, node: string): ReturnType<Tab['page']['locator']> {
  return page.getByRole('region', { name: 'Nodes' }).locator('tbody tr').filter({ hasText: node });
}

test('the view of a fleet shows its nodes at a hub, and says so while PostgreSQL is away', async (t) => {
  if (peer('chromium', t) === undefined) return;
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const [hubFile, sensorFile] = [await world.join('hub-1', 'hub'), await world.join('berlin-1')];
  await world.rows(`CREATE ROLE "${HOSTILE}" LOGIN IN ROLE fleet_sensor`);
  await using hub = await DaemonProcess.start([
    `--fleet-file=${hubFile}`,
    '--fleet-hub',
    COUNTS_LOCAL,
  ]);
  await using sensor = await DaemonProcess.start([`--fleet-file=${sensorFile}`]);
  {
    using caller = await StreamPeer.open(sensor.ports.tcp);
    await caller.send(sipRequest({ method: 'INVITE', user: '+881612345601' }));
  }
  await using browser = await launch(findPeer('chromium') ?? '');
  await using tab = await Tab.open(browser, `http://127.0.0.1:${hub.ports.api}`);
  const { page } = tab;

  await tab.show('/fleet', 'hub: it takes what all nodes push');
  await tab.sees('1 event of other nodes since the start, none waits');
  const events = row(tab, 'berlin-1').locator('[data-name="Events"]');
  await until('the event at its node', async () => (await events.textContent()) === '1');
  assert.equal(await row(tab, 'berlin-1').locator('[data-name="State"]').innerText(), 'up to date');
  assert.match(
    (await row(tab, 'berlin-1').locator('time').getAttribute('title')) ?? '',
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
  );
  assert.match((await row(tab, 'berlin-1').locator('time').textContent()) ?? '', /^\d+ \w+ ago$/);
  // A node that never gave a sign of life comes first, with its name as text.
  assert.equal(await row(tab, HOSTILE).locator('[data-name="State"]').innerText(), 'silent');
  assert.equal(await page.title(), 'SentryPeer');
  assert.equal(await page.locator('main img').count(), 0);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await tab.hurdles(), [], colorScheme);
  }
  await page.setViewportSize(PHONE);
  assert.equal(await tab.isWiderThanItself(), false);

  await world.postgres.kill();
  const alert = page.getByRole('alert');
  await alert.getByText('Taking the events of others: ').waitFor();
  await tab.sees('last seen');
  assert.equal(await row(tab, 'berlin-1').count(), 1, 'what was known stays');
  assert.deepEqual(await tab.hurdles(), []);
  assert.equal(await tab.isWiderThanItself(), false);

  // A sensor only knows about itself.
  await using other = await Tab.open(browser, `http://127.0.0.1:${sensor.ports.api}`);
  await other.show('/fleet', 'Only hubs know how all nodes are');
  await other.page.getByRole('alert').getByText('Following what hubs list: ').waitFor();
  await other.sees('1 event since the start, none waits');
  assert.deepEqual(await other.hurdles(), []);

  await world.postgres.begin({ log_statement: 'none' });
  await alert.waitFor({ state: 'detached' });
  await other.page.getByRole('alert').waitFor({ state: 'detached' });
});
