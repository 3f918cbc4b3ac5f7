// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The dashboard in the real Chromium, over the real daemon. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';

import { nodeIdOfKey } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { ApiKeys, Peers } from '@sentrypeer/store';
import type { Browser } from 'playwright-core';
import { STATUS, type RunNote } from '../../daemon/src/services/listings/run-note.ts';
import {
  makeLegacyDatabase,
  type LegacyRow,
} from '../../packages/store/test/file/legacy-database.ts';
import { mmdbFile } from '../../packages/geo/test/mmdb-writer.ts';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer, type RequestParts } from '../e2e/sip-peers.ts';
import { launch, Tab } from './dashboard-tab.ts';
import { findPeer, peer } from './peer.ts';

/** Each view in both themes, and a text that shows that it is there. */
const VIEWS = [
  ['/live', 'Most messages'],
  ['/live', 'Most messages'],
  ['/address/127.0.0.1', 'What it tried, in this order'],
  ['/number/900442079460002', 'How it is read'],
  ['/listings', 'Listed and watched'],
  ['/search/tool', 'tool-tool'],
  ['/trends/day%2Fmethod', 'As a table'],
  ['/enforcement', 'Who calls whom'],
  ['/nodes', 'This node shares nothing, and gets nothing'],
  ['/fleet', 'This node is in no fleet'],
  ['/sign-in', 'With a key of this node'],
] as const;
const PHONE = { width: 360, height: 740 };
const DESTINATION = ['--sip-agent-destination', 'sip:{number}@192.0.2.10:5060'];
/** Another, unknown node. */
const NODE = '0b1c9f2a-5d6e-4f70-8192-a3b4c5d6e7f8';
/** A node that signs, according to its id. */
const FRIEND = nodeIdOfKey(new Uint8Array(32));
/** Text that does harm wherever it is treated as markup. */
const HOSTILE = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

/** A guess at a password; the nonce does not come from the node. */
const DIGEST =
  'Authorization: Digest username="101", realm="x", nonce="n", uri="sip:127.0.0.1", response="00000000000000000000000000000000"';

/** An address that may be listed. */
const ATTACKER = '45.13.7.7';

/* One browser and one daemon for all tests: both take longer to start than any test. */
let browser: Browser | undefined;
let daemon: DaemonProcess;
let attacker: UdpPeer;
const folder = new TemporaryFolder();

