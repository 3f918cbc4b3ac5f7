// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import { quoted, refusal } from './refusal.ts';

/** The property of `Config` that an option sets. */
export type ConfigKey = keyof typeof OPTIONS;

/** Where a value came from. */
export interface Origin {
  readonly kind: 'flag' | 'environment' | 'file' | 'default';
  /** As the operator wrote it: `--db-file`, `SENTRYPEER_DB_FILE`, `db_file in FILE, line 3`. */
  readonly text: string;
}

/** A value as written, not yet read, and where it is. */
export interface Setting {
  readonly text: string;
  readonly origin: Origin;
}

/** What one place (flags, environment or file) sets. */
export type Settings = ReadonlyMap<ConfigKey, Setting>;

/** The table as pairs; TypeScript widens the keys of an object to text, so this is the one place that narrows them. */
export const OPTION_ENTRIES = Object.entries(OPTIONS) as readonly (readonly [
  ConfigKey,
  Option<unknown>,
])[];

/** The value of a setting; throws a refusal that says what would be right. */
export function readSetting<T>(option: Option<T>, setting: Setting): T {
  const value = option.type.parse(setting.text);
  if (value !== undefined) return value;
  const given = option.type.isSecret === true ? 'what was given' : quoted(culprit(option, setting));
  throw refusal(`${setting.origin.text}: ${given} is not ${option.type.wanted}`);
}

/** The one of several values that is wrong by itself; all of them where only their sum is. */
function culprit({ type }: Option<unknown>, { text }: Setting): string {
  if (!type.repeatable) return text;
  return text.split(',').find((value) => type.parse(value) === undefined) ?? text;
}

/** The key of the option with this long name, which the table itself wrote. */
export function keyOfLong(long: string): ConfigKey | undefined {
  return OPTION_ENTRIES.find(([, option]) => option.long === long)?.[0];
}
