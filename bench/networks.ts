// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does IPv6 cost the judge, compared with IPv4, and how long does recording wait while a whole /48 is listed and
 * while that ends? In one process, with the real store and judge.
 */

import { join } from 'node:path';
import { silentLogger, systemClock, type Clock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store } from '@sentrypeer/store';
import { makeJudge, openJudging, type JudgeOptions } from '../daemon/src/services/open-judging.ts';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, temporaryFolder } from './load/processes.ts';

const SOURCES_COUNT = Number(process.env['SOURCES'] ?? '8000');
const CHECKS_COUNT = 2000;
const DAY_US = 86_400_000_000;
const options: JudgeOptions = { homeCountry: 'SE', ownNumbers: [], ownAddresses: [], policy: [] };
const plans = await NumberingPlans.load();
const hex = (value: number): string => value.toString(16);

/** The real time plus a given offset. */
class LateClock implements Clock {
  lateUs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.lateUs / 1000;
  }

  epochUs(): number {
    return systemClock.epochUs() + this.lateUs;
  }
}

/** Processor time that this process has used, in milliseconds: others share the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Steps until nothing is left. @returns Milliseconds in total, and of the longest step. */
function settle(judging: ReturnType<Store['openJudging']>): { all: number; longest: number } {
  let [all, longest] = [0, 0];
  for (;;) {
    const startMs = cpuMs();
    const left = judging.step();
    const ms = cpuMs() - startMs;
    [all, longest] = [all + ms, Math.max(longest, ms)];
    if (!left.urgent && !left.rest) return { all, longest };
  }
}

function measure(name: string, sourceOf: (index: number) => string): void {
  using folder = temporaryFolder();
  const clock = new LateClock();
  const path = join(folder.path, 'networks.db');
  using store = Store.open({ logger: silentLogger, clock }, { path });
  const judging = openJudging({ clock, plans, onChanged: () => undefined }, store, options);
  settle(judging);
  recordCalls(store, SOURCES_COUNT, (index) => call(sourceOf(index), '00442071234567'));
  const judged = settle(judging);
  const judge = makeJudge({ clock, plans, evidence: store.evidence }, options);
  const startMs = cpuMs();
  for (let index = 0; index < CHECKS_COUNT; index += 1) {
    judge.judge({ address: sourceOf(index % SOURCES_COUNT) }, clock.epochUs());
  }
  const checkUs = ((cpuMs() - startMs) * 1000) / CHECKS_COUNT;
  clock.lateUs = 90 * DAY_US;
  const ended = settle(judging);
  const perSource = (ms: number): string => `${((ms * 1000) / SOURCES_COUNT).toFixed(0)} us`;
  console.log(
    `${name.padEnd(44)} judged ${perSource(judged.all)} a source, longest step ${judged.longest.toFixed(1)} ms; ` +
      `check ${checkUs.toFixed(0)} us; ended ${perSource(ended.all)} a source, longest step ${ended.longest.toFixed(1)} ms`,
  );
}

console.log(machineLine());
measure('IPv4, each from a network of its own', (index) => `45.${index & 255}.${index >> 8}.7`);
measure('IPv6, each from a /48 of its own', (index) => `2a02:${hex(index)}:1:2::5`);
measure('IPv6, all from one /48, part by part', (index) => `2a02:6b8:1:${hex(index * 8)}::5`);
measure(
  'IPv6, all from one /48, all over it',
  (index) => `2a02:6b8:1:${hex((index * 40_503) % 65_536)}::5`,
);