before(async () => {
  const executablePath = findPeer('chromium');
  if (executablePath === undefined) return;
  [browser, daemon, attacker] = await Promise.all([
    launch(executablePath),
    DaemonProcess.start(['--threads=1', '--responsive', placesIn(folder.path)], {
      folder: folder.path,
    }),
    UdpPeer.open(),
  ]);
});
after(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  attacker?.[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** Places this machine in Hong Kong. @returns The option. */
function placesIn(path: string): string {
  const file = join(path, 'places.mmdb');
  writeFileSync(file, mmdbFile({ '127.0.0.0/8': { country_code: 'HK' } }));
  return `--country-file=${file}`;
}

/** Messages of the last day from the country with the most, as far as they are counted. */
async function countryMessages({ origin }: Tab): Promise<number> {
  const response = await fetch(`${origin}/v1/analytics?period=day`);
  const { countries } = (await response.json()) as {
    readonly countries: readonly { readonly name: string | null; readonly seen_count: number }[];
  };
  return countries.find(({ name }) => name !== null)?.seen_count ?? 0;
}

/** Messages of a source, or calls of a number, as far as they are counted. */
async function trendOf(
  { origin }: Tab,
  kind: 'sources' | 'numbers',
  name: string,
): Promise<number | undefined> {
  const response = await fetch(`${origin}/v1/trends?period=day`);
  const trends = (await response.json()) as Readonly<
    Record<typeof kind, readonly { readonly name: string | null; readonly seen_count: number }[]>
  >;
  return trends[kind].find((one) => one.name === name)?.seen_count;
}

/** Sends a request unlike any before it. */
async function attack(parts: RequestParts): Promise<void> {
  const id = `x${attacker.sentCount}`;
  await attacker.send(sipRequest({ callId: id, branch: id, ...parts }), daemon.ports.udp);
}

/** A page of a node that has seen nothing so far. */
async function open(t: TestContext, of = daemon): Promise<Tab | undefined> {
  if (peer('chromium', t) === undefined || browser === undefined) return undefined;
  return Tab.open(browser, `http://127.0.0.1:${of.ports.api}`);
}

test('a fresh node says what to do, then shows the first event as it comes, only as text', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  const { page } = tab;
  await tab.show('/', 'Nothing came yet');
  assert.deepEqual(await tab.hurdles(), []);
  await page.locator('.connection.live').waitFor();
  await attack({
    method: 'INVITE',
    user: '900442079460000',
    from: HOSTILE,
    to: `"${HOSTILE}" <sip:900442079460000@127.0.0.1>`,
    userAgent: HOSTILE,
  });
  await tab.sees(HOSTILE);
  const row = page.locator('.events tbody tr');
  assert.equal(await row.count(), 1);
  await page.getByText('Nothing came from outside yet.').click();
  await tab.sees('Is it in a container?');
  assert.deepEqual(await tab.hurdles(), []);
  const time = row.locator('time');
  const iso = (await time.getAttribute('datetime')) ?? '';
  assert.equal(await time.getAttribute('title'), `${iso.slice(0, 19).replace('T', ' ')} UTC`);
  const hourHere = (Number(iso.slice(11, 13)) + 9) % 24; // Tokyo time.
  assert.equal(Number((await time.textContent())?.slice(-8, -6)), hourHere);
  // Every view that shows what the attacker wrote.
  await row.locator('a.plain').click();
  await tab.sees('It may hold a password');
  await tab.sees(HOSTILE);
  await tab.show(`/search/${encodeURIComponent('<img')}`, HOSTILE);
  await tab.show(`/address/${encodeURIComponent(HOSTILE)}`, 'must be an IP address');
  assert.equal(await page.title(), 'SentryPeer');
  assert.equal(await page.locator('img, main script').count(), 0);
});

test('a click chooses events, the address keeps it, and any view is a link', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  const { page } = tab;
  await attack({ method: 'OPTIONS' });
  await attack({ method: 'REGISTER', user: '101', lines: [DIGEST] });
  await attack({ method: 'INVITE', user: '900442079460002' });
  await daemon.recorded(4);
  await tab.show('/live', 'REGISTER');
  const rows = page.locator('.events tbody tr');
  await rows.getByText('INVITE').first().click();
  await tab.sees('2 events');
  assert.match(page.url(), /#\/live\?method=INVITE$/);
  await page.reload();
  await tab.sees('2 events');
  await page.locator('.connection.live').waitFor();
  await attack({ method: 'OPTIONS', user: '7' });
  await attack({ method: 'INVITE', user: '900442079460008' });
  await tab.sees('3 events');
  await page.getByLabel('Without Method INVITE').click();
  await until('all events', async () => (await rows.count()) === 6);
  // Numbers are grouped as their country does, in the list and among those with the most messages.
  await rows.getByText('900 44 20 7946 0002').waitFor();
  await page.locator('.top').getByText('900 44 20 7946 0008').waitFor();
  // Countries are counted after the events.
  await until('the country of all', async () => (await countryMessages(tab)) === 6);
  // The graph has as many messages as there are events, in each of its forms.
  await page.getByText('Over time').click();
  await tab.sees('6 messages since');
  // What is counted of single sources and numbers, whatever was dialled before the number.
  await until('the number', async () => (await trendOf(tab, 'numbers', '+442079460002')) === 1);
  await until('the source', async () => (await trendOf(tab, 'sources', '127.0.0.1')) === 6);
  const subjects = page.locator('.panel', { hasText: 'Sources, numbers and methods' });
  await subjects.getByRole('link', { name: '+44 20 7946 0002' }).waitFor();
  await subjects.getByRole('link', { name: '127.0.0.1', exact: true }).waitFor();
  await subjects.getByText('as long before is not known').waitFor();
  await page.getByText('Method', { exact: true }).click();
  await page.getByText('As a table', { exact: true }).click();
  const sums = page.locator('.graph td[data-name="INVITE"]');
  await until('the table', async () => (await sums.allTextContents()).join('') !== '');
  const invites = (await sums.allTextContents()).reduce((sum, text) => sum + Number(text), 0);
  assert.equal(invites, 3);
  assert.match(page.url(), /#\/trends\/day%2Fmethod$/);
  // Everybody is in Hong Kong here, which is too small for the map, and has a mark.
  const mark = page.locator('.world path[class^="shade-"]');
  await mark.waitFor();
  assert.match((await mark.textContent()) ?? '', /^Hong Kong.*: 6 messages$/);
  await page.getByText('Countries as a table').click();
  await page.getByRole('cell', { name: /^Hong Kong/ }).waitFor();
  assert.deepEqual(await tab.hurdles(), []);
  await mark.click();
  await tab.sees('6 events');
  assert.match(page.url(), /#\/live\?country=HK$/);
  await page.getByRole('searchbox').fill('+44 20 7946 0002');
  await page.keyboard.press('Enter');
  await tab.sees('United Kingdom');
  await tab.show('/number/900442079460002', 'dialled before the number');
  await tab.sees('+44 20 7946 0002');
  await tab.show('/number/%2B442079460002', 'Who called it');
  await page.getByRole('link', { name: '127.0.0.1', exact: true }).first().waitFor();
  await tab.show('/live?number=%2B4420794600xx', '3 events');
  await page.getByRole('link', { name: 'Without Number +4420794600xx' }).click();
  await tab.sees('6 events');
  await tab.show('/address/127.0.0.1', 'What it tried, in this order');
  await tab.sees('1 message with 1 password for 101');
  await tab.sees('900 | GB | +44 20 7946 0002');
  await tab.show('/listings', 'Listed and watched');
  await page.goBack();
  await tab.sees('What it tried, in this order');
});

test('nothing is hard to use, in both themes and as wide as a phone', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  await attack({ method: 'INVITE', user: '9'.repeat(60), userAgent: 'tool-'.repeat(60) });
  await daemon.recorded(7);
  const { page } = tab;
  for (const [index, [hash, text]] of VIEWS.entries()) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await tab.show(hash, text);
    await page.emulateMedia({ colorScheme: index % 2 === 0 ? 'dark' : 'light' });
    assert.deepEqual(await tab.hurdles(), [], hash);
    await page.setViewportSize(PHONE);
    assert.equal(await tab.isWiderThanItself(), false, `${hash} on a phone`);
  }
});

test('the page goes on after the daemon was restarted, and says so meanwhile', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  await tab.show('/live', 'REGISTER');
  await tab.page.locator('.connection.live').waitFor();
  const args = [
    '--threads=1',
    '--responsive',
    placesIn(folder.path),
    `--api-port=${daemon.ports.api}`,
  ];
  await daemon.stop();
  await tab.sees('Connection lost, trying again');
  daemon = await DaemonProcess.start(args, { folder: folder.path });
  await attack({ userAgent: 'meanwhile' });
  await tab.sees('meanwhile');
  await tab.page.locator('.connection.live').waitFor();
  // More than are drawn at once, both as they arrive and when they are already there.
  for (let count = 0; count < 120; count += 1) await attack({ user: `7${count}` });
  const rows = tab.page.locator('.events tbody tr');
  await until('as many rows as a table has', async () => (await rows.count()) === 100);
  await tab.sees('7119');
  await tab.page.reload();
  await until('the same anew', async () => (await rows.count()) === 100);
  await tab.sees(/of the last 1[2-9]\d events/);
});

