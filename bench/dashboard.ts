// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How fast is the dashboard in Chromium over a million events: until something is painted, until the events are there,
 * from a search to its page, and how long is the page's thread blocked at a time while 50 requests a second come in?
 * How long does /v1/analytics take? What does a page cost while 10,000 requests a second are recorded? Needs Chromium
 * (Debian package). EVENTS=1000000, SECONDS=20, CHROMIUM and PARTS=load,live,beside can be changed; PARTS=hour observes
 * the memory of the page and of the daemon for 17 minutes.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { JUDGE_CURSOR, JUDGE_PROVED_CURSOR } from '@sentrypeer/follow/cursors';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, send, start, temporaryFolder } from './load/processes.ts';

const eventsCount = Number(process.env['EVENTS'] ?? '1000000');
const seconds = Number(process.env['SECONDS'] ?? '20');
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const parts = (process.env['PARTS'] ?? 'load,live,beside').split(',');
const PORT = 25_190;
const SIP_PORT = 25_191;
const ORIGIN = `http://127.0.0.1:${PORT}`;
const ROUNDS = 5;
/**
 * Requests a second while the cost of a page is measured: far more than a node receives, and half of what it can
 * record.
 */
const BESIDE_RATE = 10_000;

/** Addresses that the events came from. */
const SOURCES = 20_000;
const TOOLS = ['friendly-scanner', 'PBX', 'VaxSIPUserAgent/3.1', 'Zoiper', 'eyeBeam', undefined];
const METHODS = ['INVITE', 'REGISTER', 'REGISTER', 'OPTIONS'];
const HOUR_US = 3_600e6;
const FLAGS = ['--no-sandbox', '--disable-gpu'];
/** Traces the work of the browser's threads. */
const TRACE = { categories: ['toplevel', 'blink.user_timing'] };

process.stdout.write(`${machineLine()}, ${eventsCount} events\n`);
using folder = temporaryFolder();
const db = join(folder.path, 'bench.db');
{
  using store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path: db, databaseOctetsMax: Number.POSITIVE_INFINITY },
  );
  const nowUs = systemClock.epochUs();
  recordCalls(store, eventsCount, (index) => {
    const source = (index * 7919) % SOURCES;
    return {
      ...call(`45.0.${source >> 8}.${source & 255}`, `00${String(index).padStart(10, '0')}`),
      eventEpochUs: nowUs - ago(eventsCount - index),
      sipMethod: METHODS[index % METHODS.length] ?? 'INVITE',
      userAgent: TOOLS[source % TOOLS.length],
    };
  });
  // As in a running node: the judge does not take a core.
  for (const cursor of [JUDGE_CURSOR, JUDGE_PROVED_CURSOR]) store.saveCursor(cursor, eventsCount);
}

/**
 * Microseconds before now of an event followed by this many others: a tenth in the last hour, the rest in the week
 * before.
 */
function ago(afterIt: number): number {
  const recentCount = eventsCount / 10;
  if (afterIt <= recentCount) return Math.round((afterIt * HOUR_US) / recentCount);
  const share = (afterIt - recentCount) / (eventsCount - recentCount);
  return Math.round(HOUR_US + share * 167 * HOUR_US);
}

const flags = ['--api', `--api-port=${PORT}`, '-f', db, '--db-size-max', '0', '--no-tls'];
const sip = [`--sip-port=${SIP_PORT}`, '--sip-address=127.0.0.1'];
const daemon = await start(['dist/main.js', ...flags, ...sip], 'Stop ');
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  await (await fetch(ORIGIN, { headers: { accept: 'text/html' } })).text(); // Packs the files, once.
  if (parts.includes('load')) await loaded();
  if (parts.includes('live')) await followed();
  if (parts.includes('beside')) await beside();
  if (parts.includes('hour')) await hour();
} finally {
  await browser.close();
  await daemon.stop();
}

