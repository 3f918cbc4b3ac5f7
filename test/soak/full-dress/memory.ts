// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { performance } from 'node:perf_hooks';
import type { Findings } from './checks.ts';
import type { SoakNode } from './node.ts';

const REPORT_EVERY_MS = 60_000;
/** Resident memory that is not exceeded, MiB: two threads, everything on. */
const RESIDENT_MIB_MAX = 200;
/** A process that is younger is still warming up. */
const WARM_MS = 600_000;
/** MiB a minute by which memory may rise in a process that is warm. */
const RISE_MIB_MAX = 0.2;

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
      return; // It ended in this moment.
    }
    if (Number.isNaN(mib)) return; // As it has just ended.
    const atMs = performance.now();
    this.#samples.push({ pid: this.#node.pid, atMs, mib });
    if (atMs < this.#reportAtMs) return;
    this.#reportAtMs = atMs + REPORT_EVERY_MS;
    say(`resident ${mib.toFixed(0)} MiB`);
  }

  report(findings: Findings): string {
    const most = Math.max(...this.#samples.map(({ mib }) => mib));
    if (most > RESIDENT_MIB_MAX) findings.push(`resident memory reached ${most.toFixed(0)} MiB`);
    const rises: string[] = [];
    for (const [pid, all] of Map.groupBy(this.#samples, (sample) => sample.pid)) {
      const firstMs = all[0]?.atMs ?? 0;
      const warm = all.filter(({ atMs }) => atMs - firstMs >= WARM_MS);
      const minutes = ((warm.at(-1)?.atMs ?? 0) - (warm[0]?.atMs ?? 0)) / 60_000;
      if (minutes < 5) continue;
      const rise = slope(warm) * 60_000;
      rises.push(`${rise.toFixed(2)} MiB a minute over ${minutes.toFixed(0)} minutes`);
      if (rise > RISE_MIB_MAX)
        findings.push(`process ${pid} grew by ${rise.toFixed(2)} MiB a minute`);
    }
    return `resident at most ${most.toFixed(0)} MiB; warm processes rose by ${rises.join(', ') || 'nothing: none lived long enough'}`;
  }
}

/** MiB a millisecond, by least squares. */
function slope(samples: readonly { readonly atMs: number; readonly mib: number }[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const atMs = mean(samples.map((sample) => sample.atMs));
  const mib = mean(samples.map((sample) => sample.mib));
  const above = samples.reduce((sum, one) => sum + (one.atMs - atMs) * (one.mib - mib), 0);
  return above / samples.reduce((sum, one) => sum + (one.atMs - atMs) ** 2, 0);
}