test('in a flood the page shows some events, and says how many others there were', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  await tab.show('/live?method=SUBSCRIBE', 'No event matches');
  await tab.page.locator('.connection.live').waitFor();
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => attack({ method: 'SUBSCRIBE', user: `8${index}` })),
  );
  await tab.sees('came too fast to show. All are recorded and counted.');
  await tab.sees('200 events');
  assert.deepEqual(await tab.hurdles(), []);
  await tab.page.reload();
  await tab.sees('200 events');
  assert.equal(await tab.page.getByText('too fast').count(), 0);
});

test('a filter finds what came long before the newest events', async (t) => {
  using old = new TemporaryFolder();
  const rows = Array.from({ length: 11_000 }, (_, index): LegacyRow => {
    return index === 7 ? { sourceIp: '127.9.9.9', calledNumber: '0046850780123' } : {};
  });
  makeLegacyDatabase(join(old.path, 'sentrypeer.db'), rows);
  await using node = await DaemonProcess.start(['--threads=1', placesIn(old.path)], {
    folder: old.path,
  });
  await using tab = await open(t, node);
  if (tab === undefined) return;
  const { page } = tab;
  for (const filter of ['country=HK', 'network=127.9.9.0%2F24', 'source_ip=127.9.9.9']) {
    await tab.show(`/live?${filter}`, '1 event with');
    await page.locator('.events').getByText('127.9.9.9').waitFor();
  }
  await page.getByRole('searchbox').fill('+468507801xx');
  await page.keyboard.press('Enter');
  await tab.sees('1 event with');
  await tab.show('/live?network=127.8.0.0%2F16', 'No event matches');
});