/** How long a person waits for the page and for a search. */
async function loaded(): Promise<void> {
  for (const period of ['hour', 'day', 'week', 'month', 'year']) {
    report(
      `/v1/analytics, ${period}`,
      await times(() => answered(`/v1/analytics?period=${period}`)),
    );
  }
  const painted: number[] = [];
  const shown: number[] = [];
  const found: number[] = [];
  const tasks: Task[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using context = await browser.newContext();
    const page = await context.newPage();
    await browser.startTracing(page, TRACE);
    const startMs = performance.now();
    await page.goto(`${ORIGIN}/`);
    await page.locator('.events tbody tr').first().waitFor();
    shown.push(performance.now() - startMs);
    painted.push(await firstPaint(page));
    await page.locator('.events tbody tr').nth(99).waitFor();
    found.push(await searched(page, '45.0.0.7', 'Verdict'));
    found.push(await searched(page, '000000000009', 'How it is read'));
    tasks.push(...(await longTasks(page)));
  }
  report('first contentful paint', painted);
  report('the newest events are there', shown);
  report('from a search to its page', found);
  reportTasks('until then', tasks);
}

/** The page while requests come in, for as long as asked. */
async function followed(): Promise<void> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${ORIGIN}/`);
  await page.locator('.connection.live').waitFor();
  await page.locator('.events tbody tr').nth(99).waitFor();
  const before = await heapMib(page);
  await browser.startTracing(page, TRACE);
  const target = ['--port', String(SIP_PORT), '--seconds', String(seconds), '--rate', '50'];
  await send([...target, '--distinct', '--first-number', '700000000']);
  reportTasks('at 50 events a second', await longTasks(page));
  const after = await heapMib(page);
  process.stdout.write(
    `heap of the page: ${before.toFixed(1)} MiB, then ${after.toFixed(1)} MiB\n`,
  );
}

/**
 * As many events as in an hour at 50 a second, sent at 450 a second, to a page that takes each of them because it
 * filters by network itself; then ten minutes at 50 a second.
 */
async function hour(): Promise<void> {
  const all = `network=${encodeURIComponent('0.0.0.0/0')}`;
  await watched(`/live?${all}`, 450, 400, '800000000');
  await watched('/live', 50, 600, '850000000');
}

async function watched(hash: string, rate: number, forSeconds: number, first: string) {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${ORIGIN}/#${hash}`);
  await page.locator('.connection.live').waitFor();
  await page.getByText('of the last 1,000 events').waitFor();
  const target = ['--port', String(SIP_PORT), '--seconds', String(forSeconds)];
  const sent = send([...target, '--rate', String(rate), '--distinct', '--first-number', first]);
  do {
    const heap = (await heapMib(page)).toFixed(1);
    const resident = daemon.residentMib().toFixed(0);
    process.stdout.write(
      `${rate} a second: heap of the page ${heap} MiB, daemon ${resident} MiB resident\n`,
    );
  } while (!(await Promise.race([sent.then(() => true), wait(50_000, false)])));
}

/**
 * A task of the page's thread above 50 ms (https://www.w3.org/TR/longtasks-1/), and how much of it was processor time.
 */
interface Task {
  readonly ms: number;
  readonly processorMs: number;
}

