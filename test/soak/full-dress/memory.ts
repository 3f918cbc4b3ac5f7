// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { performance } from 'node:perf_hooks';
import type { Findings } from './checks.ts';
import type { SoakNode } from './node.ts';

const REPORT_EVERY_MS = 60_000;
/** Limit of resident memory, MiB: two threads, everything on. */
const RESIDENT_MIB_MAX = 200;
/** A younger process is still warming up. */
const WARM_MS = 600_000;
/** MiB a minute by which memory may rise in the last half of a process's life, if that half is long enough to tell. */
const RISE_MIB_MAX = 0.2;
const MINUTES_MIN = 5;
/** A run of this length in which no process lived long enough has not shown that memory stays flat. */
const TELLING_MS = 3_600_000;

/** Watches the resident memory of the daemon, process by process. */
export class Memory {
  readonly #node: SoakNode;
  #samples: { readonly pid: number; readonly atMs: number; readonly mib: number }[] = [];
  #reportAtMs = 0;

  constructor(node: SoakNode) {
    this.#node = node;
  }

  look(say: (text: string) => void): void {
    if (this.#node.hasEnded || this.#node.pid === 0) return;
    let mib: number;
    try {
      mib = this.#node.residentMib();
    } catch {
      return; // It ended at this moment.
    }
    if (Number.isNaN(mib)) return; // It has just ended.
    const atMs = performance.now();
    this.#samples.push({ pid: this.#node.pid, atMs, mib });
    if (atMs < this.#reportAtMs) return;
    this.#reportAtMs = atMs + REPORT_EVERY_MS;
    say(`resident ${mib.toFixed(0)} MiB`);
  }

  /**
   * Whether it stayed below its limit, and whether it was flat in the last half of each process that lived long enough.
   */
  report(findings: Findings): string {
    const most = largest(this.#samples);
    if (most > RESIDENT_MIB_MAX) findings.push(`resident memory reached ${most.toFixed(0)} MiB`);
    const halves: string[] = [];
    for (const [pid, all] of Map.groupBy(this.#samples, (sample) => sample.pid)) {
      const firstMs = all[0]?.atMs ?? 0;
      const lastMs = all.at(-1)?.atMs ?? 0;
      const fromMs = Math.max(firstMs + WARM_MS, (firstMs + lastMs) / 2);
      const half = all.filter(({ atMs }) => atMs >= fromMs);
      const minutes = (lastMs - fromMs) / 60_000;
      if (minutes < MINUTES_MIN) continue;
      const rise = slope(half) * 60_000;
      halves.push(
        `${mean(half.map(({ mib }) => mib)).toFixed(0)} MiB (at most ${largest(half).toFixed(0)}), ${rise.toFixed(2)} MiB more a minute, over ${minutes.toFixed(0)} minutes`,
      );
      if (rise > RISE_MIB_MAX)
        findings.push(`process ${pid} grew by ${rise.toFixed(2)} MiB a minute`);
    }
    const ranMs = (this.#samples.at(-1)?.atMs ?? 0) - (this.#samples[0]?.atMs ?? 0);
    if (halves.length === 0 && ranMs >= TELLING_MS)
      findings.push('no process lived long enough to tell whether its memory stays flat');
    return `resident at most ${most.toFixed(0)} MiB; last halves: ${halves.join('; ') || 'no process lived long enough'}`;
  }
}

type Sample = { readonly atMs: number; readonly mib: number };

function largest(samples: readonly Sample[]): number {
  return samples.reduce((most, { mib }) => Math.max(most, mib), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** MiB per millisecond, by least squares. */
function slope(samples: readonly Sample[]): number {
  const atMs = mean(samples.map((sample) => sample.atMs));
  const mib = mean(samples.map((sample) => sample.mib));
  const above = samples.reduce((sum, one) => sum + (one.atMs - atMs) * (one.mib - mib), 0);
  return above / samples.reduce((sum, one) => sum + (one.atMs - atMs) ** 2, 0);
}