/** Delivers events of an attacker elsewhere, whose texts do harm wherever they are treated as markup. */
async function deliver(of: DaemonProcess, key: string): Promise<void> {
  const event = {
    event_timestamp: `${new Date().toISOString().slice(0, 19).replace('T', ' ')}.000000000`,
    event_uuid: '01890a5d-ac96-774b-bcce-b302099a8057',
    created_by_node_id: NODE,
    collected_method: 'responsive',
    transport_type: 'TCP',
    source_ip: ATTACKER,
    called_number: HOSTILE,
    sip_method: HOSTILE,
    sip_user_agent: `friendly-scanner ${HOSTILE}`,
    sip_message: `INVITE sip:1@x SIP/2.0\r\nSubject: ${HOSTILE}\r\n\r\n`,
  };
  const response = await fetch(`http://127.0.0.1:${of.ports.api}/api/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(event),
  });
  assert.equal(response.status, 201, await response.text());
}

/** Has a page from another port of this machine try to block everybody, in the ways that a page can. */
async function forge(tab: Tab, node: DaemonProcess): Promise<void> {
  const target = `http://127.0.0.1:${node.ports.api}/v1/decisions`;
  const body = JSON.stringify({ block: '45.13.0.0/16', yes: true });
  const init = JSON.stringify({ method: 'POST', mode: 'no-cors', credentials: 'include', body });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<form method=post enctype=text/plain action="${target}">
      <input name='${body.slice(0, -1)},"x":"' value='"}'></form>
      <script>fetch('${target}', ${init}).finally(() => document.forms[0].submit())</script>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await tab.page.context().newPage();
  const answers: number[] = [];
  page.on('response', (response) => {
    if (response.url() === target) answers.push(response.status());
  });
  await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: 'commit' });
  await until('both answers', () => answers.length === 2);
  assert.deepEqual(answers, [403, 403]);
  await page.waitForURL(target); // Chromium may never close a page that is about to show another.
  await page.close();
  server.close();
  server.closeAllConnections();
}

/** What `sentrypeer bgp` reports, with two routers, one of which sent something that does harm as markup. */
function tellOfRouters(path: string): void {
  const nowMs = Date.now();
  const session = { address: '192.0.2.1', sinceEpochMs: nowMs, lastError: null };
  const sessions = [
    { ...session, name: 'edge-1', state: 'Established', isUp: true, prefixesOut: 1 },
    {
      ...session,
      name: HOSTILE,
      state: 'Active',
      isUp: false,
      prefixesOut: 0,
      lastError: `Cease: ${HOSTILE}`,
    },
  ];
  const note: RunNote = {
    state: 'announcing',
    isInForce: true,
    processId: process.pid,
    runId: 'run',
    writtenEpochMs: nowMs,
    startedEpochMs: nowMs,
    node: 'http://127.0.0.1:8082',
    serial: '',
    feedFailure: null,
    entries: { ipv4: 1, ipv6: 0 },
    sessions,
    alarms: [],
    counts: {},
  };
  const file = join(path, STATUS);
  writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o640 });
  renameSync(`${file}.new`, file);
}

async function decide(tab: Tab, choice: string, comment: string): Promise<void> {
  const { page } = tab;
  await page.getByRole('button', { name: choice, exact: true }).click();
  await page.getByLabel('Comment').fill(comment);
  await page.getByRole('button', { name: `${choice} ${ATTACKER}` }).click();
}

test('on another machine the page asks for a key, although programs may read without one', async (t) => {
  if (peer('chromium', t) === undefined) return;
  using own = new TemporaryFolder();
  const args = ['--threads=1', '--api-trusted-proxy=127.0.0.1'];
  await using node = await DaemonProcess.start(args, { folder: own.path });
  using keys = ApiKeys.open({ clock: systemClock, logger: silentLogger }, node.dbFile);
  const key = keys.add('reader', 'read');
  await using tab = await open(t, node);
  if (tab === undefined) return;
  const { page } = tab;
  await page.setExtraHTTPHeaders({ 'x-forwarded-for': '203.0.113.9' });
  await tab.show('/trends/week', 'With a key of this node');
  assert.equal(await page.getByText('Last week').count(), 0);
  assert.deepEqual(await tab.hurdles(), []);
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.keyboard.press('Enter');
  await tab.sees('Last week');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await tab.sees('With a key of this node');
  await page.setExtraHTTPHeaders({ 'x-forwarded-for': '127.0.0.1' });
  await page.reload();
  await tab.sees('Last week');
});

