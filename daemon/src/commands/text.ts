// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatJudgedNumber } from '@sentrypeer/event';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
import type { Subject } from '@sentrypeer/verdict';
import { LOG_VALUE_CHARACTERS_MAX } from '../limits.ts';
import { escapeText } from '../output/escape-text.ts';

/** Whole seconds, `2026-11-28T20:00:00Z`. @param epochUs Wall-clock microseconds. */
export function utc(epochUs: number): string {
  return `${new Date(Math.floor(epochUs / 1000)).toISOString().slice(0, 19)}Z`;
}

/**
 * Text that somebody else wrote, made safe for a terminal. This includes comments: anybody who can write to the
 * database can write them.
 */
export function shown(text: string): string {
  return escapeText(text, LOG_VALUE_CHARACTERS_MAX);
}

/** Columns as wide as their widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(shown));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** A number or a range with its plus, or an address. */
export function nameOf({ kind, value }: Pick<Subject, 'kind' | 'value'>): string {
  if (kind === 'number') return formatJudgedNumber(value);
  return kind === 'range' ? `+${value}` : value;
}

/** Until when something holds. @param epochUs Wall-clock microseconds; the latest possible moment means always. */
export function untilText(epochUs: number): string {
  return epochUs >= LATEST_EPOCH_US ? 'always' : utc(epochUs);
}

/** `1 event`, `2 events`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}