/** From the trace's format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** Ends the trace. Only the thread of this page counts: the browser has internal pages too. */
async function longTasks(page: Page): Promise<readonly Task[]> {
  await page.evaluate("performance.mark('our page')");
  const trace = await browser.stopTracing();
  const { traceEvents } = JSON.parse(trace.toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const ours = traceEvents.find(({ name }) => name === 'our page');
  assert.ok(ours, 'the trace has the mark');
  return traceEvents
    .filter(
      ({ pid, tid, name }) => pid === ours.pid && tid === ours.tid && name.endsWith('RunTask'),
    )
    .filter(({ dur = 0 }) => dur > 50_000)
    .map(({ dur = 0, tdur = 0 }) => ({ ms: dur / 1000, processorMs: tdur / 1000 }));
}

/** The result of one round of a paced load. */
interface Round {
  /** Share of the sent messages that was recorded by the end. */
  readonly share: number;
  /** Microseconds of processor time for each message, by thread. */
  readonly costs: ReadonlyMap<string, number>;
}

/**
 * What is recorded of a paced load while a page shows it, and while none does, in turn. A person's browser is on
 * another machine, so this one has the lowest priority; the processor time of each thread of the daemon is reported as
 * well.
 */
async function beside(): Promise<void> {
  const wrapper = join(folder.path, 'chromium');
  writeFileSync(wrapper, `#!/bin/sh\nexec nice -n 19 ${executablePath} "$@"\n`, { mode: 0o700 });
  await using browser = await chromium.launch({ executablePath: wrapper, args: FLAGS });
  const rounds: Record<'without' | 'with', Round[]> = { without: [], with: [] };
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const which = round % 2 === 0 ? 'without' : 'with';
    await using context = await browser.newContext();
    if (which === 'with') {
      const page = await context.newPage();
      await page.goto(`${ORIGIN}/`);
      await page.locator('.connection.live').waitFor();
      // Opening a page costs differently from following events.
      await page.getByText('of the last 1,000 events').waitFor();
    }
    rounds[which].push(await paced(String(750_000_000 + round * 100_000)));
  }
  for (const which of ['without', 'with'] as const) {
    const own = rounds[which];
    const share = medianOf(own.map((one) => one.share));
    const names = [...new Set(own.flatMap(({ costs }) => [...costs.keys()]))];
    const costs = names
      .map((name) => ({ name, us: medianOf(own.map((one) => one.costs.get(name) ?? 0)) }))
      .filter(({ us }) => us >= 0.05)
      .toSorted((a, b) => b.us - a.us);
    const sum = costs.reduce((total, { us }) => total + us, 0);
    process.stdout.write(
      `${which} a page: ${share.toFixed(3)} of ${BESIDE_RATE} requests a second recorded at once, ${sum.toFixed(1)} us of the processor each: ${costs.map(({ name, us }) => `${name} ${us.toFixed(1)}`).join(', ')}\n`,
    );
  }
}

async function paced(first: string): Promise<Round> {
  const before = { messages: messagesRecorded(), seconds: daemon.processorSeconds() };
  const target = ['--port', String(SIP_PORT), '--seconds', '4', '--rate', String(BESIDE_RATE)];
  const { sentCount } = await send([...target, '--distinct', '--first-number', first]);
  const atOnce = messagesRecorded() - before.messages;
  let recordedCount = atOnce;
  do {
    recordedCount = messagesRecorded() - before.messages;
    await wait(500);
  } while (messagesRecorded() - before.messages > recordedCount); // What is still in a queue costs as much.
  const costs = [...daemon.processorSeconds()].map(([name, seconds]): [string, number] => {
    const spent = seconds - (before.seconds.get(name) ?? 0);
    return [name, Math.max(0, (spent * 1e6) / recordedCount)];
  });
  return { share: atOnce / sentCount, costs: new Map(costs) };
}

function messagesRecorded(): number {
  using database = new DatabaseSync(db, { readOnly: true });
  return Number(database.prepare('SELECT max(honey_id) AS last FROM honey').get()?.['last']);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function heapMib(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1_048_576;
}

async function firstPaint(page: Page): Promise<number> {
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1";
  const ms = await page.evaluate<number>(paint);
  assert.ok(ms >= 0, 'something was painted');
  return ms;
}

/** Milliseconds from the Enter key to the text. */
async function searched(page: Page, text: string, expected: string): Promise<number> {
  await page.getByRole('searchbox').fill(text);
  return page.evaluate<number>(`new Promise((resolve) => {
    const start = performance.now();
    new MutationObserver((_changes, observer) => {
      if (!document.querySelector('main')?.textContent.includes(${JSON.stringify(expected)})) return;
      observer.disconnect();
      resolve(performance.now() - start);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
    document.querySelector('.search').requestSubmit();
  })`);
}

function reportTasks(when: string, tasks: readonly Task[]): void {
  report(
    `tasks above 50 ms ${when}`,
    tasks.map(({ ms }) => ms),
  );
  report(
    '  of that the processor',
    tasks.map(({ processorMs }) => processorMs),
  );
}

async function answered(path: string): Promise<void> {
  const response = await fetch(ORIGIN + path);
  await response.text();
  assert.equal(response.status, 200);
}

async function times(work: () => Promise<void>): Promise<readonly number[]> {
  const all: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    await work();
    all.push(performance.now() - startMs);
  }
  return all;
}

function report(what: string, ms: readonly number[]): void {
  const [median, most] = [medianOf(ms), Math.max(0, ...ms)];
  process.stdout.write(
    `${what}: ${ms.length} times, median ${median.toFixed(0)} ms, at most ${most.toFixed(0)} ms\n`,
  );
}