test('the keyboard alone reaches and works everything', async (t) => {
  await using tab = await open(t);
  if (tab === undefined) return;
  const { page } = tab;
  await attack({ method: 'SUBSCRIBE', user: '900442079460123' });
  await tab.show('/live', 'Most messages');
  await page.locator('.connection.live').waitFor();
  await page.locator('.events').getByText('900 44 20 7946 0123').waitFor();
  const focused = (): Promise<string> =>
    page.evaluate<string>(
      "(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()",
    );
  /** Presses Tab until something with this text has the focus, which must be visible. */
  const reach = async (text: string | RegExp, key = 'Tab'): Promise<void> => {
    for (let presses = 0; presses < 400; presses += 1) {
      await page.keyboard.press(key);
      const found = await focused();
      if (typeof text === 'string' ? found !== text : !text.test(found)) continue;
      const outline = await page.evaluate<string>(
        'getComputedStyle(document.activeElement).outlineStyle',
      );
      assert.notEqual(outline, 'none', `${String(text)} shows that it has the focus`);
      return;
    }
    throw new Error(`no key reaches ${String(text)}`);
  };
  await reach('Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement?.id'), 'main');
  await reach('Look back');
  await page.keyboard.press('Enter');
  await tab.sees('Sources, numbers and methods');
  await page.goBack();
  await tab.sees('Most messages');
  await reach('Hold still');
  await page.keyboard.press('Space');
  assert.equal(await focused(), 'Go on');
  await page.keyboard.press('Space');
  await reach('SUBSCRIBE');
  await page.keyboard.press('Enter');
  await page.waitForURL(/method=SUBSCRIBE$/);
  await reach(/^Without Method/, 'Shift+Tab'); // It is above the table.
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/live$/);
  await page.locator('.top').first().waitFor();
  await reach(/^All about 127\.0\.0\.1$/);
  await page.keyboard.press('Enter');
  await tab.sees('What it tried, in this order');
  await page.reload(); // The keys begin at the top of a page, not among hundreds of links.
  await tab.sees('What it tried, in this order');
  await reach(/^Search an address/);
  await page.keyboard.type('0044 (20) 7946-0002');
  await page.keyboard.press('Enter');
  await tab.sees('How it is read');
  await reach('Sign in');
  await page.keyboard.press('Enter');
  await tab.sees('With a key of this node');
});

