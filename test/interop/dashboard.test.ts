// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The dashboard in the real Chromium, over the real daemon. */

import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { DaemonProcess, DEADLINE_MS, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer, type RequestParts } from '../e2e/sip-peers.ts';
import { findPeer, peer } from './peer.ts';

/** Each view in both themes, and a text that is there when it is. */
const VIEWS = [
  ['/live', 'Most messages'],
  ['/live', 'Most messages'],
  ['/address/127.0.0.1', 'What it tried, in this order'],
  ['/number/900442079460002', 'How it is read'],
  ['/listings', 'Listed and watched'],
  ['/search/tool', 'tool-tool'],
] as const;
const PHONE = { width: 360, height: 740 };
/** Text that does something wherever it is taken for markup. */
const HOSTILE = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

/* One browser and one daemon for all: both take longer to start than anything here takes. */
let browser: Browser | undefined;
let daemon: DaemonProcess;
let attacker: UdpPeer;
const folder = new TemporaryFolder();

before(async () => {
  const executablePath = findPeer('chromium');
  if (executablePath === undefined) return;
  [browser, daemon, attacker] = await Promise.all([
    chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }),
    DaemonProcess.start(['--threads=1', '--responsive'], { folder: folder.path }),
    UdpPeer.open(),
  ]);
});
after(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  attacker?.[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** Sends a request that is like none before it. */
async function attack(parts: RequestParts): Promise<void> {
  const id = `x${attacker.sentCount}`;
  await attacker.send(sipRequest({ callId: id, branch: id, ...parts }), daemon.ports.udp);
}

/** A page that has heard of nothing bad so far. */
class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly #origin: string;
  readonly #faults: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
    page.setDefaultTimeout(DEADLINE_MS);
    page.on('pageerror', ({ message }) => this.#faults.push(message));
    page.on('console', (message) => {
      // The browser itself writes down requests that fail, as they do while the daemon is away.
      if (!message.text().startsWith('Failed to load resource')) this.#faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.#faults.push(request.url());
    });
  }

  static async open(t: TestContext, options: BrowserContextOptions = {}): Promise<Tab | undefined> {
    if (peer('chromium', t) === undefined || browser === undefined) return undefined;
    const context = await browser.newContext({ timezoneId: 'Asia/Tokyo', ...options });
    return new Tab(await context.newPage(), `http://127.0.0.1:${daemon.ports.api}`);
  }

  /** @param hash After the `#`, and the text that shows that the view is there. */
  async show(hash: string, text: string | RegExp): Promise<void> {
    await this.page.goto(`${this.#origin}/#${hash}`);
    await this.sees(text);
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** What makes it hard to use for some. */
  async hurdles(): Promise<readonly string[]> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate<
      readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
    >('axe.run().then(({ violations }) => violations)');
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }

  async isWiderThanItself(): Promise<boolean> {
    return this.page.evaluate<boolean>(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
  }

  /** Fails where something was fetched from elsewhere, was forbidden, or went wrong. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.#faults, []);
  }
}

test('a fresh node says what to do, then shows the first event as it comes, as text alone', async (t) => {
  await using tab = await Tab.open(t);
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
  const time = row.locator('time');
  const iso = (await time.getAttribute('datetime')) ?? '';
  assert.equal(await time.getAttribute('title'), `${iso.slice(0, 19).replace('T', ' ')} UTC`);
  const hourHere = (Number(iso.slice(11, 13)) + 9) % 24; // Tokyo's.
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
  await using tab = await Tab.open(t);
  if (tab === undefined) return;
  const { page } = tab;
  await attack({ method: 'OPTIONS' });
  await attack({ method: 'REGISTER', user: '101' });
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
  await page.getByRole('searchbox').fill('+44 20 7946 0002');
  await page.keyboard.press('Enter');
  await tab.sees('United Kingdom');
  await tab.show('/number/900442079460002', 'dialled before the number');
  await tab.show('/address/127.0.0.1', 'What it tried, in this order');
  await tab.show('/listings', 'Listed and watched');
  await page.goBack();
  await tab.sees('What it tried, in this order');
});

test('nothing is hard to use, in both themes and as wide as a phone', async (t) => {
  await attack({ method: 'INVITE', user: '9'.repeat(60), userAgent: 'tool-'.repeat(60) });
  await daemon.recorded(7);
  await using tab = await Tab.open(t);
  if (tab === undefined) return;
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
  await using tab = await Tab.open(t);
  if (tab === undefined) return;
  await tab.show('/live', 'REGISTER');
  await tab.page.locator('.connection.live').waitFor();
  const args = ['--threads=1', '--responsive', `--api-port=${daemon.ports.api}`];
  await daemon.stop();
  await tab.sees('Connection lost, trying again');
  daemon = await DaemonProcess.start(args, { folder: folder.path });
  await attack({ userAgent: 'meanwhile' });
  await tab.sees('meanwhile');
  await tab.page.locator('.connection.live').waitFor();
});
