// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import {
  PROGRESS_BAR_CHARACTERS,
  PROGRESS_BAR_MS,
  PROGRESS_LINE_MS,
  PROGRESS_SILENT_MS,
} from '../limits.ts';

export interface ProgressPorts {
  readonly clock: Clock;
  readonly write: (text: string) => void;
  /** Whether a person is watching a terminal. */
  readonly isTerminal: boolean;
  /** Called as often as a line is written, for the supervisor. */
  readonly onProgress?: (text: string) => void;
}

interface Work {
  readonly startedAtMs: number;
  shownAtMs: number;
  wasShown: boolean;
}

/**
 * Shows the progress of long work: a bar on a terminal, a line every 5 s in a log, and nothing for work that is over
 * quickly.
 */
export class ProgressPrinter {
  readonly #ports: ProgressPorts;
  /** By name; names are constants in the source, so their number is bounded. */
  readonly #works = new Map<string, Work>();

  constructor(ports: ProgressPorts) {
    this.#ports = ports;
  }

  /** @param done Part of `total`, in any unit; equal to `total` at the end of the work. */
  show(name: string, done: number, total: number): void {
    const { clock, isTerminal } = this.#ports;
    const nowMs = clock.nowMs();
    let work = this.#works.get(name);
    if (work === undefined) {
      if (done >= total) return; // It was over at once.
      work = { startedAtMs: nowMs, shownAtMs: nowMs - PROGRESS_LINE_MS, wasShown: false };
      this.#works.set(name, work);
    }
    const isOver = done >= total;
    if (isOver) this.#works.delete(name);
    if (isOver ? !work.wasShown : nowMs - work.startedAtMs < PROGRESS_SILENT_MS) return;
    const everyMs = isTerminal ? PROGRESS_BAR_MS : PROGRESS_LINE_MS;
    if (!isOver && nowMs - work.shownAtMs < everyMs) return;
    work.shownAtMs = nowMs;
    work.wasShown = true;
    this.#write(name, total <= 0 ? 1 : Math.min(1, done / total), {
      isOver,
      tookMs: nowMs - work.startedAtMs,
    });
  }

  #write(
    name: string,
    share: number,
    { isOver, tookMs }: { readonly isOver: boolean; readonly tookMs: number },
  ): void {
    const { write, isTerminal, onProgress } = this.#ports;
    const percent = `${Math.floor(share * 100)} %`;
    const left = share === 0 ? '' : `, ${formatSeconds((tookMs * (1 - share)) / share)} left`;
    const text = isOver ? `done in ${formatSeconds(tookMs)}` : `${percent}${left}`;
    onProgress?.(`${name}: ${text}`);
    if (!isTerminal)
      return write(
        `warn progress work="${name}" ${isOver ? `took="${formatSeconds(tookMs)}"` : `done=${percent.replace(' ', '')}`} text="${text}"\n`,
      );
    const full = Math.round(share * PROGRESS_BAR_CHARACTERS);
    const bar = `${'#'.repeat(full)}${'.'.repeat(PROGRESS_BAR_CHARACTERS - full)}`;
    // The line is cleared to its end, because the text before may have been longer.
    write(`\r${name} [${bar}] ${text}\u001b[K${isOver ? '\n' : ''}`);
  }
}

function formatSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
