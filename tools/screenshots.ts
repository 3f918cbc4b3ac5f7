// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Takes the pictures of the dashboard in docs/pictures, from a node that was attacked for a week
 * (screenshots/seeded-attack.ts). Needs Chromium: CHROMIUM=/usr/bin/chromium. OUT=docs/pictures is the output folder.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { personaNames } from '../packages/honeypot/src/index.ts';
import { assert, silentLogger, systemClock } from '../packages/kernel/src/index.ts';
import { loadConfig } from '../daemon/src/config/load-config.ts';
import { Daemon } from '../daemon/src/daemon.ts';
import { Stage } from '../daemon/src/demo/stage.ts';
import { Places } from '../packages/geo/src/index.ts';
import { mmdbFile } from '../packages/geo/test/mmdb-writer.ts';
import { ROOT } from './sources.ts';
import { seedAttack } from './screenshots/seeded-attack.ts';

const OUT = process.env['OUT'] ?? join(ROOT, 'docs/pictures');
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const QUALITY = 72;
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 760 };

/** The views to show; each picture is taken once its text is there. */
const PICTURES = [
  { name: 'live', hash: '/live', text: 'Most messages', scheme: 'dark', size: DESKTOP },
  {
    name: 'address',
    hash: '/address/198.51.100.23',
    text: 'What it tried',
    scheme: 'light',
    size: DESKTOP,
  },
  {
    name: 'trends',
    hash: '/trends/week%2Fmethod',
    text: 'Countries',
    scheme: 'light',
    size: DESKTOP,
  },
  { name: 'phone', hash: '/live', text: 'Most messages', scheme: 'dark', size: PHONE },
] as const;

/** Places of the attack's addresses, because documentation networks have none. */
const PLACES = {
  '203.0.113.0/25': { country_code: 'NL', asn: 'AS64500', as_name: 'Example Hosting BV' },
  '203.0.113.128/25': { country_code: 'DE', asn: 'AS64501', as_name: 'Example Rechenzentrum' },
  '198.51.100.0/25': { country_code: 'FR', asn: 'AS64502', as_name: 'Exemple Cloud' },
  '198.51.100.128/25': { country_code: 'US', asn: 'AS64503', as_name: 'Example Servers LLC' },
};

const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-screenshots-'));
try {
  await using scope = new AsyncDisposableStack();
  const database = join(folder, 'sentrypeer.db');
  const places = join(folder, 'places.mmdb');
  writeFileSync(places, mmdbFile(PLACES));
  const files = { countryFile: places, networkFile: places };
  seedAttack(database, await Places.open(silentLogger, files), systemClock.epochUs());
  const daemon = scope.use(await openDaemon(database, places));
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });
  scope.defer(() => browser.close());
  for (const { name, hash, text, scheme, size } of PICTURES) {
    const context = await browser.newContext({
      viewport: size,
      colorScheme: scheme,
      timezoneId: 'Europe/Stockholm',
    });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${daemon.facts.api?.port}/#${hash}`);
    await page.getByText(text).first().waitFor();
    await page.locator('.connection.live').waitFor();
    await page.locator('.graph rect, .level.listed').first().waitFor();
    if (hash === '/live') await page.getByText(/of the last \d/).waitFor();
    await takePicture(page, name);
    await context.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** As WebP, which Playwright does not write. */
async function takePicture(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: QUALITY,
  });
  const path = join(OUT, `dashboard-${name}.webp`);
  const octets = Uint8Array.fromBase64(data);
  writeFileSync(path, octets);
  process.stdout.write(`${path}: ${octets.length} octets\n`);
}

/** The node, on free loopback ports; documentation addresses are judged like others. */
function openDaemon(database: string, places: string): Promise<Daemon> {
  const loaded = loadConfig({
    argv: [
      `--db-file=${database}`,
      '--responsive',
      '--api',
      '--api-port=0',
      '--sip-address=127.0.0.1',
      '--sip-port=0',
      '--no-tls',
      '--threads=1',
      '--persona=freepbx',
      '--home-country=SE',
      `--country-file=${places}`,
      `--network-file=${places}`,
    ],
    env: {},
    homeDirectory: undefined,
    coresCount: 1,
    personaNames,
    readFile: () => '',
    directoryExists: () => true,
    realPath: (path) => path,
    throughLinks: (path) => path,
    fileExists: () => false,
    listDirectory: () => [],
  });
  assert(loaded.kind === 'run', 'configured');
  return Daemon.open(
    {
      clock: systemClock,
      logger: silentLogger,
      write: () => undefined,
      paint: (_style, text) => text,
      processId: process.pid,
      standardOutput: { deliver: async () => undefined },
      proxies: {},
      stage: new Stage(),
      onFailed: (error) => {
        throw error;
      },
    },
    loaded.config,
  );
}