test('who signs in decides, until he signs out or the node is restarted; nobody else does', async (t) => {
  if (peer('chromium', t) === undefined) return;
  using own = new TemporaryFolder();
  const bgpRunDir = join(own.path, 'run-bgp');
  const run = ['--threads=1', `--bgp-run-dir=${bgpRunDir}`];
  const args = [...run, '--api-key-required', '--sip-agent=127.0.0.1:0', ...DESTINATION];
  let node = await DaemonProcess.start(args, { folder: own.path });
  await using ending = new AsyncDisposableStack();
  ending.defer(() => node[Symbol.asyncDispose]());
  using keys = ApiKeys.open({ clock: systemClock, logger: silentLogger }, node.dbFile);
  const key = keys.add('boss', 'admin');
  await deliver(node, key);
  await using tab = await open(t, node);
  if (tab === undefined) return;
  const { page } = tab;
  const signIn = async (text: string): Promise<void> => {
    await page.getByLabel('Key', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };
  await tab.show(`/address/${ATTACKER}`, 'With a key of this node');
  assert.equal(await page.getByText(ATTACKER).count(), 0);
  assert.deepEqual(await tab.hurdles(), []);
  await signIn('sentrypeer_wrong');
  await tab.sees('this key is not known');
  await signIn(key);
  await tab.sees('Known bad');
  const [cookie] = await page.context().cookies();
  assert.equal(cookie?.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.equal(await page.evaluate('document.cookie'), '');
  await page.reload();
  await tab.sees('Known bad');

  // Another server on this machine is the same site: its page gets the cookie sent, but may change nothing.
  await forge(tab, node);

  await decide(tab, 'Delist', HOSTILE);
  await tab.sees(`${ATTACKER} is off all lists.`);
  await page.locator('.level.none').first().waitFor();
  await decide(tab, 'Block', HOSTILE);
  await tab.sees('Blocked');
  await page.locator('.decisions').getByText(HOSTILE).waitFor();
  assert.deepEqual(await tab.hurdles(), []);
  await tab.show('/listings', 'Your decisions');
  await page.locator('.decisions').getByText(HOSTILE).waitFor();
  await page.getByRole('button', { name: `Take back: Blocked ${ATTACKER}` }).click();
  await tab.sees('Nothing was allowed or blocked.');
  await tab.show(`/address/${ATTACKER}`, 'Your decision');
  await decide(tab, 'Allow', 'our office');
  await tab.sees('our office');
  await page.locator('.steps').getByText(HOSTILE).first().waitFor();
  await page.locator('a.plain').first().click();
  await tab.sees(`Subject: ${HOSTILE}`);
  await tab.show(`/number/${encodeURIComponent(HOSTILE)}`, HOSTILE);
  assert.equal(await page.title(), 'SentryPeer');
  assert.equal(await page.locator('img, main script').count(), 0);

  // The programs that act on it, and the nodes that this one listens to.
  const headers = { authorization: `Bearer ${key}` };
  await fetch(`${tab.origin}/v1/peers/${NODE}/distrust`, { method: 'POST', headers });
  await tab.show('/enforcement', 'No call yet.');
  await attacker.send(
    sipRequest({ method: 'INVITE', user: '900442079460000', callId: 'agent' }),
    node.ports.agent.udp,
  );
  await tab.sees('900 44 20 7946 0000');
  await tab.sees('Nothing carries the listings out yet');
  mkdirSync(bgpRunDir, { mode: 0o750 });
  const telling = setInterval(() => tellOfRouters(bgpRunDir), 500); // A silent follower counts as down.
  ending.defer(() => clearInterval(telling));
  await tab.sees('1 of 2 sessions up');
  await tab.sees('down: Active');
  await tab.sees(`Cease: ${HOSTILE}`);
  assert.deepEqual(await tab.hurdles(), []);

  // Participants: a friend with a hostile name, a distrusted network, and a node that shared an event.
  const network = '45.10.0.0/16';
  for (const [nodeId, word] of [
    [FRIEND, 'trust'],
    [encodeURIComponent(network), 'distrust'],
  ]) {
    const path = `/v1/peers/${nodeId}/${word}`;
    assert.equal((await fetch(`${tab.origin}${path}`, { method: 'POST', headers })).status, 204);
  }
  using peers = Peers.open({ clock: systemClock, logger: silentLogger }, node.dbFile);
  peers.setTrust(FRIEND, 'trusted', HOSTILE);
  await tab.show('/nodes', 'This node shares nothing, and gets nothing');
  const nodes = page.locator('tbody tr');
  await nodes.filter({ hasText: FRIEND }).getByText('voter').waitFor();
  await nodes.filter({ hasText: FRIEND }).getByText(HOSTILE).waitFor();
  await nodes.filter({ hasText: network }).getByText('distrusted').waitFor();
  assert.equal(await page.title(), 'SentryPeer');
  assert.equal(await page.locator('img, main script').count(), 0);
  assert.deepEqual(await tab.hurdles(), []);
  const { width, height } = page.viewportSize() ?? PHONE;
  await page.setViewportSize(PHONE);
  assert.equal(await tab.isWiderThanItself(), false, 'the nodes on a phone');
  await page.setViewportSize({ width, height });
  await page.getByRole('button', { name: `forget ${FRIEND}` }).click();
  await until('no vote', () => peers.votersCount() === 0);
  await page.getByRole('button', { name: `forget ${network}` }).click();
  await until('the network', () => peers.find(network) === undefined);
  await page.getByRole('button', { name: `forget ${NODE}` }).click();
  await tab.sees('No other node shared anything');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await tab.sees('With a key of this node');
  await signIn(key);
  await tab.show('/live', 'Most messages');
  assert.equal(await page.getByText('Nothing came from outside').count(), 0);
  const { api } = node.ports;
  await node.stop();
  node = await DaemonProcess.start([...args, `--api-port=${api}`], { folder: own.path });
  await tab.sees('With a key of this node');
});
